// SPDX-License-Identifier: Apache-2.0
// The life of one level interrupt, in every order that a guest may try.

#include "checks.hpp"
#include "lab.hpp"

namespace guest {
namespace {

/** What a script saw; scripts run in the handler and cannot return anything. */
struct Noted {
    volatile bool active_after_acknowledge;
    volatile bool active_after_step;
    volatile std::uint32_t ack;
};

constinit Noted noted{};

/** `ticks` virtual ticks and nothing else, and the interrupt is idle again. */
Outcome exactly(std::uint64_t ticks) {
    const Events& e = events();
    GUEST_REQUIRE(e.virtual_ticks == ticks, "wrong number of ticks", e.virtual_ticks);
    GUEST_REQUIRE(e.spurious == 0, "spurious acknowledges", e.spurious);
    GUEST_REQUIRE(e.foreign == 0, "interrupts that nobody asked for", e.foreign);
    GUEST_REQUIRE(soon([] { return !gic().is_active(vtimer()); }), "still active at the end", 1);
    return passed;
}

/** The timer must work as ever: one tick, a little ahead, comes once. */
Outcome works_afterwards() {
    const std::uint64_t before = events().virtual_ticks;
    const std::uint64_t deadline = VirtualTimer::now() + microseconds(50);
    VirtualTimer::arm(deadline);
    take_ticks(before + 1);
    take_interrupts();
    GUEST_REQUIRE(events().virtual_ticks == before + 1, "the next tick came not once but",
                  events().virtual_ticks - before);
    GUEST_REQUIRE(events().entered >= deadline, "the next tick came early, ticks",
                  deadline - events().entered);
    return passed;
}

/** PSTATE.I hides the interrupt from the guest, for a million instructions and no longer. */
Outcome held_back_by_mask() {
    prepare();
    raise_line();
    for (unsigned i = 0; i < 500000; ++i) {
        asm volatile("");
    }
    GUEST_REQUIRE(events().virtual_ticks == 0, "taken with PSTATE.I set", events().virtual_ticks);
    GUEST_REQUIRE((IsrEl1::read() & (1U << 7)) != 0, "ISR_EL1.I does not show it", 0);
    take_interrupts();
    return exactly(1);
}

/** Acknowledge makes it active; end, with the line low, makes it idle. */
Outcome acknowledge_then_end() {
    prepare([](Ack ack, std::uint64_t nth) {
        noted.active_after_acknowledge = gic().is_active(vtimer());
        mask_then_end(ack, nth);
    });
    raise_line();
    take_interrupts();
    GUEST_REQUIRE(noted.active_after_acknowledge, "not active between acknowledge and end", 0);
    GUEST_REQUIRE(soon([] { return !gic().is_pending(vtimer()); }), "still pending", 1);
    return exactly(1);
}

/** Ended with the line still high: it comes again, at once and once. */
Outcome end_with_line_high() {
    prepare([](Ack ack, std::uint64_t nth) {
        if (nth == 1) {
            gic().end(ack);
        } else {
            mask_then_end(ack, nth);
        }
    });
    raise_line();
    take_interrupts();
    return exactly(2);
}

/** EOImode 1: between EOIR and DIR it stays active and silent though the line is high. */
Outcome split_end() {
    prepare(
        [](Ack ack, std::uint64_t nth) {
            noted.ack = ack.raw;
            if (nth == 1) {
                gic().end(ack);
            } else {
                mask_then_end(ack, nth);
            }
        },
        EoiMode::split);
    raise_line();
    take_interrupts();
    GUEST_REQUIRE(events().virtual_ticks == 1, "ticks before DIR", events().virtual_ticks);
    GUEST_REQUIRE(gic().is_active(vtimer()), "EOIR alone deactivated", 0);
    gic().deactivate(Ack{noted.ack});
    take_interrupts();
    return exactly(2);
}

/** EOImode 0: DIR does nothing (or nothing visible: it is unpredictable on GICv2). */
Outcome dir_without_split() {
    prepare([](Ack ack, std::uint64_t nth) {
        gic().deactivate(ack);
        noted.active_after_step = gic().is_active(vtimer());
        mask_then_end(ack, nth);
    });
    raise_line();
    take_interrupts();
    GUEST_REQUIRE(noted.active_after_step, "DIR deactivated under EOImode 0", 0);
    return exactly(1);
}

/** The line drops before the guest acknowledges, and the hypervisor had time to see it. */
Outcome masked_while_pending() {
    prepare();
    raise_line();
    VirtualTimer::mask();
    visit_hypervisor();
    const Ack ack = gic().acknowledge();
    if (ack.intid() != spurious_intid) {
        gic().end(ack);
        return failed("acknowledged although the line had dropped", ack.raw);
    }
    GUEST_REQUIRE(!gic().is_active(vtimer()), "active though never acknowledged", 1);
    return works_afterwards();
}

/** The same without that time: one acknowledge of the dead interrupt is allowed, not two. */
Outcome masked_while_pending_unseen() {
    prepare();
    raise_line();
    VirtualTimer::mask();
    const Ack first = gic().acknowledge();
    if (first.intid() != spurious_intid) {
        GUEST_REQUIRE(first.intid() == vtimer(), "acknowledged something else", first.raw);
        gic().end(first);
    }
    const Ack second = gic().acknowledge();
    GUEST_REQUIRE(second.intid() == spurious_intid, "acknowledged twice", second.raw);
    return works_afterwards();
}

/** The deadline moves on while the interrupt is pending: it comes then, not now. */
Outcome deadline_moved() {
    prepare();
    raise_line();
    const std::uint64_t deadline = VirtualTimer::now() + microseconds(20000);
    VirtualTimer::set_deadline(deadline);
    visit_hypervisor();
    const Ack ack = gic().acknowledge();
    if (ack.intid() != spurious_intid) {
        const bool reached = VirtualTimer::now() >= deadline;
        mask_then_end(ack, 1);
        if (reached) {
            return skipped("the host was busy until the deadline");
        }
        return failed("acknowledged although the line had dropped", ack.raw);
    }
    take_ticks(1);
    take_interrupts();
    GUEST_REQUIRE(events().virtual_ticks != 0, "never came", 0);
    GUEST_REQUIRE(events().entered >= deadline, "early by ticks", deadline - events().entered);
    return exactly(1);
}

/**
 * The deadline moves on a little while the interrupt is pending, and the line rises again somewhere
 * inside the exit that a read of the distributor takes: each time it must come once, or not at all.
 */
Outcome deadline_moved_into_exit() {
    constexpr std::uint64_t first_delay = 100;
    constexpr std::uint64_t last_delay = 6000;
    constexpr std::uint64_t step = 50;
    prepare();
    for (std::uint64_t delay = first_delay; delay < last_delay; delay += step) {
        raise_line();
        VirtualTimer::set_deadline(VirtualTimer::now() + delay);
        static_cast<void>(gic().is_pending(vtimer()));
        VirtualTimer::mask();
        for (Ack ack = gic().acknowledge(); ack.intid() != spurious_intid;
             ack = gic().acknowledge()) {
            gic().end(ack);
        }
        GUEST_REQUIRE(!gic().is_active(vtimer()), "active for ever after a delay of", delay);
    }
    return works_afterwards();
}

/** As Linux does when it is late: the handler arms the next tick in the past, then ends. */
Outcome rearmed_in_the_past() {
    prepare([](Ack ack, std::uint64_t nth) {
        VirtualTimer::mask();
        if (nth == 1) {
            VirtualTimer::arm(VirtualTimer::now() - 1);
        } else {
            VirtualTimer::mask();
        }
        gic().end(ack);
    });
    raise_line();
    take_interrupts();
    return exactly(2);
}

/** Disabled in the GIC, the line shows as pending and follows the timer; enabling delivers. */
Outcome pending_while_disabled() {
    prepare();
    gic().disable(vtimer());
    raise_line();
    GUEST_REQUIRE(soon([] { return gic().is_pending(vtimer()); }), "line high, not pending", 0);
    take_interrupts();
    GUEST_REQUIRE(events().virtual_ticks == 0, "delivered while disabled", events().virtual_ticks);
    VirtualTimer::mask();
    GUEST_REQUIRE(soon([] { return !gic().is_pending(vtimer()); }), "line low, still pending", 1);
    raise_line();
    gic().enable(vtimer());
    take_interrupts();
    return exactly(1);
}

constexpr Check all[] = {
    {"T5", held_back_by_mask},
    {"T7", acknowledge_then_end},
    {"T8", end_with_line_high},
    {"T9", split_end},
    {"T10", dir_without_split},
    {"T13", masked_while_pending},
    {"T13-unseen", masked_while_pending_unseen},
    {"T14", deadline_moved},
    {"T14-exit", deadline_moved_into_exit},
    {"T15", rearmed_in_the_past},
    {"PEND", pending_while_disabled},
};

} // namespace

std::span<const Check> timer_checks() {
    return all;
}

} // namespace guest
