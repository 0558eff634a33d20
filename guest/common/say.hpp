// SPDX-License-Identifier: Apache-2.0
#pragma once
// printf() for guests with several CPUs.

namespace guest {

/** Prints as printf() does; lines of different CPUs do not mix if each is one call. */
[[gnu::format(printf, 1, 2)]] void say(const char* format, ...);

} // namespace guest
