// SPDX-License-Identifier: Apache-2.0
// Deep nests with something special in them: a timer at the bottom, one whose active state is
// cleared before its end. What lies below must stay active exactly until its own end.

#include "conform.hpp"

namespace guest::lab {
namespace {

constexpr unsigned deep = 12;
constinit volatile unsigned wrong = 0; // 1 + the level whose active bit was seen wrong first

void note(bool good, unsigned level) {
    if (!good && wrong == 0) {
        wrong = 1 + level;
    }
}

std::uint8_t priority_of(unsigned level) {
    return static_cast<std::uint8_t>(0xa8 - 8 * level);
}

void open_levels() {
    wrong = 0;
    for (unsigned i = 0; i < deep; ++i) {
        open(spi(i), priority_of(i));
    }
}

/** Which levels are active, a bit each. */
std::uint32_t active_levels() {
    std::uint32_t out = 0;
    for (unsigned i = 0; i < deep; ++i) {
        out |= irqs().is_active(spi(i)) ? 1U << i : 0;
    }
    return out;
}

unsigned level_of(const Taken& taken) {
    return (taken.ack.raw - spi(0).value) / 7;
}

/** Lets the next level in. */
void go_deeper(unsigned level) {
    const unsigned before = log().count;
    pend(spi(level + 1));
    unmask();
    note(soon([before] { return log().count > before; }), level);
    mask();
}

Outcome nothing_left() {
    GUEST_REQUIRE(wrong == 0, "active bits wrong at level", wrong - 1);
    GUEST_REQUIRE(active_levels() == 0, "active for ever", active_levels());
    GUEST_REQUIRE(cpu().active_levels() == 0, "APR bits left", cpu().active_levels());
    return is_idle();
}

/** The timer is interrupted by twelve levels: active all the time, ended last, comes again. */
Outcome timer_below() {
    for (const Intid timer : {machine().virtual_timer, machine().physical_timer}) {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                VirtualTimer::mask();
                PhysicalTimer::mask();
                pend(spi(0));
                unmask();
                note(soon([] { return log().count == deep + 1; }), 0);
                mask();
                note(irqs().is_active(taken.ack.intid()) && active_levels() == 0, 0);
            } else if (nth <= deep) {
                go_deeper(level_of(taken));
            }
            end_at_once(taken, nth);
        });
        open_levels();
        open(timer, 0xb8);
        timer == machine().virtual_timer ? VirtualTimer::arm(0) : PhysicalTimer::arm(0);
        GUEST_TRY(takes(deep + 1));
        GUEST_REQUIRE(!irqs().is_active(timer), "the timer stays active", timer.value);
        GUEST_TRY(nothing_left());
        set_script(end_at_once);
        timer == machine().virtual_timer ? VirtualTimer::arm(0) : PhysicalTimer::arm(0);
        GUEST_TRY(takes(deep + 2));
    }
    return is_idle();
}

/** The timer is the innermost of twelve levels, and comes twice there. */
Outcome timer_above() {
    prepare(setup(), [](const Taken& taken, unsigned nth) {
        if (nth < deep) {
            go_deeper(level_of(taken));
        } else if (nth == deep) {
            for (unsigned i = 1; i <= 2; ++i) {
                VirtualTimer::arm(0);
                unmask();
                note(soon([i] { return log().count == deep + i; }), deep);
                mask();
                note(active_levels() == (1U << deep) - 1, deep);
            }
        }
        end_at_once(taken, nth);
    });
    open_levels();
    open(machine().virtual_timer, 0);
    pend(spi(0));
    GUEST_TRY(takes(deep + 2));
    GUEST_REQUIRE(!irqs().is_active(machine().virtual_timer), "the timer stays active", 27);
    return nothing_left();
}

/** EOImode 1: the timer's priority is dropped, twelve more become active; it may end first or
 * last. */
Outcome timer_among_dropped() {
    for (const bool timer_first : {true, false}) {
        prepare(setup(), [](const Taken& taken, unsigned) { cpu().end(taken.group, taken.ack); });
        open_levels();
        open(machine().virtual_timer, 0xb8);
        VirtualTimer::arm(0);
        take(1);
        VirtualTimer::mask();
        for (unsigned i = 0; i < deep; ++i) {
            pend(spi(i));
        }
        GUEST_TRY(takes(deep + 1));
        for (unsigned i = 0; i <= deep; ++i) {
            const bool timers_turn = timer_first ? i == 0 : i == deep;
            const unsigned level = timer_first ? i - 1 : i;
            cpu().deactivate(Ack{timers_turn ? machine().virtual_timer.value : spi(level).value});
            GUEST_REQUIRE(irqs().is_active(machine().virtual_timer) == (!timer_first && i < deep),
                          "the timer's active bit after end", i);
        }
        GUEST_TRY(nothing_left());
        set_script(end_at_once);
        VirtualTimer::arm(0);
        GUEST_TRY(takes(deep + 2));
    }
    return is_idle();
}

constinit unsigned cleared_level = 0;

/** The innermost clears one level's active bit; each then ends, and ends nothing but itself. */
Outcome cleared_inside() {
    for (const unsigned which : {deep - 1, deep / 2, 0U}) {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            const unsigned level = level_of(taken);
            if (nth < deep) {
                go_deeper(level);
            } else {
                irqs().clear_active(spi(cleared_level));
            }
            finish_interrupt(taken);
            const std::uint32_t below = (1U << level) - 1;
            note(active_levels() == (below & ~(1U << cleared_level)), level);
        });
        cleared_level = which;
        open_levels();
        pend(spi(0));
        GUEST_TRY(takes(deep));
        GUEST_TRY(nothing_left());
    }
    return passed;
}

/** Configured as an edge, where that can be, a line that stays high comes once each time it rises. */
Outcome edge_line() {
    for (const Intid timer : {machine().virtual_timer, machine().physical_timer}) {
        prepare(setup(), [](const Taken& taken, unsigned) { finish_interrupt(taken); });
        irqs().set_edge(timer, true);
        const std::uint32_t config = read32(irqs().block(timer) + GICD_ICFGR + 4);
        if ((config >> (timer.value % 16 * 2 + 1) & 1) == 0) {
            return skipped("a PPI's trigger cannot be chosen");
        }
        open(timer);
        const bool is_virtual = timer == machine().virtual_timer;
        for (unsigned i = 1; i <= 3; ++i) {
            is_virtual ? VirtualTimer::arm(0) : PhysicalTimer::arm(0);
            GUEST_TRY(takes(i));
            is_virtual ? VirtualTimer::mask() : PhysicalTimer::mask();
            take_any();
            GUEST_TRY(exactly(i));
        }
    }
    return is_idle();
}

constexpr Rule all[] = {
    {"depth.timer-below", timer_below, When::always},
    {"depth.timer-above", timer_above, When::always},
    {"depth.timer-among-dropped", timer_among_dropped, When::split},
    // Under Baton the count of an EOIR that finds no list register does not say whose it was.
    {"depth.cleared-inside", cleared_inside, When::joint},
    {"line.edge", edge_line, When::always},
};

} // namespace

std::span<const Rule> depth_checks() {
    return all;
}

} // namespace guest::lab
