// SPDX-License-Identifier: Apache-2.0
// A vCPU's number in the whole machine, its rank, and what a rank is to the physical GIC. Physical
// priorities are EL2's alone (a guest's never reach the distributor): they say whose vCPU an
// interrupt belongs to, so that a less urgent vCPU's interrupt does not disturb a more urgent one.
#pragma once

#include "hyp/core/base/types.hpp"

#include <compare>

namespace hyp {

inline constexpr u32 max_slots = 64;
inline constexpr u32 ranks = 8;

// A point in time, in CNTPCT ticks, that does not come.
inline constexpr u64 never = ~u64{0};

// 0 to max_slots - 1, the same on every pCPU, or `no_slot`.
struct VcpuSlot {
    u8 value;
    // The slot's bit in a word of slots. Not for `no_slot`.
    [[nodiscard]] constexpr u64 bit() const { return u64{1} << value; }
    friend constexpr auto operator<=>(VcpuSlot, VcpuSlot) = default;
};

inline constexpr VcpuSlot no_slot{0xff};

// 0 is the most urgent, ranks - 1 the least.
struct Rank {
    u8 value;
    friend constexpr auto operator<=>(Rank, Rank) = default;
};

inline constexpr Rank default_rank{4};

// Physical priorities, lower is more urgent. GICv2 and v3 may implement 16 levels (IHI 0048, IHI
// 0069), in the non-secure view of a GIC with two security states: each differs in bits 7 to 4.
inline constexpr u8 el2_priority = 0x20;
// The private interrupts of the loaded vCPU.
inline constexpr u8 loaded_ppi_priority = 0x30;
// Lets every interrupt through: EL2 is idle.
inline constexpr u8 open_mask = 0xff;

// Of what belongs to a vCPU of this rank: its devices' interrupts and the SGI that kicks it.
[[nodiscard]] constexpr u8 priority_of(Rank rank) {
    return static_cast<u8>(0x40 + 0x10 * rank.value);
}

// GICC_PMR or ICC_PMR_EL1 while a vCPU of this rank runs: its own and more urgent ones get through,
// for the mask keeps out what is equal to it and above.
[[nodiscard]] constexpr u8 mask_of(Rank rank) {
    return static_cast<u8>(0x50 + 0x10 * rank.value);
}

// The physical SGI that kicks a vCPU of this rank.
[[nodiscard]] constexpr u8 kick_sgi(Rank rank) {
    return rank.value;
}

// The one that says: a vCPU of this rank has direct post (Mailbox), find it.
[[nodiscard]] constexpr u8 bell_sgi(Rank rank) {
    return static_cast<u8>(ranks + rank.value);
}

static_assert(mask_of(Rank{0}) > priority_of(Rank{0}) && mask_of(Rank{0}) <= priority_of(Rank{1}));
static_assert(priority_of(Rank{ranks - 1}) == 0xb0 && mask_of(Rank{ranks - 1}) < open_mask);
static_assert(el2_priority < loaded_ppi_priority && loaded_ppi_priority < priority_of(Rank{0}));

} // namespace hyp
