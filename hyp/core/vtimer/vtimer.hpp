// SPDX-License-Identifier: Apache-2.0
// The guest's virtual timer as arithmetic: would it assert its line? (DDI 0487, CNTV_CTL_EL0,
// CNTV_CVAL_EL0, CNTVOFF_EL2.) While a vCPU is loaded ask CNTV_CTL_EL0.ISTATUS instead, so that
// decision and line agree: under QEMU the line may lag the counter.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/ticks.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

struct CntvCtl : Register<CntvCtl, u64> {
    using Register::Register;
    using IsEnabled = Bit<0>;
    using Imask = Bit<1>;
    using Istatus = Bit<2>;
};

// The state that a vCPU's timer consists of while the hardware timer is given away.
struct TimerState {
    CntvCtl ctl{};
    u64 cval = 0; // virtual ticks
    u64 voff = 0; // CNTVOFF_EL2 of the VM
};

// Enabled and not masked: the timer can ever assert its line.
[[nodiscard]] constexpr bool can_fire(CntvCtl ctl) {
    return ctl.get<CntvCtl::IsEnabled>() && !ctl.get<CntvCtl::Imask>();
}

// Whether the line is high at physical count `now`. The subtraction wraps as hardware's does.
[[nodiscard]] constexpr bool fires(CntvCtl ctl, u64 cval, u64 voff, u64 now) {
    return can_fire(ctl) && now - voff >= cval;
}

// Whether the line is high, from CTL as read on the pCPU that has the timer loaded.
[[nodiscard]] constexpr bool line_is_high(CntvCtl live) {
    return can_fire(live) && live.get<CntvCtl::Istatus>();
}

// The physical count at which a sleeper's timer fires, `now` if it does already. Reckoned from now,
// for CVAL + CNTVOFF alone cannot tell a negative offset from an overflow. Saturates: a sum that
// wrapped would wake the sleeper at once, for ever. Meaningful only if can_fire().
[[nodiscard]] constexpr Deadline wake_deadline(const TimerState& timer, u64 now) {
    const u64 virtual_now = now - timer.voff;
    if (virtual_now >= timer.cval) {
        return Deadline{now};
    }
    const u64 left = timer.cval - virtual_now;
    return Deadline{now + left < now ? ~u64{0} : now + left};
}

} // namespace hyp
