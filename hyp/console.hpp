// SPDX-License-Identifier: Apache-2.0
// Baton's voice: formatted text on the machine's UART. Polled, for boot and panic only; once a
// guest runs, Baton is silent. Without a UART every call does nothing.
#pragma once

#include "hyp/core/base/types.hpp"

#include <cstdarg>

namespace hyp {

class Console {
public:
    // The UART's frame is mapped and is a PL011.
    void open();
    // %s, %u, %x, with l and a width (core/base/format.hpp); one call prints at most 255 bytes.
    [[gnu::format(printf, 2, 3)]] void print(const char* format, ...) const;
    void print_list(const char* format, std::va_list arguments) const;
    // Everything has left the UART.
    void flush() const;

private:
    bool open_ = false;
};

} // namespace hyp
