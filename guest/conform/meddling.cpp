// SPDX-License-Identifier: Apache-2.0
// Software meddles with an interrupt while it is active, or makes it active itself.

#include "conform.hpp"

namespace guest::lab {
namespace {

Outcome works_again(Intid i, unsigned so_far) {
    GUEST_REQUIRE(!irqs().is_active(i), "active for ever", i.value);
    GUEST_TRY(is_idle());
    irqs().enable(i);
    pend(i);
    return takes(so_far + 1);
}

/** Disabled while active, then ended: it must end all the same, and come again once enabled. */
Outcome disabled_while_active() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned) {
            irqs().disable(taken.ack.intid());
            finish_interrupt(taken);
        });
        if (is_v2_sgi(i)) {
            return passed;
        }
        open(i);
        pend(i);
        GUEST_TRY(takes(1));
        GUEST_REQUIRE(!irqs().is_active(i), "active after its end", i.value);
        pend(i);
        take_any();
        GUEST_TRY(exactly(1));
        irqs().enable(i);
        GUEST_TRY(takes(2));
        return works_again(i, 2);
    });
}

/** The same, and pending again while it is active and disabled. */
Outcome disabled_and_pending_while_active() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                irqs().disable(taken.ack.intid());
                pend(taken.ack.intid());
            }
            finish_interrupt(taken);
        });
        if (is_v2_sgi(i)) {
            return passed;
        }
        open(i);
        pend(i);
        GUEST_TRY(takes(1));
        GUEST_REQUIRE(irqs().is_pending(i), "the second one is lost", i.value);
        irqs().enable(i);
        GUEST_TRY(takes(2));
        return works_again(i, 2);
    });
}

/** Disabled and enabled again between acknowledge and end. */
Outcome toggled_while_active() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                pend(taken.ack.intid());
            }
            irqs().disable(taken.ack.intid());
            irqs().enable(taken.ack.intid());
            finish_interrupt(taken);
        });
        open(i);
        pend(i);
        GUEST_TRY(takes(2));
        return works_again(i, 2);
    });
}

constinit Taken last_taken{};

/** Ends by ICACTIVER, not by EOIR or DIR; the priority is dropped later. */
void clear_instead(const Taken& taken, unsigned nth) {
    if (nth > 1) {
        finish_interrupt(taken);
        return;
    }
    last_taken = taken;
    irqs().clear_active(taken.ack.intid());
}

/** ICACTIVER in the handler instead of an end: exactly one interrupt, and the priority stays. */
Outcome active_cleared() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), clear_instead);
        open(i);
        pend(i);
        GUEST_TRY(takes(1));
        GUEST_REQUIRE(!irqs().is_active(i), "still active", i.value);
        GUEST_REQUIRE(cpu().running_priority() == 0xa0, "RPR", cpu().running_priority());
        open(spi(7), 0x20);
        pend(spi(7));
        GUEST_TRY(takes(2));
        cpu().end(last_taken.group, last_taken.ack); // drops the priority
        return works_again(i, 2);
    });
}

/** The same for one that is pending again: it comes once its priority is dropped. */
Outcome active_cleared_while_pending() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                pend(taken.ack.intid());
            }
            clear_instead(taken, nth);
        });
        open(i);
        pend(i);
        take(1);
        take_any();
        GUEST_TRY(exactly(1));
        GUEST_REQUIRE(irqs().is_pending(i), "the second one is lost", i.value);
        cpu().end(last_taken.group, last_taken.ack);
        GUEST_TRY(takes(2));
        return works_again(i, 2);
    });
}

/** EOImode 1: EOIR, and ICACTIVER in place of DIR. */
Outcome active_cleared_after_drop() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                pend(taken.ack.intid());
            }
            cpu().end(taken.group, taken.ack);
            irqs().clear_active(taken.ack.intid());
        });
        open(i);
        pend(i);
        GUEST_TRY(takes(2));
        set_script(end_at_once);
        return works_again(i, 2);
    });
}

/** Made active by ISACTIVER: what is pending waits until ICACTIVER. */
Outcome set_active() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i);
        irqs().set_active(i);
        GUEST_REQUIRE(irqs().is_active(i), "not shown as active", i.value);
        pend(i);
        GUEST_REQUIRE(irqs().is_active(i) && irqs().is_pending(i), "not both", i.value);
        take_any();
        GUEST_TRY(exactly(0));
        irqs().clear_active(i);
        GUEST_TRY(takes(1));
        return works_again(i, 1);
    });
}

/** Pending first, then made active: not delivered until ICACTIVER. */
Outcome set_active_while_pending() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i);
        pend(i);
        irqs().set_active(i);
        take_any();
        GUEST_TRY(exactly(0));
        GUEST_REQUIRE(irqs().is_active(i) && irqs().is_pending(i), "not both", i.value);
        irqs().clear_active(i);
        GUEST_TRY(takes(1));
        return works_again(i, 1);
    });
}

/** EOImode 1: DIR ends what ISACTIVER made active. */
Outcome set_active_then_dir() {
    return each_kind([](Intid i) -> Outcome {
        if (i.value >= 32 && !irqs().is_v3() && !machine().under_baton) {
            return passed; // QEMU's own GICv2: ISACTIVER of an SPI sets eight bits, DIR clears one
        }
        prepare(setup());
        open(i);
        irqs().set_active(i);
        pend(i);
        take_any();
        GUEST_TRY(exactly(0));
        cpu().deactivate(Ack{i.value});
        GUEST_TRY(takes(1));
        return works_again(i, 1);
    });
}

/** EOImode 1: between EOIR and DIR it is active, others come, it does not. */
Outcome between_drop_and_dir() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            cpu().end(taken.group, taken.ack);
            if (nth != 1) {
                cpu().deactivate(taken.ack);
            }
        });
        open(i);
        open(spi(9));
        pend(i);
        GUEST_TRY(takes(1));
        GUEST_REQUIRE(irqs().is_active(i), "EOIR deactivated", i.value);
        GUEST_REQUIRE((cpu().running_priority() & 0xf8) == 0xf8, "EOIR did not drop the priority",
                      cpu().running_priority());
        pend(i);
        take_any();
        GUEST_TRY(exactly(1));
        pend(spi(9));
        GUEST_TRY(takes(2));
        cpu().deactivate(Ack{i.value});
        GUEST_TRY(takes(3));
        return works_again(i, 3);
    });
}

/** A priority that is changed while the interrupt is pending and disabled counts from then on. */
Outcome priority_changed() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        if (is_v2_sgi(i)) {
            return passed;
        }
        open(i, 0xc0);
        open(spi(9), 0x80);
        irqs().disable(i);
        irqs().disable(spi(9));
        pend(i);
        pend(spi(9));
        irqs().set_priority(i, 0x40);
        irqs().enable(spi(9));
        irqs().enable(i);
        GUEST_TRY(takes(2));
        GUEST_REQUIRE(log().taken[0].ack.intid() == i, "not first", log().taken[0].ack.raw);
        return works_again(i, 2);
    });
}

constexpr Rule all[] = {
    {"meddle.disabled-while-active", disabled_while_active, When::always},
    {"meddle.disabled-and-pending", disabled_and_pending_while_active, When::always},
    {"meddle.toggled-while-active", toggled_while_active, When::always},
    {"meddle.active-cleared", active_cleared, When::always},
    {"meddle.active-cleared-while-pending", active_cleared_while_pending, When::always},
    {"meddle.active-cleared-after-drop", active_cleared_after_drop, When::split},
    {"meddle.set-active", set_active, When::always},
    {"meddle.set-active-while-pending", set_active_while_pending, When::always},
    {"meddle.set-active-then-dir", set_active_then_dir, When::split},
    {"meddle.between-drop-and-dir", between_drop_and_dir, When::split},
    {"meddle.priority-changed", priority_changed, When::always},
};

} // namespace

std::span<const Rule> meddling_checks() {
    return all;
}

} // namespace guest::lab
