// SPDX-License-Identifier: Apache-2.0
// Baton's voice: formatted text on the machine's UART, polled, at boot and in a panic; between them
// on the terminal that the VMs share, if there is one. Without a UART every call does nothing.
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
    // What was printed before share(), line by line: its first one, or the one after that which was
    // asked for last. `more`: there is another one.
    [[nodiscard]] static const char* boot_line(bool first, bool& more);
    // From now on to the terminal (hyp/terminal.hpp), from any pCPU; or polled again, for last words.
    void share() { shared_ = true; }
    void take_back() { shared_ = false; }

private:
    bool open_ = false;
    bool shared_ = false;
};

} // namespace hyp
