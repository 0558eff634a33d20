// SPDX-License-Identifier: Apache-2.0
// Claims on the virtual timer (DDI 0487, CNTV_CTL_EL0, CNTV_CVAL_EL0, CNTVOFF_EL2): when its line
// is high, and that a wake-up at the right deadline finds it so.
#include "hyp/core/vtimer/vtimer.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

// Enabled, not masked, and the virtual count has come to the compare value.
constexpr u64 armed = 1;

} // namespace

CLAIM(line_is_high_when_enabled_unmasked_and_due)(u64 ctl, u64 cval, u64 voff, u64 now) {
    const bool enabled = (ctl & 1U) != 0;
    const bool masked = (ctl & 2U) != 0;
    const u64 count = now - voff;
    return fires(CntCtl{ctl}, cval, voff, now) == (enabled && !masked && !(count < cval));
}

CLAIM(istatus_and_reserved_bits_mean_nothing)(u64 ctl, u64 cval, u64 voff, u64 now, u64 other) {
    const u64 changed = (ctl & 3U) | (other & ~u64{3});
    return fires(CntCtl{ctl}, cval, voff, now) == fires(CntCtl{changed}, cval, voff, now);
}

// A guest's timer that is due stays due while its count does not wrap.
CLAIM(what_is_due_stays_due)(u64 ctl, u64 cval, u64 voff, u64 now, u64 later) {
    if (now < voff || later < now) {
        return true;
    }
    return !fires(CntCtl{ctl}, cval, voff, now) || fires(CntCtl{ctl}, cval, voff, later);
}

// cval + voff on the physical count is where the line goes high, and not one tick before, as long
// as the sum does not wrap.
CLAIM(the_line_rises_at_the_deadline)(u64 cval, u64 voff) {
    const u64 deadline = cval + voff;
    if (deadline < voff) {
        return true;
    }
    return fires(CntCtl{armed}, cval, voff, deadline) &&
           (cval == 0 || !fires(CntCtl{armed}, cval, voff, deadline - 1));
}

// Where it does wrap, the line never rises before the physical count itself wraps: a deadline that
// saturates at the last count loses nothing.
CLAIM(a_deadline_beyond_the_last_count_may_saturate)(u64 cval, u64 voff, u64 now) {
    const bool wraps = cval + voff < voff;
    return !wraps || now < voff || !fires(CntCtl{armed}, cval, voff, now);
}
