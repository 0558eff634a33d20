// SPDX-License-Identifier: Apache-2.0
#pragma once
// The measurement of a forwarded SPI.

#include "common/psci.hpp"

namespace guest {

/** Prints `bench spi ...`, the ticks from a device's store to the vector's first instruction. The
 * switchboard must be open; its handler is replaced. */
[[nodiscard]] Verdict run_bench();

} // namespace guest
