// SPDX-License-Identifier: Apache-2.0
// The boot pCPU's translation tables. Filled first by boot/early.cpp, afterwards changed only
// through hyp/arch/mapping.hpp.
#pragma once

#include "hyp/core/regs/stage1.hpp"

namespace hyp {

struct alignas(4096) BootTables {
    u64 level0[stage1::entries]; // T0SZ=22: eight are used
    u64 level1[stage1::entries]; // the top 512 GiB
    u64 level2[stage1::entries]; // the top GiB: image and devices
    u64 image3[stage1::entries];
    u64 devices3[stage1::entries];
    u64 window2[stage1::entries];
    u64 identity1[stage1::entries];
    u64 identity2[stage1::entries];
};

// First in .noinit.early, where start.S finds it as _early_tables.
extern BootTables boot_storage;

} // namespace hyp
