// SPDX-License-Identifier: Apache-2.0
// One software interrupt: pending, delivered, active, ended - and every switch that holds it back.

#include "conform.hpp"

namespace guest::lab {
namespace {

Outcome is_inactive(Intid i) {
    GUEST_REQUIRE(!irqs().is_pending(i), "still pending", i.value);
    GUEST_REQUIRE(!irqs().is_active(i), "still active", i.value);
    return is_idle();
}

/** Delivered once by the right signal, and gone. */
Outcome once() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i);
        pend(i);
        GUEST_TRY(takes(1));
        const Taken& taken = log().taken[0];
        GUEST_REQUIRE(taken.ack.raw == i.value, "IAR", taken.ack.raw);
        const bool fiq = irqs().is_v3() && setup().group == Group::group0;
        GUEST_REQUIRE(taken.fiq == fiq, "signalled as the wrong exception", i.value);
        return is_inactive(i);
    });
}

/** An interrupt that is pending already cannot become more so. */
Outcome merged() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i);
        pend(i);
        pend(i);
        pend(i);
        GUEST_TRY(takes(1));
        return is_inactive(i);
    });
}

/** Pending again while active: pending and active at once, and delivered exactly once more. */
Outcome again() {
    static constinit volatile bool both = false;
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                pend(taken.ack.intid());
                pend(taken.ack.intid());
                both = irqs().is_pending(taken.ack.intid()) && irqs().is_active(taken.ack.intid());
            }
            finish_interrupt(taken);
        });
        both = false;
        open(i);
        pend(i);
        GUEST_TRY(takes(2));
        GUEST_REQUIRE(both, "not shown as pending and active", i.value);
        return is_inactive(i);
    });
}

Outcome retracted() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i);
        pend(i);
        GUEST_REQUIRE(irqs().is_pending(i), "not shown as pending", i.value);
        irqs().retract(i);
        GUEST_REQUIRE(!irqs().is_pending(i), "shown as pending", i.value);
        take_any();
        GUEST_TRY(exactly(0));
        pend(i);
        return takes(1);
    });
}

/** Pending again while active and taken back before its end: no second time. */
Outcome retracted_while_active() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned) {
            pend(taken.ack.intid());
            irqs().retract(taken.ack.intid());
            finish_interrupt(taken);
        });
        open(i);
        pend(i);
        take(1);
        take_any();
        GUEST_TRY(exactly(1));
        return is_inactive(i);
    });
}

Outcome disabled() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        if (is_v2_sgi(i)) {
            return passed;
        }
        open(i);
        irqs().disable(i);
        pend(i);
        GUEST_REQUIRE(irqs().is_pending(i), "not shown as pending", i.value);
        take_any();
        GUEST_TRY(exactly(0));
        irqs().enable(i);
        GUEST_TRY(takes(1));
        return is_inactive(i);
    });
}

/** Pending and enabled, then disabled before the CPU took it. */
Outcome disabled_late() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        if (is_v2_sgi(i)) {
            return passed;
        }
        open(i);
        pend(i);
        irqs().disable(i);
        take_any();
        GUEST_TRY(exactly(0));
        GUEST_REQUIRE(irqs().is_pending(i), "lost while disabled", i.value);
        irqs().enable(i);
        return takes(1);
    });
}

/** GICD_CTLR off: what is pending stays so, and comes when it is on again. */
Outcome distributor_off() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i);
        irqs().enable_groups(0);
        pend(i);
        take_any();
        GUEST_TRY(exactly(0));
        GUEST_REQUIRE(irqs().is_pending(i), "lost while GICD_CTLR was off", i.value);
        irqs().enable_groups(3);
        GUEST_TRY(takes(1));
        pend(i);
        irqs().enable_groups(0);
        take_any();
        GUEST_TRY(exactly(1));
        irqs().enable_groups(3);
        return takes(2);
    });
}

/** GICD_CTLR off and on between acknowledge and end. */
Outcome distributor_off_while_active() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            irqs().enable_groups(0);
            if (nth == 1) {
                pend(taken.ack.intid());
            }
            finish_interrupt(taken);
            irqs().enable_groups(3);
        });
        open(i);
        pend(i);
        GUEST_TRY(takes(2));
        return is_inactive(i);
    });
}

Outcome interface_off() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i);
        cpu().control({.groups = 0, .mode = setup().mode});
        pend(i);
        take_any();
        GUEST_TRY(exactly(0));
        cpu().control({.mode = setup().mode});
        GUEST_TRY(takes(1));
        return is_inactive(i);
    });
}

/** Only priorities above the mask are signalled; equal is not above. */
Outcome priority_mask() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        open(i, 0x80);
        cpu().set_mask(0x80);
        pend(i);
        take_any();
        GUEST_TRY(exactly(0));
        cpu().set_mask(0);
        take_any();
        GUEST_TRY(exactly(0));
        cpu().set_mask(0x88);
        GUEST_TRY(takes(1));
        return is_inactive(i);
    });
}

/** Without an exception: HPPIR, IAR, RPR, EOIR. */
Outcome polled() {
    return each_kind([](Intid i) -> Outcome {
        prepare(setup());
        const Group group = bank();
        open(i, 0x40);
        GUEST_REQUIRE(cpu().highest_pending(group) == 1023, "HPPIR of nothing",
                      cpu().highest_pending(group));
        pend(i);
        GUEST_REQUIRE(cpu().highest_pending(group) == i.value, "HPPIR",
                      cpu().highest_pending(group));
        GUEST_REQUIRE(!irqs().is_active(i), "active before its acknowledge", i.value);
        const Ack ack = cpu().acknowledge(group);
        GUEST_REQUIRE(ack.raw == i.value, "IAR", ack.raw);
        GUEST_REQUIRE(irqs().is_active(i) && !irqs().is_pending(i), "not active alone", i.value);
        GUEST_REQUIRE(cpu().running_priority() == 0x40, "RPR", cpu().running_priority());
        GUEST_REQUIRE(cpu().highest_pending(group) == 1023, "HPPIR once taken",
                      cpu().highest_pending(group));
        const Ack second = cpu().acknowledge(group);
        GUEST_REQUIRE(second.intid() == spurious_intid, "IAR once taken", second.raw);
        finish_interrupt({ack, group, false});
        return is_inactive(i);
    });
}

/** Ends of nothing: EOIR of 1023, of what is not active; the next one comes all the same. */
Outcome spurious() {
    const Group group = bank();
    GUEST_TRY(is_idle());
    cpu().end(group, Ack{1023});
    cpu().end(group, Ack{spi(3).value});
    GUEST_TRY(is_idle());
    open(spi(0));
    pend(spi(0));
    return takes(1);
}

constexpr Rule all[] = {
    {"life.once", once, When::always},
    {"life.merged", merged, When::always},
    {"life.again", again, When::always},
    {"life.retracted", retracted, When::always},
    {"life.retracted-while-active", retracted_while_active, When::always},
    {"life.disabled", disabled, When::always},
    {"life.disabled-late", disabled_late, When::always},
    {"life.distributor-off", distributor_off, When::always},
    {"life.distributor-off-while-active", distributor_off_while_active, When::always},
    {"life.interface-off", interface_off, When::always},
    {"life.priority-mask", priority_mask, When::always},
    {"life.polled", polled, When::always},
    {"life.spurious", spurious, When::always},
};

} // namespace

std::span<const Rule> life_checks() {
    return all;
}

} // namespace guest::lab
