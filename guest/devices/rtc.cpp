// SPDX-License-Identifier: Apache-2.0
// The PL031 (DDI 0224) by interrupts: it counts seconds, and its line is high from the moment its
// counter reaches the match register until RTCICR is written.

#include "rtc.hpp"

#include "checks.hpp"

#include "common/psci.hpp"

#include <cstdio>

namespace guest {
namespace {

constexpr std::uint64_t row_length = 8;
constexpr unsigned alarm_count = 2;

/** What the handler does with the `nth` interrupt. */
using Step = After (*)(Ack ack, std::uint64_t nth);

struct Seen {
    volatile std::uint64_t without_cause;
    volatile std::uint64_t early; // before the counter had reached the match register
    volatile bool offered_again;
    volatile bool active_dropped;
    volatile bool low_line_high; // the alarm's line did not rise again
};

/** An alarm, as set and as it went off: the guest's counter and the clock's. */
struct Alarm {
    volatile std::uint64_t set_ticks;
    volatile std::uint64_t set_seconds;
    volatile std::uint64_t ticks;
    volatile std::uint64_t seconds;
};

constinit Rtc rtc{};
constinit Step step = nullptr;
constinit Seen seen{};
constinit Alarm alarms[alarm_count]{};
constinit volatile unsigned alarms_gone = 0;

After on_irq(Ack ack) {
    if (!rtc.is_high()) {
        seen.without_cause = seen.without_cause + 1;
    } else if (!rtc.is_reached()) {
        seen.early = seen.early + 1;
    }
    return step(ack, taken(rtc.wire().intid));
}

After clear_and_end(Ack, std::uint64_t) {
    rtc.clear();
    return After::end_it;
}

Outcome start(Step next_step, EoiMode mode = EoiMode::joint) {
    GUEST_REQUIRE_NO(rtc.open());
    step = next_step;
    seen.without_cause = 0;
    seen.early = 0;
    seen.offered_again = false;
    seen.active_dropped = false;
    seen.low_line_high = false;
    connect_spi(rtc.wire(), on_irq);
    begin_check(mode);
    return passed;
}

Outcome exactly(std::uint64_t count) {
    GUEST_REQUIRE_PASS(end_check());
    GUEST_REQUIRE(taken(rtc.wire().intid) == count, "wrong number of interrupts",
                  taken(rtc.wire().intid));
    GUEST_REQUIRE(seen.without_cause == 0, "interrupts without a cause", seen.without_cause);
    return expect(seen.early == 0, "alarms before their time", seen.early);
}

/** Alarms in a row: each handler sets the next for the current second, so that the line is high
 * again when its interrupt ends. */
Outcome row() {
    GUEST_REQUIRE_PASS(start([](Ack, std::uint64_t nth) {
        rtc.clear();
        if (nth < row_length && !rtc.raise()) {
            seen.low_line_high = true;
        }
        return After::end_it;
    }));
    GUEST_REQUIRE(rtc.raise(), "no alarm at its own second", 0);
    GUEST_REQUIRE(serve_until([] { return taken(rtc.wire().intid) >= row_length; }),
                  "alarms lost, after", taken(rtc.wire().intid));
    GUEST_REQUIRE(!seen.low_line_high, "no alarm at its own second", 1);
    return exactly(row_length);
}

/** Ended with the line high, nothing new happening: it comes again. */
Outcome end_with_line_high() {
    GUEST_REQUIRE_PASS(start([](Ack, std::uint64_t nth) {
        if (nth == 3) {
            rtc.clear();
        }
        return After::end_it;
    }));
    GUEST_REQUIRE(rtc.raise(), "no alarm at its own second", 0);
    GUEST_REQUIRE(serve_until([] { return taken(rtc.wire().intid) >= 3; }), "lost, after",
                  taken(rtc.wire().intid));
    return exactly(3);
}

/** EOImode 1, line high: between EOIR and DIR it stays active and silent, after DIR it comes. */
Outcome split() {
    GUEST_REQUIRE_PASS(start(
        [](Ack ack, std::uint64_t nth) {
            if (nth == 2) {
                rtc.clear();
                return After::end_it;
            }
            gic().end(ack);
            seen.active_dropped = !gic().is_active(rtc.wire().intid);
            seen.offered_again = gic().highest_pending() == rtc.wire().intid;
            gic().deactivate(ack);
            return After::ended;
        },
        EoiMode::split));
    GUEST_REQUIRE(rtc.raise(), "no alarm at its own second", 0);
    GUEST_REQUIRE(serve_until([] { return taken(rtc.wire().intid) >= 2; }), "lost after DIR", 0);
    GUEST_REQUIRE(!seen.active_dropped, "EOIR alone deactivated", 1);
    GUEST_REQUIRE(!seen.offered_again, "offered again between EOIR and DIR", 1);
    return exactly(2);
}

/** Disabled while active and ended with the line high: it waits for the enable. */
Outcome disabled_while_active() {
    GUEST_REQUIRE_PASS(start([](Ack, std::uint64_t nth) {
        if (nth == 1) {
            gic().disable(rtc.wire().intid);
        } else {
            rtc.clear();
        }
        return After::end_it;
    }));
    const Intid intid = rtc.wire().intid;
    GUEST_REQUIRE(rtc.raise(), "no alarm at its own second", 0);
    GUEST_REQUIRE(serve_until([intid] { return taken(intid) == 1; }), "no interrupt", 0);
    serve_rest();
    GUEST_REQUIRE(taken(intid) == 1, "taken while disabled", taken(intid));
    GUEST_REQUIRE(gic().is_pending(intid), "GICD_ISPENDR does not show the high line", 0);
    GUEST_REQUIRE(!gic().is_active(intid), "the end of a disabled interrupt left it active", 1);
    gic().enable(intid);
    GUEST_REQUIRE(serve_until([intid] { return taken(intid) == 2; }), "lost after the enable", 0);
    return exactly(2);
}

/** The line rises and falls with interrupts masked: nothing comes, and the next alarm does. */
Outcome line_dropped() {
    GUEST_REQUIRE_PASS(start(clear_and_end));
    const Intid intid = rtc.wire().intid;
    GUEST_REQUIRE(rtc.raise(), "no alarm at its own second", 0);
    GUEST_REQUIRE(gic().is_pending(intid), "GICD_ISPENDR does not show the high line", 0);
    rtc.clear();
    GUEST_REQUIRE(!gic().is_pending(intid), "GICD_ISPENDR shows a low line", 1);
    serve_rest();
    GUEST_REQUIRE(taken(intid) == 0, "taken although the line had dropped", taken(intid));
    GUEST_REQUIRE(rtc.raise(), "no alarm at its own second", 0);
    GUEST_REQUIRE(serve_until([intid] { return taken(intid) == 1; }), "lost afterwards", 0);
    return exactly(1);
}

void set_alarm(unsigned index) {
    alarms[index].set_ticks = VirtualTimer::now();
    alarms[index].set_seconds = rtc.seconds();
    rtc.set_match(static_cast<std::uint32_t>(alarms[index].set_seconds + 1));
}

After on_alarm(Ack) {
    if (!rtc.is_high() || alarms_gone == alarm_count) {
        seen.without_cause = seen.without_cause + 1;
        return After::end_it;
    }
    alarms[alarms_gone].ticks = VirtualTimer::now();
    alarms[alarms_gone].seconds = rtc.seconds();
    if (!rtc.is_reached()) {
        seen.early = seen.early + 1;
    }
    rtc.clear();
    alarms_gone = alarms_gone + 1;
    if (alarms_gone < alarm_count) {
        set_alarm(alarms_gone);
    }
    return After::end_it;
}

/** An alarm in a second, which sets another. */
Outcome alarm_set() {
    GUEST_REQUIRE_NO(rtc.open());
    alarms_gone = 0;
    seen.without_cause = 0;
    seen.early = 0;
    connect_spi(rtc.wire(), on_alarm);
    begin_check();
    set_alarm(0);
    return end_check();
}

/** Both went off once, and clock and counter agree on the time between, but for the second that
 * the clock does not show. */
Outcome alarm_done() {
    begin_check();
    GUEST_REQUIRE(serve_until([] { return alarms_gone == alarm_count; }, Idle::sleep),
                  "alarms lost, after", alarms_gone);
    GUEST_REQUIRE_PASS(end_check());
    GUEST_REQUIRE(seen.without_cause == 0, "interrupts without a cause", seen.without_cause);
    GUEST_REQUIRE(seen.early == 0, "alarms before their time", seen.early);
    const std::uint64_t second = CntFrq::read();
    for (const Alarm& alarm : alarms) {
        const std::uint64_t by_counter = alarm.ticks - alarm.set_ticks;
        const std::uint64_t by_clock = (alarm.seconds - alarm.set_seconds) * second;
        std::printf("pl031: an alarm %lu us after it was set, %lu s by the clock\n",
                    nanoseconds(by_counter) / 1000, alarm.seconds - alarm.set_seconds);
        GUEST_REQUIRE(by_clock < by_counter + second && by_counter < by_clock + second,
                      "clock and counter disagree, us", nanoseconds(by_counter) / 1000);
    }
    return passed;
}

constexpr Check all[] = {
    {"ALARM-row", row},           {"ALARM-high", end_with_line_high},
    {"ALARM-split", split},       {"T32-level", disabled_while_active},
    {"ALARM-drop", line_dropped},
};

constexpr Check set[] = {{"ALARM-set", alarm_set}};
constexpr Check done[] = {{"ALARM", alarm_done}};

} // namespace

std::span<const Check> rtc_checks() {
    return all;
}

std::span<const Check> alarm_set_checks() {
    return set;
}

std::span<const Check> alarm_done_checks() {
    return done;
}

} // namespace guest
