// SPDX-License-Identifier: Apache-2.0
// PL011 transmit (DDI 0183), polled.

#include "console.hpp"

#include "mmio.hpp"

namespace guest {
namespace {

enum : std::uintptr_t { UARTDR = 0x00, UARTFR = 0x18, UARTCR = 0x30 };
constexpr std::uint32_t transmit_fifo_full = 1U << 5;         // UARTFR.TXFF
constexpr std::uint32_t enable = 1U << 0 | 1U << 8 | 1U << 9; // UARTCR.UARTEN, TXE, RXE

constinit std::uintptr_t uart = 0;

void put(char c) {
    while ((read32(uart + UARTFR) & transmit_fifo_full) != 0) {
    }
    write32(uart + UARTDR, static_cast<unsigned char>(c));
}

} // namespace

void open_console(std::uintptr_t base) {
    uart = base;
    if (uart == 0) {
        return;
    }
    write32(uart + UARTCR, enable);
}

void write_console(char c) {
    if (uart == 0) {
        return;
    }
    if (c == '\n') {
        put('\r');
    }
    put(c);
}

} // namespace guest
