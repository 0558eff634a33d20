// SPDX-License-Identifier: Apache-2.0
// H10: fires() against a table by hand; the sleeper's deadline (H11).
#include "hyp/core/vtimer/vtimer.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

constexpr u64 now = 1'000'000;
constexpr u64 last = ~u64{0};

// With CTL = 1: is the line high? Offsets 0, now and -5; CVAL 0, and around the virtual count.
struct Row {
    u64 voff;
    u64 cval;
    bool high;
};
constexpr Row table[] = {
    {0, 0, true},
    {0, now - 1, true},
    {0, now, true},
    {0, now + 1, false},
    {0, last, false},
    {now, 0, true},
    {now, now - 1, false},
    {now, now, false},
    {now, now + 1, false},
    {now, last, false},
    {last - 4, 0, true},
    {last - 4, now - 1, true},
    {last - 4, now, true},
    {last - 4, now + 1, true},
    {last - 4, last, false},
    {last - 4, now + 5, true},
    {last - 4, now + 6, false},
};

} // namespace

TEST_CASE("H10: the timer fires when enabled, not masked, and due", "[vtimer]") {
    for (u64 ctl = 0; ctl < 8; ++ctl) {
        for (const Row& row : table) {
            const bool can = ctl == 1 || ctl == 5; // ENABLE, not IMASK; ISTATUS is no input
            INFO("CTL " << ctl << " CVAL " << row.cval << " CNTVOFF " << row.voff);
            CHECK(can_fire(CntvCtl{ctl}) == can);
            CHECK(fires(CntvCtl{ctl}, row.cval, row.voff, now) == (can && row.high));
        }
        CHECK(line_is_high(CntvCtl{ctl}) == (ctl == 5));
    }
}

TEST_CASE("H11: the deadline is when it fires, and never in a wrapped past", "[vtimer]") {
    for (const Row& row : table) {
        const TimerState timer{CntvCtl{1}, row.cval, row.voff};
        const u64 at = wake_deadline(timer, now).at;
        INFO("CVAL " << row.cval << " CNTVOFF " << row.voff);
        CHECK(at >= now);
        if (row.high) {
            CHECK(at == now);
        } else {
            CHECK(!fires(timer.ctl, timer.cval, timer.voff, at - 1));
            CHECK((at == last || fires(timer.ctl, timer.cval, timer.voff, at)));
        }
    }
    CHECK(wake_deadline(TimerState{CntvCtl{1}, last, 5}, now).at == last);
    CHECK(wake_deadline(TimerState{CntvCtl{1}, now + 6, last - 4}, now).at == now + 1);
}
