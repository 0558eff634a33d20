// SPDX-License-Identifier: Apache-2.0
// Group 0 and Group 1 side by side: who is signalled how, acknowledged by what, switched by what.

#include "conform.hpp"

namespace guest::lab {
namespace {

constexpr Intid first = spi(0);  // Group 0 in these checks
constexpr Intid second = spi(1); // Group 1
constexpr const char* hidden =
    "in QEMU's own GIC the most urgent interrupt hides others even if its group is disabled";

/** Both open, in their groups, at these priorities. */
void open_both(std::uint8_t priority0, std::uint8_t priority1) {
    irqs().set_group(first, Group::group0);
    irqs().set_group(second, Group::group1);
    open(first, priority0);
    open(second, priority1);
}

Outcome came_in_order(Intid earlier, Intid later) {
    GUEST_TRY(exactly(2));
    GUEST_REQUIRE(log().taken[0].ack.intid() == earlier && log().taken[1].ack.intid() == later,
                  "out of order", log().taken[0].ack.raw);
    for (unsigned i = 0; i < 2; ++i) {
        const Taken& taken = log().taken[i];
        const bool is_first = taken.ack.intid() == first;
        GUEST_REQUIRE(taken.fiq == (irqs().is_v3() && is_first), "signalled wrongly",
                      taken.ack.raw);
    }
    return is_idle();
}

/** The more urgent one comes first, whatever its group. */
Outcome both() {
    open_both(0x40, 0x80);
    pend(first);
    pend(second);
    take(2);
    GUEST_TRY(came_in_order(first, second));
    prepare(setup());
    open_both(0x80, 0x40);
    pend(first);
    pend(second);
    take(2);
    return came_in_order(second, first);
}

/** One group switched off in GICD_CTLR holds back its own interrupts only. */
Outcome distributor_enables() {
    if (!irqs().is_v3() && !machine().under_baton) {
        return skipped(hidden);
    }
    for (const Group on : {Group::group0, Group::group1}) {
        prepare(setup());
        const Intid expected = on == Group::group0 ? first : second;
        open_both(0x80, 0x80);
        irqs().enable_groups(enable_bit(on));
        pend(first);
        pend(second);
        GUEST_TRY(takes(1));
        GUEST_REQUIRE(log().taken[0].ack.intid() == expected, "the wrong one",
                      log().taken[0].ack.raw);
        irqs().enable_groups(3);
        GUEST_TRY(takes(2));
    }
    return is_idle();
}

/** The same at the CPU interface. */
Outcome interface_enables() {
    if (!machine().under_baton) {
        return skipped(hidden);
    }
    for (const Group on : {Group::group0, Group::group1}) {
        prepare(setup());
        const Intid expected = on == Group::group0 ? first : second;
        open_both(0x80, 0x80);
        cpu().control({.groups = enable_bit(on)});
        pend(first);
        pend(second);
        GUEST_TRY(takes(1));
        GUEST_REQUIRE(log().taken[0].ack.intid() == expected, "the wrong one",
                      log().taken[0].ack.raw);
        cpu().control({});
        GUEST_TRY(takes(2));
    }
    return is_idle();
}

/** A pending interrupt follows its group when that is changed. */
Outcome changed_while_pending() {
    for (const Group group : {Group::group0, Group::group1}) {
        for (const Intid i : {first, free_ppi}) {
            prepare({other(group), EoiMode::joint});
            open(i);
            irqs().enable_groups(enable_bit(group));
            irqs().set_pending(i);
            take_any();
            GUEST_TRY(exactly(0));
            irqs().set_group(i, group);
            GUEST_TRY(takes(1));
            GUEST_REQUIRE(log().taken[0].fiq == (irqs().is_v3() && group == Group::group0),
                          "signalled as in its old group", i.value);
        }
    }
    return is_idle();
}

/** An interrupt of one group preempts one of the other. */
Outcome preemption_across() {
    static constinit volatile unsigned inside = 0;
    for (const bool group0_first : {false, true}) {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                pend(taken.ack.intid() == first ? second : first);
                take_any();
                inside = log().count;
            }
            finish_interrupt(taken);
        });
        inside = 0;
        open_both(group0_first ? 0x80 : 0x40, group0_first ? 0x40 : 0x80);
        pend(group0_first ? first : second);
        GUEST_TRY(takes(2));
        GUEST_REQUIRE(inside == 2, "did not preempt; Group 0 was first", group0_first);
        GUEST_REQUIRE(cpu().active_levels() == 0, "APR bits left", cpu().active_levels());
    }
    return is_idle();
}

/** Eight of a switched-off group, more urgent, cannot hide one of the other. */
Outcome crowd_of_disabled() {
    if (!machine().under_baton) {
        return skipped(hidden);
    }
    constexpr unsigned many = 8;
    for (const Group on : {Group::group0, Group::group1}) {
        prepare({other(on), EoiMode::joint});
        for (unsigned i = 0; i < many; ++i) {
            open(spi(i), 0x40);
        }
        irqs().set_group(spi(many), on);
        open(spi(many), 0x80);
        cpu().control({.groups = enable_bit(on)});
        for (unsigned i = 0; i <= many; ++i) {
            irqs().set_pending(spi(i));
        }
        GUEST_TRY(takes(1));
        GUEST_REQUIRE(log().taken[0].ack.intid() == spi(many), "the wrong one",
                      log().taken[0].ack.raw);
        cpu().control({});
        GUEST_TRY(takes(many + 1));
    }
    return is_idle();
}

constexpr Rule all[] = {
    {"group.both", both, When::once},
    {"group.distributor-enables", distributor_enables, When::once},
    {"group.interface-enables", interface_enables, When::once},
    {"group.changed-while-pending", changed_while_pending, When::once},
    {"group.preemption-across", preemption_across, When::once},
    {"group.crowd-of-disabled", crowd_of_disabled, When::once},
};

} // namespace

std::span<const Rule> group_checks() {
    return all;
}

} // namespace guest::lab
