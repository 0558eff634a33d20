// SPDX-License-Identifier: Apache-2.0
// H10: fires() against a table by hand.
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
            const TimerRegs timer{ctl, row.cval};
            CHECK(can_fire(timer) == can);
            CHECK(fires(timer, row.voff, now) == (can && row.high));
        }
    }
}

// What does not fit is never, and nothing else is.
TEST_CASE("a timer's deadline saturates, and is exact everywhere else", "[vtimer]") {
    struct Armed {
        u64 voff;
        u64 cval;
        u64 deadline;
    };
    constexpr Armed rows[] = {
        {0, 0, 0},
        {0, now, now},
        {0, last, never},
        {now, 0, now},
        {now, now, 2 * now},
        {now, last - now - 1, last - 1},
        {now, last - now + 1, never}, // one more than fits
        {now, last, never},
        {(last >> 1), (last >> 1) + 1, last},
        {last - 4, 0, 0}, // the guest is five ticks ahead
        {last - 4, 4, 0},
        {last - 4, 5, 0},
        {last - 4, 6, 1},
        {last - 4, now, now - 5},
        {last - 4, last, last - 5},
    };
    for (const Armed& row : rows) {
        INFO("CVAL " << row.cval << " CNTVOFF " << row.voff);
        CHECK(deadline(TimerRegs{1, row.cval}, row.voff) == row.deadline);
        CHECK(deadline(TimerRegs{3, row.cval}, row.voff) == never);
        CHECK(deadline(TimerRegs{0, row.cval}, row.voff) == never);
        if (row.deadline != never && row.cval > 5) {
            CHECK(fires(TimerRegs{1, row.cval}, row.voff, row.deadline));
            CHECK(!fires(TimerRegs{1, row.cval}, row.voff, row.deadline - 1));
        }
    }
}

TEST_CASE("CVAL of a CNTP whose counter is answered behind", "[vtimer]") {
    constexpr u64 last = ~u64{0};
    struct Row {
        u64 guest;
        u64 offset;
        u64 physical;
    };
    constexpr Row rows[] = {
        {0, 0, 0},        {1000, 0, 1000},          {1000, 500, 1500},           {last, 500, never},
        {last, 0, never}, {last - 500, 500, never}, {last - 501, 500, last - 1}, {0, last, never},
    };
    for (const Row& row : rows) {
        INFO("CVAL " << row.guest << " offset " << row.offset);
        CHECK(physical_cval(row.guest, row.offset) == row.physical);
        // What can come is read as it was written, and fires when the guest's counter is there.
        if (row.physical != never) {
            CHECK(guest_cval(row.physical, row.offset) == row.guest);
            CHECK(deadline(TimerRegs{1, row.guest}, row.offset) == row.physical);
        }
    }
    CHECK(physical_cval(last - 500, 501) == never); // and not early
    CHECK(guest_cval(never, 500) == never);
}
