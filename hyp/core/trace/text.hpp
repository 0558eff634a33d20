// SPDX-License-Identifier: Apache-2.0
// Words and numbers into a buffer that ends where it ends: what does not fit is dropped, the zero at
// the end is always there. For reports that pure code writes.
#pragma once

#include "hyp/core/base/types.hpp"

#include <span>

namespace hyp {

class Text {
public:
    // Into `buffer`, which must hold at least one character.
    explicit constexpr Text(std::span<char> buffer) : buffer_{buffer} { buffer_[0] = '\0'; }

    // Kept out of line: reports are long and seldom.
    [[gnu::noinline]] constexpr Text& put(const char* words) {
        for (; *words != '\0'; ++words) {
            put_one(*words);
        }
        return *this;
    }
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
    constexpr void put_one(char c) {
        if (used_ + 1 < buffer_.size()) {
            buffer_[used_++] = c;
            buffer_[used_] = '\0';
        }
    }

    std::span<char> buffer_;
    usize used_ = 0;
};

} // namespace hyp
