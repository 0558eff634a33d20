// SPDX-License-Identifier: Apache-2.0
// An exception that EL2 gives to a guest's EL1, as the architecture would have taken it there
// (DDI 0487, exception entry to AArch64). Pure: values in, values out.
#pragma once

#include "hyp/core/base/types.hpp"
#include "hyp/core/regs/spsr.hpp"

namespace hyp {

enum class GuestFault : u8 {
    undefined,         // unknown reason: an instruction or register that does not exist for it
    load_abort,        // synchronous external abort on a load
    store_abort,       // ... on a store
    instruction_abort, // ... on a fetch
};

struct GuestException {
    u64 vector_offset; // from VBAR_EL1
    u64 esr;           // ESR_EL1
    u64 spsr;          // SPSR_EL2, with which EL1 is entered
};

inline constexpr u64 spsr_mode_mask = 0x1f;
inline constexpr u64 sctlr_el1_span = u64{1} << 23;
inline constexpr u64 pstate_pan = u64{1} << 22;
inline constexpr u64 sctlr_el1_dssbs = u64{1} << 44;
inline constexpr u64 pstate_ssbs = u64{1} << 12;
inline constexpr u64 pstate_dit = u64{1} << 24;

// Is it EL0 that the guest was in? AArch32 runs nowhere else.
[[nodiscard]] constexpr bool is_from_el0(u64 spsr) {
    return (spsr & 0x10) != 0 || (spsr & spsr_mode_mask) == 0;
}

// Offset from VBAR_EL1 of the synchronous vector for an exception from where `spsr` says.
[[nodiscard]] constexpr u64 guest_vector_offset(u64 spsr) {
    constexpr u64 el1t = 4;
    if ((spsr & 0x10) != 0) {
        return 0x600;
    }
    if (is_from_el0(spsr)) {
        return 0x400;
    }
    return (spsr & spsr_mode_mask) == el1t ? 0 : 0x200;
}

// ESR_EL1. Aborts are synchronous external ones: nothing is behind the address.
[[nodiscard]] constexpr u64 guest_syndrome(GuestFault fault, bool from_el0) {
    constexpr u64 il = u64{1} << 25;
    constexpr u64 external_abort = 0x10;
    constexpr u64 wnr = u64{1} << 6;
    constexpr u64 instruction_abort = 0x20;
    constexpr u64 data_abort = 0x24;
    const u64 same_level = from_el0 ? 0 : 1; // the class without a change of level is one higher
    switch (fault) {
    case GuestFault::undefined: return il;
    case GuestFault::load_abort: return (data_abort + same_level) << 26 | il | external_abort;
    case GuestFault::store_abort:
        return (data_abort + same_level) << 26 | il | external_abort | wnr;
    case GuestFault::instruction_abort:
        return (instruction_abort + same_level) << 26 | il | external_abort;
    }
    __builtin_unreachable();
}

// Bits of PSTATE that an exception sets where the CPU has them.
struct PstateFeatures {
    bool pan = false;
    bool ssbs = false;
};

// `spsr` is SPSR_EL2 at the exit, `sctlr_el1` the guest's: it says whether PSTATE.PAN is set (SPAN)
// and what SSBS becomes (DSSBS). DIT stays.
[[nodiscard]] constexpr GuestException
make_guest_exception(GuestFault fault, u64 spsr, u64 sctlr_el1, PstateFeatures features) {
    u64 entry = spsr_vcpu_reset.raw() | (spsr & pstate_dit); // RES0 where there is no DIT
    if (features.pan) {
        entry |= (sctlr_el1 & sctlr_el1_span) == 0 ? pstate_pan : spsr & pstate_pan;
    }
    if (features.ssbs && (sctlr_el1 & sctlr_el1_dssbs) != 0) {
        entry |= pstate_ssbs;
    }
    return {guest_vector_offset(spsr), guest_syndrome(fault, is_from_el0(spsr)), entry};
}

static_assert(make_guest_exception(GuestFault::load_abort, 0x3c5, 0, {}).esr == 0x96000010);
static_assert(make_guest_exception(GuestFault::store_abort, 0x3c5, 0, {}).esr == 0x96000050);
static_assert(make_guest_exception(GuestFault::load_abort, 0x3c0, 0, {}).vector_offset == 0x400);
static_assert(make_guest_exception(GuestFault::undefined, 0x3c5, 0, {.pan = true}).spsr ==
              0x4003c5);

} // namespace hyp
