// SPDX-License-Identifier: Apache-2.0
// Cache maintenance. QEMU has no caches: what is here is right by rule, never seen to matter there.
#pragma once

#include "hyp/arch/sysreg.hpp"
#include "hyp/core/base/types.hpp"

#include <cstring>

namespace hyp::cache {

// Data in [bytes, bytes + size) reaches memory itself, where a guest with its caches off reads it,
// and no copy stays that would be old when the guest has written there.
inline void clean_to_poc(const void* bytes, u64 size) {
    const u64 line = u64{4} << (sysreg::read<sysreg::ctr_el0>() >> 16 & 15); // CTR_EL0.DminLine
    const u64 end = reinterpret_cast<u64>(bytes) + size;
    for (u64 at = reinterpret_cast<u64>(bytes) & ~(line - 1); at < end; at += line) {
        asm volatile("dc civac, %0" ::"r"(at) : "memory");
    }
    barrier::dsb_sy(); // complete before anybody is told about the data
}

// Zeroes for [bytes, bytes + size), by whole blocks where it consists of them. EL2 may always do so.
inline void zero(void* bytes, u64 size) {
    constexpr u32 dczid_el0 = sysreg_encoding(3, 3, 0, 0, 7);
    const u64 block = u64{4} << (sysreg::read<dczid_el0>() & 15); // DCZID_EL0.BS
    const u64 begin = reinterpret_cast<u64>(bytes);
    if ((begin | size) % block != 0) {
        std::memset(bytes, 0, size);
        return;
    }
    for (u64 at = begin; at != begin + size; at += block) {
        asm volatile("dc zva, %0" ::"r"(at) : "memory");
    }
}

// No instruction fetched before stays.
inline void invalidate_instructions() {
    asm volatile("ic ialluis" ::: "memory");
    barrier::dsb_ish(); // done on every core
    barrier::isb();     // and in this one's pipeline
}

} // namespace hyp::cache
