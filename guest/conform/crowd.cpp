// SPDX-License-Identifier: Apache-2.0
// More interrupts pending or active at once than any CPU interface has list registers.

#include "conform.hpp"

namespace guest::lab {
namespace {

constexpr unsigned crowd = 20;
constinit volatile bool went_wrong = false;
constinit volatile unsigned deepest = 0;
constinit unsigned order_of[crowd];

unsigned number(const Taken& taken) {
    return (taken.ack.raw - spi(0).value) / 7;
}

bool all_active(unsigned first, unsigned end) {
    for (unsigned i = first; i < end; ++i) {
        if (!irqs().is_active(spi(i))) {
            return false;
        }
    }
    return true;
}

bool none_active() {
    for (unsigned i = 0; i < crowd; ++i) {
        if (irqs().is_active(spi(i))) {
            return false;
        }
    }
    return true;
}

Outcome all_gone() {
    GUEST_REQUIRE(none_active(), "active for ever", 0);
    GUEST_REQUIRE(cpu().active_levels() == 0, "APR bits left", cpu().active_levels());
    return is_idle();
}

/** A fixed shuffle: 7 and 20 have no common divisor. */
void fill_order(unsigned kind) {
    for (unsigned i = 0; i < crowd; ++i) {
        order_of[i] = kind == 0 ? i : kind == 1 ? crowd - 1 - i : i * 7 % crowd;
    }
}

/** Twenty levels deep, each of its own priority. */
void dig(const Taken& taken, unsigned) {
    const unsigned level = number(taken);
    if (level + 1 < crowd) {
        pend(spi(level + 1));
        unmask();
        const bool came = soon([level] { return log().count > level + 1; });
        mask();
        if (!came || irqs().is_active(spi(level + 1))) {
            went_wrong = true;
        }
    } else {
        deepest = cpu().active_levels();
        went_wrong = went_wrong || !all_active(0, crowd);
    }
    finish_interrupt(taken);
}

Outcome nested() {
    prepare(setup(), dig);
    went_wrong = false;
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0xa8 - 8 * i));
    }
    pend(spi(0));
    GUEST_TRY(takes(crowd));
    GUEST_REQUIRE(deepest == crowd, "APR bits at the deepest", deepest);
    GUEST_REQUIRE(!went_wrong, "active bits differ from what was acknowledged and ended", 0);
    return all_gone();
}

/** The same, and each becomes pending again while all of them are active. */
Outcome nested_again() {
    prepare(setup(), [](const Taken& taken, unsigned nth) {
        if (nth > crowd) {
            finish_interrupt(taken);
            return;
        }
        if (nth == crowd) {
            for (unsigned i = 0; i < crowd; ++i) {
                pend(spi(i));
            }
        }
        dig(taken, nth);
    });
    went_wrong = false;
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0xa8 - 8 * i));
    }
    pend(spi(0));
    GUEST_TRY(takes(2 * crowd));
    for (unsigned i = 0; i < crowd; ++i) {
        const unsigned which = number(log().taken[crowd + i]);
        GUEST_REQUIRE(which == crowd - 1 - i, "out of order the second time", which);
    }
    return all_gone();
}

/** Nothing but the priority drop, so that all are active at once without nesting. */
void drop_only(const Taken& taken, unsigned) {
    cpu().end(taken.group, taken.ack);
}

Outcome make_all_active() {
    set_script(drop_only);
    log().count = 0;
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0x20 + i % 4 * 0x20));
        pend(spi(i));
    }
    GUEST_TRY(takes(crowd));
    GUEST_REQUIRE(all_active(0, crowd), "not all active", 0);
    return passed;
}

/** EOImode 1: twenty active, deactivated upwards, downwards and shuffled. */
Outcome any_order() {
    for (unsigned kind = 0; kind < 3; ++kind) {
        fill_order(kind);
        GUEST_TRY(make_all_active());
        for (unsigned i = 0; i < crowd; ++i) {
            cpu().deactivate(Ack{spi(order_of[i]).value});
            for (unsigned k = 0; k < crowd; ++k) {
                GUEST_REQUIRE(irqs().is_active(spi(order_of[k])) == (k > i),
                              "active bit wrong (ended, looked at)",
                              spi(order_of[i]).value << 16 | spi(order_of[k]).value);
            }
        }
        GUEST_TRY(all_gone());
    }
    return passed;
}

/** Each pending again while active: each comes as soon as it is deactivated, once. */
Outcome any_order_again() {
    fill_order(2);
    GUEST_TRY(make_all_active());
    for (unsigned i = 0; i < crowd; ++i) {
        pend(spi(i));
    }
    take_any();
    GUEST_TRY(exactly(crowd));
    set_script(end_at_once);
    for (unsigned i = 0; i < crowd; ++i) {
        cpu().deactivate(Ack{spi(order_of[i]).value});
        GUEST_TRY(takes(crowd + i + 1));
        GUEST_REQUIRE(log().taken[crowd + i].ack.intid() == spi(order_of[i]), "another one came",
                      log().taken[crowd + i].ack.raw);
    }
    return all_gone();
}

/** A timer among twenty active ones is taken, ended and comes again. */
Outcome timers_on_top() {
    GUEST_TRY(make_all_active());
    set_script(end_at_once);
    open(machine().virtual_timer, 0x80);
    open(machine().physical_timer, 0x90);
    for (unsigned i = 1; i <= 5; ++i) {
        VirtualTimer::arm(VirtualTimer::now());
        PhysicalTimer::arm(PhysicalTimer::now());
        GUEST_TRY(takes(crowd + 2 * i));
        GUEST_REQUIRE(all_active(0, crowd), "a tick ended something else", i);
    }
    GUEST_REQUIRE(!irqs().is_active(machine().virtual_timer), "the timer stays active", 27);
    for (unsigned i = 0; i < crowd; ++i) {
        cpu().deactivate(Ack{spi(i).value});
    }
    return all_gone();
}

/** ICACTIVER ends them all, word by word; each can come again. */
Outcome cleared() {
    GUEST_TRY(make_all_active());
    for (std::uint32_t word = 32; word < irqs().count(); word += 32) {
        write32(irqs().word(GICD_ICACTIVER, Intid{word}), 0xffffffff);
    }
    GUEST_TRY(all_gone());
    GUEST_TRY(make_all_active());
    for (unsigned i = 0; i < crowd; ++i) {
        irqs().clear_active(spi(i));
    }
    return all_gone();
}

/** Twenty pending, taken back: none comes, however many were shown to the CPU already. */
Outcome retracted() {
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0x20 + i * 8));
        pend(spi(i));
    }
    for (unsigned i = 0; i < crowd; ++i) {
        GUEST_REQUIRE(irqs().is_pending(spi(i)), "lost before", spi(i).value);
        irqs().clear_pending(spi(i));
        GUEST_REQUIRE(!irqs().is_pending(spi(i)), "still pending", spi(i).value);
    }
    take_any();
    GUEST_TRY(exactly(0));
    return all_gone();
}

/** Twenty pending, every second one disabled: the others come, then these. */
Outcome half_disabled() {
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0x20 + i * 8));
        pend(spi(i));
    }
    for (unsigned i = 0; i < crowd; i += 2) {
        irqs().disable(spi(i));
    }
    GUEST_TRY(takes(crowd / 2));
    for (unsigned i = 0; i < crowd / 2; ++i) {
        GUEST_REQUIRE(number(log().taken[i]) == 2 * i + 1, "out of order", log().taken[i].ack.raw);
    }
    for (unsigned i = 0; i < crowd; i += 2) {
        irqs().enable(spi(i));
    }
    GUEST_TRY(takes(crowd));
    return all_gone();
}

/** Twenty pending while the distributor is off: all come in order once it is on. */
Outcome distributor_off() {
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0xc0 - i * 8));
        pend(spi(i));
    }
    irqs().enable_groups(0);
    take_any();
    GUEST_TRY(exactly(0));
    irqs().enable_groups(3);
    GUEST_TRY(takes(crowd));
    for (unsigned i = 0; i < crowd; ++i) {
        GUEST_REQUIRE(number(log().taken[i]) == crowd - 1 - i, "out of order", i);
    }
    return all_gone();
}

/** Twenty SPIs and sixteen SGIs and a PPI, all pending at once: each comes once. */
Outcome everybody() {
    constexpr unsigned sgis = 16;
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i));
        pend(spi(i));
    }
    for (unsigned i = 0; i < sgis; ++i) {
        open(Intid{i});
        pend(Intid{i});
    }
    open(free_ppi);
    pend(free_ppi);
    GUEST_TRY(takes(crowd + sgis + 1));
    for (unsigned i = 0; i < crowd + sgis + 1; ++i) {
        for (unsigned k = 0; k < i; ++k) {
            GUEST_REQUIRE(log().taken[i].ack.raw != log().taken[k].ack.raw, "came twice",
                          log().taken[i].ack.raw);
        }
    }
    return all_gone();
}

constexpr Rule all[] = {
    {"crowd.nested", nested, When::always},
    {"crowd.nested-again", nested_again, When::always},
    {"crowd.any-order", any_order, When::split},
    {"crowd.any-order-again", any_order_again, When::split},
    {"crowd.timers-on-top", timers_on_top, When::split},
    {"crowd.cleared", cleared, When::split},
    {"crowd.retracted", retracted, When::always},
    {"crowd.half-disabled", half_disabled, When::always},
    {"crowd.distributor-off", distributor_off, When::always},
    {"crowd.everybody", everybody, When::always},
};

} // namespace

std::span<const Rule> crowd_checks() {
    return all;
}

} // namespace guest::lab
