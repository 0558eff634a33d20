// SPDX-License-Identifier: Apache-2.0
#pragma once
// The console: a PL011, polled. printf() ends here (syscalls.cpp).

#include "sysreg.hpp"

namespace guest {

/** Uses the PL011 at `base`, which firmware or hypervisor has already given its line settings. */
void open_console(std::uintptr_t base);

/** Writes one character, waiting while the transmit FIFO is full; "\n" becomes "\r\n". */
void write_console(char c);

} // namespace guest
