// SPDX-License-Identifier: Apache-2.0
// Claims on the virtual timer (DDI 0487, CNTV_CTL_EL0, CNTV_CVAL_EL0, CNTVOFF_EL2): when its line
// is high, and that a wake-up at the right deadline finds it so.
#include "hyp/core/vtimer/vtimer.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

CLAIM(line_is_high_when_enabled_unmasked_and_due)(u64 ctl, u64 cval, u64 voff, u64 now) {
    const bool enabled = (ctl & 1U) != 0;
    const bool masked = (ctl & 2U) != 0;
    const u64 count = now - voff;
    return fires(TimerRegs{ctl, cval}, voff, now) == (enabled && !masked && !(count < cval));
}

CLAIM(istatus_and_reserved_bits_mean_nothing)(u64 ctl, u64 cval, u64 voff, u64 now, u64 other) {
    const u64 changed = (ctl & 3U) | (other & ~u64{3});
    return fires(TimerRegs{ctl, cval}, voff, now) == fires(TimerRegs{changed, cval}, voff, now);
}

// A guest's timer that is due stays due while its count does not wrap.
CLAIM(what_is_due_stays_due)(u64 ctl, u64 cval, u64 voff, u64 now, u64 later) {
    if (now < voff || later < now) {
        return true;
    }
    return !fires(TimerRegs{ctl, cval}, voff, now) || fires(TimerRegs{ctl, cval}, voff, later);
}

// The line is high from the deadline on and not before, whatever the registers say, as long as the
// guest's count does not wrap.
CLAIM(the_line_rises_at_the_deadline)(u64 ctl, u64 cval, u64 voff, u64 now) {
    const bool is_ahead = voff >> 63 != 0;
    const bool wraps = is_ahead ? now - voff < now : now < voff;
    if (wraps || now == never) {
        return true;
    }
    const TimerRegs timer{ctl, cval};
    return fires(timer, voff, now) == (now >= deadline(timer, voff));
}

CLAIM(what_cannot_fire_has_no_deadline)(u64 ctl, u64 cval, u64 voff) {
    const TimerRegs timer{ctl, cval};
    return can_fire(timer) || deadline(timer, voff) == never;
}
