// SPDX-License-Identifier: Apache-2.0
// Words and numbers into a buffer that ends where it ends: what does not fit is dropped, the zero at
// the end is always there. For reports that pure code writes.
#pragma once

#include "hyp/core/base/types.hpp"

#include <span>

namespace hyp {

// What a character from 0x80 on stands for: two others, which may be such ones, too. Zeros: itself.
// The link of the hypervisor shortens its sentences by it (scripts/pack_text.py).
extern "C" const u8 text_pairs[256];

class Text {
public:
    // Into `buffer`, which must hold at least one character.
    explicit constexpr Text(std::span<char> buffer)
        : next_{buffer.data()}, last_{buffer.data() + buffer.size() - 1} {
        *next_ = '\0';
    }

    [[gnu::noinline]] constexpr void put_one(char c) {
        if (const u8 code = static_cast<u8>(c); code >= 0x80) {
            const u8* const pair = &text_pairs[usize{2} * (code - 0x80U)];
            if (pair[0] != 0) {
                put_one(static_cast<char>(pair[0]));
                put_one(static_cast<char>(pair[1]));
                return;
            }
        }
        if (next_ != last_) {
            *next_++ = c;
            *next_ = '\0';
        }
    }

    // Kept out of line: reports are long and seldom.
    [[gnu::noinline]] constexpr Text& put(const char* words) {
        for (; *words != '\0'; ++words) {
            put_one(*words);
        }
        return *this;
    }
    // base: 10 or 16.
    [[gnu::noinline]] constexpr Text& number(u64 value, unsigned base) {
        char digits[20];
        unsigned count = 0;
        do {
            const unsigned digit = static_cast<unsigned>(value % base);
            digits[count++] = static_cast<char>(digit < 10 ? '0' + digit : 'a' + (digit - 10));
            value /= base;
        } while (value != 0);
        while (count != 0) {
            put_one(digits[--count]);
        }
        return *this;
    }
    constexpr Text& decimal(u64 value) { return number(value, 10); }
    constexpr Text& hex(u64 value) { return number(value, 16); }
    // `words`, then the number.
    constexpr Text& decimal(const char* words, u64 value) { return put(words).decimal(value); }
    constexpr Text& hex(const char* words, u64 value) { return put(words).hex(value); }

private:
    char* next_; // the zero at the end
    char* last_; // the last character of the buffer
};

} // namespace hyp
