// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/base/format.hpp"

#include <cstring>

namespace hyp {

namespace {

// What stands between '%' and the letter.
struct Field {
    bool left;
    char fill;
    usize width;
    u64 mask; // of the argument
};

[[nodiscard]] const char* read_field(const char* at, Field& field) {
    field.left = *at == '-';
    at += field.left ? 1 : 0;
    field.fill = *at == '0' ? '0' : ' ';
    for (field.width = 0; *at >= '0' && *at <= '9'; ++at) {
        field.width = 10 * field.width + static_cast<usize>(*at - '0');
    }
    const bool is_long = *at == 'l';
    field.mask = is_long ? ~u64{0} : ~u32{0};
    return at + (is_long ? 1 : 0);
}

void put_field(Text& text, const Field& field, const char* words) {
    usize length = std::strlen(words);
    for (; !field.left && length < field.width; ++length) {
        text.put_one(field.fill);
    }
    text.put(words);
    for (; length < field.width; ++length) {
        text.put_one(field.fill);
    }
}

} // namespace

void put_format(Text& text, const char* format, std::va_list arguments) {
    for (; *format != '\0'; ++format) {
        if (*format != '%') {
            text.put_one(*format);
            continue;
        }
        Field field;
        format = read_field(format + 1, field);
        // Whatever its type, an argument has 8 bytes, the upper ones undefined when it is shorter
        // (AAPCS64, B.4; the System V ABI of x86-64 likewise). One va_arg for all is a third of the code.
        const u64 slot = va_arg(arguments, unsigned long);
        const u64 value = slot & field.mask;
        char digits[21];
        Text number{digits};
        const char* words = digits;
        switch (*format) {
        case 's': words = reinterpret_cast<const char*>(slot); break;
        case 'u': number.number(value, 10); break;
        case 'x': number.number(value, 16); break;
        case '\0': return;
        default: number.put_one('?'); break;
        }
        put_field(text, field, words);
    }
}

} // namespace hyp
