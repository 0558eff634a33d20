// SPDX-License-Identifier: Apache-2.0
// An exception that EL2 gives to a guest's EL1, as the architecture would have taken it there
// (DDI 0487, exception entry to AArch64). Pure: values in, values out.
#pragma once

#include "hyp/core/base/types.hpp"

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
inline constexpr u64 spsr_el1h_masked = 0x3c5; // EL1h, DAIF
inline constexpr u64 sctlr_el1_span = u64{1} << 23;
inline constexpr u64 pstate_pan = u64{1} << 22;
inline constexpr u64 sctlr_el1_dssbs = u64{1} << 44;
inline constexpr u64 pstate_ssbs = u64{1} << 12;
inline constexpr u64 pstate_dit = u64{1} << 24;

// Bits of PSTATE that an exception sets where the CPU has them.
struct PstateFeatures {
    bool pan = false;
    bool ssbs = false;
};

// `spsr` is SPSR_EL2 at the exit, `sctlr_el1` the guest's: it says whether PSTATE.PAN is set (SPAN)
// and what SSBS becomes (DSSBS). DIT stays.
[[nodiscard]] constexpr GuestException
make_guest_exception(GuestFault fault, u64 spsr, u64 sctlr_el1, PstateFeatures features) {
    const bool aarch32 = (spsr & 0x10) != 0;
    const u64 mode = spsr & spsr_mode_mask;
    const bool from_el0 = aarch32 || mode == 0;
    u64 offset = 0x200; // current EL with SP_EL1
    if (aarch32) {
        offset = 0x600;
    } else if (from_el0) {
        offset = 0x400;
    } else if (mode == 4) {
        offset = 0; // EL1t
    }
    constexpr u64 il = u64{1} << 25;
    constexpr u64 external_abort = 0x10;
    constexpr u64 wnr = u64{1} << 6;
    u64 exception_class = 0;
    u64 syndrome = 0;
    switch (fault) {
    case GuestFault::undefined: break;
    case GuestFault::load_abort:
        exception_class = from_el0 ? 0x24 : 0x25;
        syndrome = external_abort;
        break;
    case GuestFault::store_abort:
        exception_class = from_el0 ? 0x24 : 0x25;
        syndrome = external_abort | wnr;
        break;
    case GuestFault::instruction_abort:
        exception_class = from_el0 ? 0x20 : 0x21;
        syndrome = external_abort;
        break;
    }
    u64 entry = spsr_el1h_masked;
    if (features.pan) {
        entry |= (sctlr_el1 & sctlr_el1_span) == 0 ? pstate_pan : spsr & pstate_pan;
    }
    if (features.ssbs) {
        entry |= (sctlr_el1 & sctlr_el1_dssbs) != 0 ? pstate_ssbs : 0;
    }
    entry |= spsr & pstate_dit; // RES0 where there is none
    return {offset, exception_class << 26 | il | syndrome, entry};
}

static_assert(make_guest_exception(GuestFault::load_abort, 0x3c5, 0, {}).esr == 0x96000010);
static_assert(make_guest_exception(GuestFault::store_abort, 0x3c5, 0, {}).esr == 0x96000050);
static_assert(make_guest_exception(GuestFault::load_abort, 0x3c0, 0, {}).vector_offset == 0x400);
static_assert(make_guest_exception(GuestFault::undefined, 0x3c5, 0, {.pan = true}).spsr ==
              0x4003c5);

} // namespace hyp
