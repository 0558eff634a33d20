// SPDX-License-Identifier: Apache-2.0
// A guest's timer as arithmetic: would it assert its line, and when? (DDI 0487, CNTV_CTL_EL0,
// CNTV_CVAL_EL0, CNTVOFF_EL2; the same for CNTP_*, with an offset of 0.) For a vCPU that is not
// loaded; while it is, ask CNTV_CTL_EL0.ISTATUS, so that decision and line agree: under QEMU the
// line may lag the counter.
#pragma once

#include "hyp/core/base/types.hpp"
#include "hyp/core/regs/cnt.hpp"
#include "hyp/core/sched/slot.hpp"

namespace hyp {

// What a guest's timer is while its vCPU is not loaded: the two registers.
struct TimerRegs {
    u64 ctl = 0;
    u64 cval = 0;
    friend constexpr bool operator==(const TimerRegs&, const TimerRegs&) = default;
};

// May ever raise its line without being written again.
[[nodiscard]] constexpr bool can_fire(TimerRegs timer) {
    return CntCtl{timer.ctl}.can_fire();
}

// Whether the line is high at physical count `now`. `offset` is CNTVOFF_EL2: how far the guest's
// count is behind. The subtraction wraps as hardware's does.
[[nodiscard]] constexpr bool fires(TimerRegs timer, u64 offset, u64 now) {
    return can_fire(timer) && now - offset >= timer.cval;
}

// The first physical count at which the line is high, `never` if there is none. An offset of 2^63
// or more is a negative one: such a guest's count is ahead, and may have passed CVAL when the
// machine started. Right as long as the guest's count does not wrap.
[[nodiscard]] constexpr u64 deadline(TimerRegs timer, u64 offset) {
    const bool is_ahead = offset >> 63 != 0;
    const u64 sum = timer.cval + offset;
    const bool carries = sum < offset;
    if (!can_fire(timer)) {
        return never;
    }
    if (is_ahead == carries) {
        return sum;
    }
    return is_ahead ? 0 : never;
}

// CVAL of a guest's CNTP as the hardware compares it, where CNTPCT is answered `offset` behind; and
// what the guest reads of it. What cannot come stays so.
[[nodiscard]] constexpr u64 physical_cval(u64 cval, u64 offset) {
    const u64 sum = cval + offset;
    return sum < offset ? never : sum;
}
[[nodiscard]] constexpr u64 guest_cval(u64 cval, u64 offset) {
    return cval == never ? never : cval - offset;
}

} // namespace hyp
