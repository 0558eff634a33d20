// SPDX-License-Identifier: Apache-2.0
// The identity map, and how what was written with the caches off gets to those that have them on.

#include "mmu.hpp"

extern "C" {
extern char _start[];
extern char image_end[];

/** smp_entry.S: uses identity_map. */
void enable_mmu();

/** One level 1 table: 512 blocks of 1 GiB. */
extern std::uint64_t identity_map[512];
alignas(4096) constinit std::uint64_t identity_map[512] = {};
}

namespace guest {
namespace {

GUEST_SYSREG(Ctr, "ctr_el0");

constexpr unsigned block_shift = 30;

// DDI 0487, VMSAv8-64 block descriptors at level 1.
enum : std::uint64_t {
    BLOCK = 1,
    MEMORY = 1U << 2,          // AttrIndx: enable_mmu's MAIR_EL1, entry 1; 0 is a device
    INNER_SHAREABLE = 3U << 8, // SH
    ACCESSED = 1U << 10,       // AF
    NEVER_EXECUTED = 3ULL << 53,
};

std::uint64_t block_of(const void* address) {
    return reinterpret_cast<std::uintptr_t>(address) >> block_shift;
}

/** Stale lines of the image leave the caches; what was written is in memory (SCTLR_EL1.C = 0). */
void drop_cached_image() {
    const std::uintptr_t line = std::uintptr_t{4} << (Ctr::read() >> 16 & 0xf); // CTR_EL0.DminLine
    const auto end = reinterpret_cast<std::uintptr_t>(image_end);
    for (auto at = reinterpret_cast<std::uintptr_t>(_start); at < end; at += line) {
        asm volatile("dc civac, %0" : : "r"(at) : "memory");
    }
    dsb();
}

} // namespace

void open_memory(const Machine& machine) {
    for (std::uint64_t i = 0; i < 512; ++i) {
        const bool memory = i == block_of(_start) || i == block_of(machine.tree);
        identity_map[i] = i << block_shift | BLOCK | ACCESSED |
                          (memory ? MEMORY | INNER_SHAREABLE : NEVER_EXECUTED);
    }
    dsb();
    drop_cached_image();
    enable_mmu();
}

} // namespace guest
