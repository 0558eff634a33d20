// SPDX-License-Identifier: Apache-2.0
// Text on the PL011 for the differential test: strings, decimal and hexadecimal numbers.
#pragma once

#include "tests/target/differential/hardware.hpp"

#include <concepts>
#include <string_view>

namespace hyp::differential {

struct Hex {
    std::uint64_t value;
};

inline void print_one(std::string_view text) {
    for (const char c : text) {
        put_char(c);
    }
}
template <std::size_t N>
void print_one(const char (&literal)[N]) { // no strlen here
    print_one(std::string_view{literal, N - 1});
}
inline void print_one(Hex number) {
    print_one("0x");
    unsigned shift = 60;
    while (shift != 0 && number.value >> shift == 0) {
        shift -= 4;
    }
    for (;; shift -= 4) {
        put_char("0123456789abcdef"[number.value >> shift & 0xf]);
        if (shift == 0) {
            return;
        }
    }
}
inline void print_one(std::unsigned_integral auto number) {
    std::array<char, 20> digits{};
    std::size_t used = 0;
    do {
        digits[used++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (used != 0) {
        put_char(digits[--used]);
    }
}

void print(const auto&... parts) {
    (print_one(parts), ...);
}

} // namespace hyp::differential
