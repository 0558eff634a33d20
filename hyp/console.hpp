// SPDX-License-Identifier: Apache-2.0
// Baton's voice: formatted text on the machine's UART. Polled, for boot and panic only; once a
// guest runs, Baton is silent. Without a UART every call does nothing.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

class Console {
public:
    // The UART's frame is mapped and is a PL011.
    void open();
    // newlib's integer formats of C89 (%s %d %u %x %lx ..., but no %zu, no %hhx); one call prints at
    // most 255 bytes.
    [[gnu::format(printf, 2, 3)]] void print(const char* format, ...) const;
    // Everything has left the UART.
    void flush() const;

private:
    bool open_ = false;
};

} // namespace hyp
