// SPDX-License-Identifier: Apache-2.0
// What the stub guest at EL1 can be told to do, one step a visit. It runs with PSTATE.I set and
// polls, so that every virtual interrupt is taken exactly where a script says.
#pragma once

#include "hyp/core/base/types.hpp"

#include <array>

namespace hyp::lifecycle {

enum class Step : u64 {
    nothing,     // a null hypercall
    open,        // own CPU interface on; argument: EOImode
    arm,         // CNTV_CVAL = argument, CNTV_CTL = ENABLE
    mask,        // CNTV_CTL = ENABLE | IMASK
    acknowledge, // IAR; returns it
    end,         // EOIR of the argument
    deactivate,  // DIR of the argument
    is_pending,  // ISR_EL1.I as EL1 sees it
    spin,        // that many instructions
    await,       // polls IAR until it returns an interrupt or CNTVCT reaches the argument
    late_tick,   // IAR, IMASK, CVAL in the past, ENABLE, EOIR, as Linux does when it is late
    ticks,       // that many ticks, each armed, acknowledged, masked and ended
    drain,       // acknowledges and ends until nothing is left, into iar_log; returns how many
    requests,    // that many requests of a device with an edge; returns TickCount
    read_pmr,    // ICC_PMR_EL1 (GICv3)
    send_sgi,    // ICC_SGI1R_EL1 = argument (GICv3)
};

// What Step::ticks returns: received ticks below, acknowledges that were none above.
struct TickCount {
    explicit constexpr TickCount(u64 word)
        : received{static_cast<u32>(word)}, others{static_cast<u32>(word >> 32)} {}
    u32 received;
    u32 others;
};

inline constexpr u32 spurious = 1023;

// What Step::drain was given by IAR, in order; no more than fit.
inline constexpr unsigned log_size = 32;
extern std::array<u32, log_size> iar_log;

} // namespace hyp::lifecycle

// Entry of EL1 (start.S) and what it calls (el1.cpp).
extern "C" void el1_begin();
extern "C" hyp::u64 el1_step(hyp::lifecycle::Step step, hyp::u64 argument);
