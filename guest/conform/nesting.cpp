// SPDX-License-Identifier: Apache-2.0
// Preemption: which interrupt may interrupt which handler, and how the levels unwind.

#include "conform.hpp"

namespace guest::lab {
namespace {

/** What the handlers of this file note: how deep each interrupt came in, and what RPR said. */
struct Depths {
    unsigned now = 0;
    unsigned deepest = 0;
    unsigned levels = 0; // APR bits at the deepest
    bool wrong_running = false;
};
constinit Depths depths{};

constexpr unsigned levels = 4;
constexpr std::uint8_t level_priority[levels] = {0x80, 0x60, 0x40, 0x20};

/** Level n makes level n + 1 pending and lets it in. */
void dig(const Taken& taken, unsigned) {
    const unsigned level = (taken.ack.raw - spi(0).value) / 7;
    Depths& d = depths;
    ++d.now;
    if (d.now > d.deepest) {
        d.deepest = d.now;
        d.levels = cpu().active_levels();
    }
    d.wrong_running |= cpu().running_priority() != level_priority[level];
    if (level + 1 < levels) {
        pend(spi(level + 1));
        unmask();
        const bool returned = soon([level] { return log().count > level + 1; });
        mask();
        d.wrong_running |= !returned || cpu().running_priority() != level_priority[level];
    }
    --d.now;
    finish_interrupt(taken);
}

/** 0x80, 0x60, 0x40, 0x20: each interrupts the one before, and all unwind. */
Outcome four_levels() {
    prepare(setup(), dig);
    depths = {};
    for (unsigned i = 0; i < levels; ++i) {
        open(spi(i), level_priority[i]);
    }
    pend(spi(0));
    GUEST_TRY(takes(levels));
    GUEST_REQUIRE(depths.deepest == levels, "levels reached", depths.deepest);
    GUEST_REQUIRE(depths.levels == levels, "APR bits at the deepest", depths.levels);
    GUEST_REQUIRE(!depths.wrong_running, "RPR differs from the level's priority", 0);
    GUEST_REQUIRE(cpu().active_levels() == 0, "APR bits left", cpu().active_levels());
    return is_idle();
}

constinit volatile bool came_in = false;

/** The first makes spi(1) pending and looks whether it comes in before the first ends. */
void let_in(const Taken& taken, unsigned nth) {
    if (nth == 1) {
        pend(spi(1));
        take_any();
        came_in = log().count == 2;
    }
    finish_interrupt(taken);
}

/** Whether `second` interrupts the handler of `first`; both must come, whatever the order. */
Outcome preempts(unsigned first, unsigned second, bool wanted) {
    set_script(let_in);
    log().count = 0;
    came_in = false;
    open(spi(0), static_cast<std::uint8_t>(first));
    open(spi(1), static_cast<std::uint8_t>(second));
    pend(spi(0));
    GUEST_TRY(takes(2));
    GUEST_REQUIRE(came_in == wanted,
                  wanted ? "did not preempt (running, pending)" : "preempted (running, pending)",
                  first << 8 | second);
    return is_idle();
}

Outcome no_preemption() {
    GUEST_TRY(preempts(0x80, 0x80, false));
    GUEST_TRY(preempts(0x80, 0x88, false));
    GUEST_TRY(preempts(0x80, 0xe0, false));
    return preempts(0x00, 0x00, false);
}

/**
 * With every binary point only the group priority counts: the bits above it, of which Group 1 has
 * one more at the same value (IHI 0048B 3.3.3, IHI 0069 4.8.2).
 */
Outcome binary_points() {
    const Group group = setup().group;
    for (unsigned point = 0; point < 8; ++point) {
        cpu().set_binary_point(group, point);
        const unsigned kept = cpu().binary_point(group);
        const unsigned dropped = group == Group::group0 ? kept + 1 : kept;
        const unsigned mask_bits = 0xffU << dropped & 0xff;
        for (const unsigned second : {0x98U, 0x90U, 0x88U, 0x80U, 0x60U, 0x40U, 0x00U}) {
            const bool wanted = (second & mask_bits) < (0x98 & mask_bits);
            GUEST_TRY(preempts(0x98, second, wanted));
        }
    }
    return passed;
}

/** The subpriority still decides what comes first. */
Outcome subpriority() {
    prepare(setup());
    cpu().set_binary_point(setup().group, 6);
    open(spi(0), 0x98);
    open(spi(1), 0x88);
    open(spi(2), 0x90);
    for (unsigned i = 0; i < 3; ++i) {
        pend(spi(i));
    }
    GUEST_TRY(takes(3));
    GUEST_REQUIRE(log().taken[0].ack.intid() == spi(1) && log().taken[1].ack.intid() == spi(2),
                  "out of order", log().taken[0].ack.raw);
    return is_idle();
}

/** EOImode 1: once the priority is dropped an equal one may come in, though it is still active. */
Outcome drop_lets_in() {
    static constinit volatile unsigned inside = 0;
    prepare(setup(), [](const Taken& taken, unsigned nth) {
        cpu().end(taken.group, taken.ack);
        if (nth == 1) {
            pend(spi(1));
            take_any();
            inside = log().count;
        }
        cpu().deactivate(taken.ack);
    });
    inside = 0;
    open(spi(0), 0x80);
    open(spi(1), 0x80);
    pend(spi(0));
    GUEST_TRY(takes(2));
    GUEST_REQUIRE(inside == 2, "the dropped priority held back its equal", inside);
    return is_idle();
}

/** The mask holds back inside a handler, too. */
Outcome masked_inside() {
    static constinit volatile unsigned inside = 0;
    prepare(setup(), [](const Taken& taken, unsigned nth) {
        if (nth == 1) {
            cpu().set_mask(0x40);
            pend(spi(1));
            take_any();
            inside = log().count;
            cpu().set_mask(0xf0);
            take_any();
        }
        finish_interrupt(taken);
    });
    inside = 0;
    open(spi(0), 0x80);
    open(spi(1), 0x40);
    pend(spi(0));
    GUEST_TRY(takes(2));
    GUEST_REQUIRE(inside == 1, "PMR let it through", inside);
    return is_idle();
}

constexpr Rule all[] = {
    {"nest.four-levels", four_levels, When::always},
    {"nest.no-preemption", no_preemption, When::always},
    {"nest.binary-points", binary_points, When::always},
    {"nest.subpriority", subpriority, When::always},
    {"nest.drop-lets-in", drop_lets_in, When::split},
    {"nest.masked-inside", masked_inside, When::always},
};

} // namespace

std::span<const Rule> nesting_checks() {
    return all;
}

} // namespace guest::lab
