// SPDX-License-Identifier: Apache-2.0
// Text on the PL011 of QEMU's `virt` for test images that run with the MMU off: strings, decimal
// and hexadecimal numbers.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hyp::target {

struct Hex {
    std::uint64_t value;
};

// QEMU's PL011 takes every character at once: nothing to wait for.
inline void put_char(char c) {
    constexpr std::uint64_t uart_data = 0x09000000;
    asm volatile("str %w0, [%1]" ::"r"(static_cast<std::uint32_t>(static_cast<unsigned char>(c))),
                 "r"(uart_data)
                 : "memory");
}

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

} // namespace hyp::target
