// SPDX-License-Identifier: Apache-2.0
// The guest's virtual timer as arithmetic: would it assert its line? (DDI 0487, CNTV_CTL_EL0,
// CNTV_CVAL_EL0, CNTVOFF_EL2.) For a vCPU that is not loaded; while it is, ask
// CNTV_CTL_EL0.ISTATUS, so that decision and line agree: under QEMU the line may lag the counter.
#pragma once

#include "hyp/core/base/types.hpp"
#include "hyp/core/regs/cnt.hpp"

namespace hyp {

// Whether the line is high at physical count `now`. The subtraction wraps as hardware's does.
[[nodiscard]] constexpr bool fires(CntCtl ctl, u64 cval, u64 voff, u64 now) {
    return ctl.can_fire() && now - voff >= cval;
}

} // namespace hyp
