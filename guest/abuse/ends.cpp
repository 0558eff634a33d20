// SPDX-License-Identifier: Apache-2.0
// Ends and deactivations of what never began, of what ended already, in the wrong order and with
// the wrong numbers; and interrupts that are abandoned.

#include "abuse.hpp"

namespace guest::lab {
namespace {

constexpr std::uint32_t first_lpi = 8192;

void end_everything() {
    for (std::uint32_t i = 0; i < 1024; ++i) {
        cpu().end(Group::group0, Ack{i});
        cpu().deactivate(Ack{i});
        cpu().end(irqs().is_v3() ? Group::group1 : Group::group0, Ack{i});
        cpu().deactivate(Ack{i});
    }
    for (const std::uint32_t i : {first_lpi, first_lpi + 27, 0xffffU, 0xffffffU, 0xffffffffU}) {
        cpu().end(bank(), Ack{i});
        cpu().deactivate(Ack{i});
    }
}

/** Nothing is active: nothing may come of it. */
Outcome ends_of_nothing(EoiMode mode) {
    prepare({Group::group1, mode});
    open(Intid{100});
    open(machine().virtual_timer);
    end_everything();
    GUEST_TRY(is_idle());
    pend(Intid{100});
    VirtualTimer::arm(0);
    GUEST_TRY(takes(2));
    end_everything();
    return is_idle();
}

/** What waits is not touched by ends of it: it comes once. */
Outcome ends_of_pending(EoiMode mode) {
    prepare({Group::group1, mode});
    open(Intid{100});
    open(machine().virtual_timer);
    pend(Intid{100});
    VirtualTimer::arm(0);
    end_everything();
    GUEST_TRY(takes(2));
    return is_idle();
}

/** Twice each, in EOImode 1 with DIR twice, too. */
Outcome twice(EoiMode mode) {
    prepare({Group::group1, mode}, [](const Taken& taken, unsigned nth) {
        end_at_once(taken, nth);
        finish_interrupt(taken);
        cpu().deactivate(taken.ack);
    });
    open(Intid{100});
    open(machine().virtual_timer);
    for (unsigned i = 1; i <= 50; ++i) {
        pend(Intid{100});
        VirtualTimer::arm(VirtualTimer::now());
        GUEST_TRY(takes(2 * i));
        GUEST_REQUIRE(!irqs().is_active(machine().virtual_timer), "the timer stays active", i);
    }
    return is_idle();
}

/** Ends of everything while many are active: only their own DIR ends them in EOImode 1. */
Outcome ends_of_active() {
    constexpr unsigned many = 12;
    prepare({Group::group1, EoiMode::split},
            [](const Taken& taken, unsigned) { cpu().end(taken.group, taken.ack); });
    for (unsigned i = 0; i < many; ++i) {
        open(Intid{100 + i});
        pend(Intid{100 + i});
    }
    GUEST_TRY(takes(many));
    for (std::uint32_t i = 0; i < 1024; ++i) {
        if (i < 100 || i >= 100 + many) {
            cpu().deactivate(Ack{i});
            cpu().end(bank(), Ack{i});
        }
    }
    for (unsigned i = 0; i < many; ++i) {
        GUEST_REQUIRE(irqs().is_active(Intid{100 + i}), "ended by somebody else's end", 100 + i);
        cpu().deactivate(Ack{100 + i});
        cpu().deactivate(Ack{100 + i});
        GUEST_REQUIRE(!irqs().is_active(Intid{100 + i}), "not ended by its own", 100 + i);
    }
    return is_idle();
}

/** A timer and many others acknowledged and never ended, again and again. */
void abandon() {
    for (unsigned round = 0; round < 30; ++round) {
        prepare({});
        open(machine().virtual_timer, 0);
        open(machine().physical_timer, 0);
        VirtualTimer::arm(0);
        PhysicalTimer::arm(0);
        for (unsigned i = 0; i < 12; ++i) {
            open(Intid{100 + i}, static_cast<std::uint8_t>(0xd8 - 8 * i));
            pend(Intid{100 + i});
            (void)cpu().acknowledge(bank());
            if (i % 3 == round % 3) {
                cpu().clear_active_priorities();
                cpu().end(bank(), Ack{100 + i}); // with no priority active
            }
        }
    }
}

} // namespace

Outcome abuse_ends() {
    for (const EoiMode mode : {EoiMode::joint, EoiMode::split}) {
        GUEST_TRY(ends_of_nothing(mode));
        GUEST_TRY(ends_of_pending(mode));
        GUEST_TRY(twice(mode));
    }
    GUEST_TRY(ends_of_active());
    abandon();
    return passed;
}

} // namespace guest::lab
