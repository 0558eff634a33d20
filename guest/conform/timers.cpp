// SPDX-License-Identifier: Apache-2.0
// Each of the two timers a guest has: it fires in time, wakes, repeats, and is silent when told.

#include "conform.hpp"

namespace guest::lab {
namespace {

GUEST_SYSREG(CntvTval, "cntv_tval_el0");
GUEST_SYSREG(CntpTval, "cntp_tval_el0");

/** One of the two timers as values, so that a check is written once. */
struct Clock {
    Intid intid;
    void (*arm)(std::uint64_t);
    void (*arm_in)(std::uint64_t); // by TVAL
    void (*set_deadline)(std::uint64_t);
    void (*mask)();
    void (*stop)();
    bool (*expired)();
    std::uint64_t (*left)(); // TVAL
    std::uint64_t (*deadline)();
};

constexpr std::uint64_t enable_only = 1;

Clock virtual_clock() {
    return {machine().virtual_timer,
            VirtualTimer::arm,
            [](std::uint64_t ticks) {
                CntvTval::write(ticks);
                isb();
                CntvCtl::write(enable_only);
                isb();
            },
            VirtualTimer::set_deadline,
            VirtualTimer::mask,
            VirtualTimer::stop,
            VirtualTimer::expired,
            CntvTval::read,
            CntvCval::read};
}

Clock physical_clock() {
    return {machine().physical_timer,
            PhysicalTimer::arm,
            [](std::uint64_t ticks) {
                CntpTval::write(ticks);
                isb();
                CntpCtl::write(enable_only);
                isb();
            },
            PhysicalTimer::set_deadline,
            PhysicalTimer::mask,
            PhysicalTimer::stop,
            PhysicalTimer::expired,
            CntpTval::read,
            CntpCval::read};
}

/** Both count the same time: a guest's virtual offset is zero or constant. */
std::uint64_t now(const Clock& clock) {
    return clock.intid == machine().virtual_timer ? VirtualTimer::now() : PhysicalTimer::now();
}

template <class One>
Outcome each_timer(One&& check) {
    for (const Clock& clock : {virtual_clock(), physical_clock()}) {
        prepare(setup());
        open(clock.intid, 0x80);
        GUEST_TRY(check(clock));
        clock.stop();
        GUEST_REQUIRE(!irqs().is_active(clock.intid), "active for ever", clock.intid.value);
        GUEST_TRY(is_idle());
    }
    return passed;
}

/** One try of busy(): how late the interrupt came, in ticks. */
Outcome one_deadline(const Clock& clock, std::uint64_t& late) {
    log().count = 0;
    const std::uint64_t deadline = now(clock) + microseconds(10000);
    clock.arm(deadline);
    GUEST_REQUIRE(!clock.expired(), "expired at once", clock.intid.value);
    unmask();
    while (log().count == 0 && now(clock) < deadline + microseconds(500000)) {
    }
    const std::uint64_t came = now(clock);
    take_any();
    GUEST_TRY(exactly(1));
    GUEST_REQUIRE(came >= deadline, "early by ticks", deadline - came);
    GUEST_REQUIRE(clock.expired(), "CTL.ISTATUS is clear", clock.intid.value);
    late = came - deadline;
    return passed;
}

/** CVAL 10 ms ahead, busy until then: one interrupt, not early, and less than 10 ms late. The host
 * may be busy elsewhere once or twice, but not each time. */
Outcome busy() {
    return each_timer([](const Clock& clock) -> Outcome {
        std::uint64_t late = 0;
        for (unsigned i = 0; i < 5; ++i) {
            GUEST_TRY(one_deadline(clock, late));
            if (late < microseconds(10000)) {
                return passed;
            }
        }
        return failed("late by ticks", late);
    });
}

/** TVAL 5 ms, asleep with PSTATE masked until ISTATUS: the interrupt is there afterwards. */
Outcome asleep() {
    return each_timer([](const Clock& clock) -> Outcome {
        const std::uint64_t start = now(clock);
        clock.arm_in(microseconds(5000));
        const std::uint64_t deadline = clock.deadline();
        GUEST_REQUIRE(deadline >= start + microseconds(5000), "CVAL after TVAL", deadline - start);
        while (!clock.expired()) {
            wfi();
        }
        GUEST_REQUIRE(now(clock) >= deadline, "expired early", deadline - now(clock));
        GUEST_TRY(exactly(0));
        return takes(1);
    });
}

/** TVAL counts down through zero, as a signed 32-bit number. */
Outcome countdown() {
    return each_timer([](const Clock& clock) -> Outcome {
        clock.arm(now(clock) + microseconds(100000));
        const auto before = static_cast<std::int32_t>(clock.left());
        const auto after = static_cast<std::int32_t>(clock.left());
        GUEST_REQUIRE(before > 0 && after > 0 && after <= before, "TVAL does not count down",
                      after);
        clock.mask();
        clock.arm_in(static_cast<std::uint64_t>(-1000));
        GUEST_REQUIRE(static_cast<std::int32_t>(clock.left()) < 0, "TVAL is not negative",
                      clock.left());
        GUEST_REQUIRE(soon([&clock] { return clock.expired(); }), "not expired", 0);
        return takes(1);
    });
}

/** A deadline beyond all time, a masked timer, a stopped one: nothing comes. */
Outcome silent() {
    return each_timer([](const Clock& clock) -> Outcome {
        clock.arm(~std::uint64_t{0});
        GUEST_REQUIRE(!clock.expired(), "expired before the end of time", 0);
        take_any();
        GUEST_TRY(exactly(0));
        clock.mask();
        clock.set_deadline(now(clock) + microseconds(100));
        GUEST_REQUIRE(soon([&clock] { return clock.expired(); }), "IMASK stops ISTATUS", 0);
        take_any();
        GUEST_TRY(exactly(0));
        clock.stop();
        take_any();
        return exactly(0);
    });
}

/** The handler leaves the line high four times: it comes again each time, and no more. */
Outcome high_at_end() {
    return each_timer([](const Clock& clock) -> Outcome {
        set_script([](const Taken& taken, unsigned nth) {
            if (nth == 5) {
                end_at_once(taken, nth);
            } else {
                finish_interrupt(taken);
            }
        });
        clock.arm(now(clock));
        return takes(5);
    });
}

/** The handler arms the next deadline in the past, then ends: both come. */
Outcome armed_in_the_past() {
    return each_timer([](const Clock& clock) -> Outcome {
        set_script([](const Taken& taken, unsigned nth) {
            if (nth == 1 && taken.ack.intid() == machine().virtual_timer) {
                VirtualTimer::mask();
                VirtualTimer::arm(VirtualTimer::now() - 1);
            } else if (nth == 1) {
                PhysicalTimer::mask();
                PhysicalTimer::arm(PhysicalTimer::now() - 1);
            } else {
                end_at_once(taken, nth);
                return;
            }
            finish_interrupt(taken);
        });
        clock.arm(now(clock));
        return takes(2);
    });
}

constexpr unsigned many = 50;
constinit std::uint64_t next_deadline = 0;

void next_tick(const Taken& taken, unsigned nth) {
    const bool is_virtual = taken.ack.intid() == machine().virtual_timer;
    next_deadline += microseconds(100);
    if (nth < many) {
        is_virtual ? VirtualTimer::set_deadline(next_deadline)
                   : PhysicalTimer::set_deadline(next_deadline);
        finish_interrupt(taken);
    } else {
        end_at_once(taken, nth);
    }
}

/** Fifty ticks, the deadline moved on by a fixed period: awake, then asleep. */
Outcome periodic() {
    return each_timer([](const Clock& clock) -> Outcome {
        for (const bool sleeping : {false, true}) {
            set_script(next_tick);
            log().count = 0;
            next_deadline = now(clock) + microseconds(100);
            clock.arm(next_deadline);
            const std::uint64_t limit = now(clock) + microseconds(2000000);
            while (log().count < many && now(clock) < limit) {
                if (sleeping) {
                    wfi();
                }
                take_any();
            }
            GUEST_TRY(exactly(many));
        }
        return passed;
    });
}

/** Both fire while PSTATE is masked: by priority, one after the other. */
Outcome both() {
    for (const bool virtual_first : {true, false}) {
        prepare(setup());
        open(machine().virtual_timer, virtual_first ? 0x40 : 0x60);
        open(machine().physical_timer, virtual_first ? 0x60 : 0x40);
        VirtualTimer::arm(VirtualTimer::now());
        PhysicalTimer::arm(PhysicalTimer::now());
        GUEST_REQUIRE(soon([] { return VirtualTimer::expired() && PhysicalTimer::expired(); }),
                      "not expired", 0);
        GUEST_REQUIRE(soon([] {
                          return irqs().is_pending(machine().virtual_timer) &&
                                 irqs().is_pending(machine().physical_timer);
                      }),
                      "not shown as pending", 0);
        GUEST_TRY(takes(2));
        const bool virtual_came = log().taken[0].ack.intid() == machine().virtual_timer;
        GUEST_REQUIRE(virtual_came == virtual_first, "out of order", log().taken[0].ack.raw);
    }
    return is_idle();
}

constexpr Rule all[] = {
    {"timer.busy", busy, When::always},
    {"timer.asleep", asleep, When::always},
    {"timer.countdown", countdown, When::once},
    {"timer.silent", silent, When::once},
    {"timer.high-at-end", high_at_end, When::always},
    {"timer.armed-in-the-past", armed_in_the_past, When::always},
    {"timer.periodic", periodic, When::always},
    {"timer.both", both, When::always},
};

} // namespace

std::span<const Rule> timer_checks() {
    return all;
}

} // namespace guest::lab
