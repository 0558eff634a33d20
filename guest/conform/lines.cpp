// SPDX-License-Identifier: Apache-2.0
// The timers' level lines under the distributor's registers: what they show, and what they hold
// back. The same for both timers.

#include "conform.hpp"

namespace guest::lab {
namespace {

constexpr std::uint64_t far = ~std::uint64_t{0};

/** What the checks of this file need of a timer. */
struct Line {
    Intid intid;
    void (*arm)(std::uint64_t);
    void (*lower)();
};

/** Makes the line high; complete on return. */
void raise(const Line& line) {
    line.arm(0);
    const bool is_virtual = line.intid == machine().virtual_timer;
    (void)soon(
        [is_virtual] { return is_virtual ? VirtualTimer::expired() : PhysicalTimer::expired(); });
}

template <class One>
Outcome each_line(One&& check) {
    const Line lines[] = {
        {machine().virtual_timer, VirtualTimer::arm, VirtualTimer::mask},
        {machine().physical_timer, PhysicalTimer::arm, PhysicalTimer::mask},
    };
    for (const Line& line : lines) {
        prepare(setup());
        open(line.intid);
        GUEST_TRY(check(line));
        line.lower();
        GUEST_REQUIRE(!irqs().is_active(line.intid), "active for ever", line.intid.value);
        GUEST_REQUIRE(soon([&line] { return !irqs().is_pending(line.intid); }),
                      "pending with its line low", line.intid.value);
        GUEST_TRY(is_idle());
    }
    return passed;
}

bool becomes_pending(const Line& line) {
    return soon([&line] { return irqs().is_pending(line.intid); });
}

bool stops_pending(const Line& line) {
    return soon([&line] { return !irqs().is_pending(line.intid); });
}

/** Disabled, ISPENDR follows the line: past deadline, IMASK, far deadline, stopped. */
Outcome truth_while_disabled() {
    return each_line([](const Line& line) -> Outcome {
        irqs().disable(line.intid);
        for (unsigned i = 0; i < 3; ++i) {
            raise(line);
            GUEST_REQUIRE(becomes_pending(line), "line high, not pending", line.intid.value);
            line.lower();
            GUEST_REQUIRE(stops_pending(line), "IMASK set, still pending", line.intid.value);
            raise(line);
            GUEST_REQUIRE(becomes_pending(line), "line high again, not pending", i);
            line.arm(far);
            GUEST_REQUIRE(stops_pending(line), "deadline far, still pending", line.intid.value);
        }
        take_any();
        GUEST_TRY(exactly(0));
        raise(line);
        irqs().enable(line.intid);
        return takes(1);
    });
}

/** Enabled and masked in PSTATE, ISPENDR follows the line, too. */
Outcome truth_while_masked() {
    return each_line([](const Line& line) -> Outcome {
        for (unsigned i = 0; i < 3; ++i) {
            raise(line);
            GUEST_REQUIRE(becomes_pending(line), "line high, not pending", line.intid.value);
            line.lower();
            GUEST_REQUIRE(stops_pending(line), "line low, still pending", line.intid.value);
        }
        take_any();
        return exactly(0);
    });
}

/** ICPENDR cannot lower a line: it is pending again, and comes. */
Outcome clear_pending_of_high_line() {
    return each_line([](const Line& line) -> Outcome {
        raise(line);
        GUEST_REQUIRE(becomes_pending(line), "not pending", line.intid.value);
        irqs().clear_pending(line.intid);
        GUEST_REQUIRE(becomes_pending(line), "ICPENDR lowered the line", line.intid.value);
        return takes(1);
    });
}

/** ISPENDR with the line low: delivered once; taken back by ICPENDR: not at all. */
Outcome made_pending() {
    return each_line([](const Line& line) -> Outcome {
        irqs().set_pending(line.intid);
        GUEST_REQUIRE(becomes_pending(line), "ISPENDR had no effect", line.intid.value);
        GUEST_TRY(takes(1));
        irqs().set_pending(line.intid);
        irqs().clear_pending(line.intid);
        take_any();
        GUEST_TRY(exactly(1));
        raise(line);
        return takes(2);
    });
}

/** ISPENDR in its own handler, line low by then: exactly once more. */
Outcome made_pending_while_active() {
    return each_line([](const Line& line) -> Outcome {
        set_script([](const Taken& taken, unsigned nth) {
            (taken.ack.intid() == machine().virtual_timer) ? VirtualTimer::mask()
                                                           : PhysicalTimer::mask();
            if (nth == 1) {
                irqs().set_pending(taken.ack.intid());
            }
            finish_interrupt(taken);
        });
        raise(line);
        return takes(2);
    });
}

/** Made active by ISACTIVER, the line is held back until ICACTIVER. */
Outcome made_active() {
    return each_line([](const Line& line) -> Outcome {
        irqs().set_active(line.intid);
        GUEST_REQUIRE(irqs().is_active(line.intid), "ISACTIVER had no effect", line.intid.value);
        raise(line);
        take_any();
        GUEST_TRY(exactly(0));
        GUEST_REQUIRE(irqs().is_pending(line.intid), "line high, not pending", line.intid.value);
        irqs().clear_active(line.intid);
        return takes(1);
    });
}

/** ICACTIVER in the handler instead of its end: the line, still high, comes once it may. */
Outcome active_cleared() {
    static constinit Taken held{};
    return each_line([](const Line& line) -> Outcome {
        set_script([](const Taken& taken, unsigned nth) {
            if (nth > 1) {
                end_at_once(taken, nth);
                return;
            }
            held = taken;
            irqs().clear_active(taken.ack.intid());
        });
        raise(line);
        take(1);
        take_any();
        GUEST_TRY(exactly(1));
        cpu().end(held.group, held.ack);
        return takes(2);
    });
}

/** Disabled in the handler, line high at its end: silent until enabled, and then it comes. */
Outcome disabled_while_active() {
    return each_line([](const Line& line) -> Outcome {
        set_script([](const Taken& taken, unsigned nth) {
            if (nth > 1) {
                end_at_once(taken, nth);
                return;
            }
            irqs().disable(taken.ack.intid());
            finish_interrupt(taken);
        });
        raise(line);
        take(1);
        take_any();
        GUEST_TRY(exactly(1));
        GUEST_REQUIRE(becomes_pending(line), "line high, not pending", line.intid.value);
        GUEST_REQUIRE(!irqs().is_active(line.intid), "active after its end", line.intid.value);
        irqs().enable(line.intid);
        return takes(2);
    });
}

/** EOImode 1: between EOIR and DIR a high line is held back. */
Outcome high_before_dir() {
    static constinit volatile unsigned inside = 0;
    return each_line([](const Line& line) -> Outcome {
        set_script([](const Taken& taken, unsigned nth) {
            if (nth > 1) {
                end_at_once(taken, nth);
                return;
            }
            cpu().end(taken.group, taken.ack);
            take_any();
            inside = log().count;
            cpu().deactivate(taken.ack);
        });
        inside = 0;
        raise(line);
        GUEST_TRY(takes(2));
        GUEST_REQUIRE(inside == 1, "came again before DIR", inside);
        return passed;
    });
}

/** A line that drops before the acknowledge: at most one interrupt, and nothing stays behind. */
Outcome dropped_before_acknowledge() {
    return each_line([](const Line& line) -> Outcome {
        raise(line);
        GUEST_REQUIRE(becomes_pending(line), "not pending", line.intid.value);
        line.lower();
        GUEST_REQUIRE(stops_pending(line), "still pending", line.intid.value);
        take_any();
        GUEST_REQUIRE(log().count == 0, "delivered though it was shown as not pending",
                      log().count);
        raise(line);
        return takes(1);
    });
}

/** GICD_CTLR off with the line high: silent, and it comes once it is on. */
Outcome distributor_off() {
    return each_line([](const Line& line) -> Outcome {
        irqs().enable_groups(0);
        raise(line);
        GUEST_REQUIRE(becomes_pending(line), "line high, not pending", line.intid.value);
        take_any();
        GUEST_TRY(exactly(0));
        irqs().enable_groups(3);
        return takes(1);
    });
}

/** The priority mask holds a line back, and lets it through. */
Outcome masked_by_priority() {
    return each_line([](const Line& line) -> Outcome {
        cpu().set_mask(0x80);
        raise(line);
        take_any();
        GUEST_TRY(exactly(0));
        cpu().set_mask(0xf0);
        return takes(1);
    });
}

constexpr Rule all[] = {
    {"line.truth-while-disabled", truth_while_disabled, When::always},
    {"line.truth-while-masked", truth_while_masked, When::always},
    {"line.clear-pending-of-high", clear_pending_of_high_line, When::always},
    {"line.made-pending", made_pending, When::always},
    {"line.made-pending-while-active", made_pending_while_active, When::always},
    {"line.made-active", made_active, When::always},
    {"line.active-cleared", active_cleared, When::always},
    {"line.disabled-while-active", disabled_while_active, When::always},
    {"line.high-before-dir", high_before_dir, When::split},
    {"line.dropped-before-acknowledge", dropped_before_acknowledge, When::always},
    {"line.distributor-off", distributor_off, When::always},
    {"line.masked-by-priority", masked_by_priority, When::always},
};

} // namespace

std::span<const Rule> line_checks() {
    return all;
}

} // namespace guest::lab
