// SPDX-License-Identifier: Apache-2.0
#pragma once
// Guests with several CPUs need cacheable memory: only there exclusive loads and stores are sure to
// work (DDI 0487, Normal memory). The map is one table of 1 GiB blocks, every address to itself.

#include "machine.hpp"

namespace guest {

/**
 * Turns the MMU and the caches on, once, on the first CPU, while no other one runs: the blocks with
 * the image and the device tree are memory, all others are devices.
 */
void open_memory(const Machine& machine);

} // namespace guest
