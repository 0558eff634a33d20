// SPDX-License-Identifier: Apache-2.0
// EL2's translation tables. The boot pCPU's are filled first by boot/early.cpp, afterwards all are
// changed only through hyp/arch/mapping.hpp. All share the image and the forwarded devices.
#pragma once

#include "hyp/arch/layout.h"
#include "hyp/core/base/pcpu.hpp"
#include "hyp/core/regs/stage1.hpp"

namespace hyp {

// The way from a pCPU's top table to its own page, its redistributor and its window.
struct alignas(4096) PcpuTables {
    u64 level1[stage1::entries]; // the top 512 GiB
    u64 level2[stage1::entries]; // the top GiB: image and devices
    u64 devices3[stage1::entries];
    u64 window2[stage1::entries];
};

inline constexpr unsigned top_entries = 1U << (HYP_VA_BITS - 39);

struct alignas(4096) BootTables {
    u64 level0[stage1::entries]; // of which top_entries are used
    PcpuTables own;
    u64 image3[stage1::entries];
    u64 identity1[stage1::entries];
    u64 identity2[stage1::entries];
};

// First in .noinit.early, where start.S finds it as _early_tables.
extern BootTables boot_storage;

// Found by its affinity with the MMU off (boot/start.S). The boot pCPU's is not used.
struct alignas(BOOT_BLOCK_SIZE) BootBlock {
    u64 level0[top_entries]; // TTBR0_EL2
    u64 affinity;
};
static_assert(offsetof(BootBlock, affinity) == BOOT_BLOCK_AFFINITY);
static_assert(sizeof(BootBlock) == BOOT_BLOCK_SIZE);
static_assert(max_pcpus == HYP_MAX_PCPUS);
extern "C" BootBlock boot_blocks[max_pcpus];

} // namespace hyp
