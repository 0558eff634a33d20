// SPDX-License-Identifier: Apache-2.0
// Priorities without preemption: the order of delivery, the mask, and what the registers show.

#include "conform.hpp"

#include <cstdio>

namespace guest::lab {
namespace {

constexpr unsigned crowd = 20;

/** Twenty at once, all priorities different and in no order: the most urgent first. */
Outcome twenty_at_once() {
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0x10 + (i * 7 % crowd) * 8));
    }
    for (unsigned i = 0; i < crowd; ++i) {
        pend(spi(i));
    }
    GUEST_TRY(takes(crowd));
    for (unsigned i = 0; i < crowd; ++i) {
        const unsigned which = (log().taken[i].ack.raw - spi(0).value) / 7;
        GUEST_REQUIRE(which * 7 % crowd == i, "out of order", log().taken[i].ack.raw);
    }
    return is_idle();
}

/** Twenty with four priorities: never a less urgent one before a more urgent one. */
Outcome twenty_of_four() {
    const auto level = [](unsigned n) { return n * 3 % 4; };
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0x20 + level(i) * 0x20));
    }
    for (unsigned i = 0; i < crowd; ++i) {
        pend(spi(crowd - 1 - i));
    }
    GUEST_TRY(takes(crowd));
    for (unsigned i = 0; i < crowd; ++i) {
        const unsigned which = (log().taken[i].ack.raw - spi(0).value) / 7;
        GUEST_REQUIRE(level(which) == i / 5, "out of order", log().taken[i].ack.raw);
    }
    return is_idle();
}

/** The order among equals is the implementation's own: each comes once, and it is noted. */
Outcome equals() {
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i));
    }
    for (unsigned i = 0; i < crowd; ++i) {
        pend(spi(crowd - 1 - i));
    }
    GUEST_TRY(takes(crowd));
    unsigned ascending = 0;
    std::uint32_t seen = 0;
    for (unsigned i = 0; i < crowd; ++i) {
        seen |= 1U << ((log().taken[i].ack.raw - spi(0).value) / 7);
        ascending += i > 0 && log().taken[i].ack.raw > log().taken[i - 1].ack.raw ? 1U : 0U;
    }
    GUEST_REQUIRE(seen == (1U << crowd) - 1, "one came twice", seen);
    std::printf("note: %u of %u interrupts of equal priority came in the order of their INTIDs\n",
                ascending, crowd - 1);
    return is_idle();
}

/** A more urgent one that becomes pending while others wait is the next. */
Outcome overtakes() {
    prepare(setup(), [](const Taken& taken, unsigned nth) {
        if (nth == 3) {
            pend(spi(20));
        }
        finish_interrupt(taken);
    });
    for (unsigned i = 0; i < crowd; ++i) {
        open(spi(i), 0x80);
        pend(spi(i));
    }
    open(spi(20), 0x40);
    GUEST_TRY(takes(crowd + 1));
    GUEST_REQUIRE(log().taken[3].ack.intid() == spi(20), "the urgent one had to wait",
                  log().taken[3].ack.raw);
    return is_idle();
}

/** RPR shows the priority of what is active, at each level there is. */
Outcome running() {
    open(spi(0));
    for (unsigned priority = 0; priority < 0xf0; priority += 8) {
        irqs().set_priority(spi(0), static_cast<std::uint8_t>(priority));
        pend(spi(0));
        const Ack ack = cpu().acknowledge(bank());
        GUEST_REQUIRE(ack.intid() == spi(0), "not delivered at priority", priority);
        GUEST_REQUIRE(cpu().running_priority() == priority, "RPR at another priority than",
                      priority);
        GUEST_REQUIRE(cpu().active_levels() == 1, "APR bits", cpu().active_levels());
        finish_interrupt({ack, bank(), false});
        GUEST_REQUIRE(cpu().active_levels() == 0, "APR bits after the end", priority);
    }
    return is_idle();
}

/** The mask opens step by step: each time exactly what is above it comes. */
Outcome mask_steps() {
    constexpr unsigned steps = 8;
    for (unsigned i = 0; i < steps; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0x20 + i * 0x18));
    }
    cpu().set_mask(0x20);
    for (unsigned i = 0; i < steps; ++i) {
        pend(spi(i));
    }
    take_any();
    GUEST_TRY(exactly(0));
    for (unsigned i = 0; i < steps; ++i) {
        cpu().set_mask(static_cast<std::uint8_t>(0x28 + i * 0x18));
        GUEST_TRY(takes(i + 1));
        GUEST_REQUIRE(log().taken[i].ack.intid() == spi(i), "out of order", i);
    }
    return is_idle();
}

/** PMR keeps the implemented bits: at least the upper four, the lower ones zero. */
Outcome mask_register() {
    cpu().set_mask(0xff);
    const unsigned bits = cpu().mask();
    GUEST_REQUIRE((bits & 0xf0) == 0xf0, "fewer than 16 priorities", bits);
    for (const unsigned value : {0x00U, 0x5aU, 0xa5U, 0x10U, 0xf0U}) {
        cpu().set_mask(static_cast<std::uint8_t>(value));
        GUEST_REQUIRE(cpu().mask() == (value & bits), "PMR does not keep", value);
    }
    return passed;
}

/** A binary point below the smallest one becomes the smallest; the others are kept. */
Outcome binary_points() {
    for (const Group group : {Group::group0, Group::group1}) {
        cpu().set_binary_point(group, 0);
        const unsigned smallest = cpu().binary_point(group);
        GUEST_REQUIRE(smallest <= 4, "smallest binary point", smallest);
        for (unsigned value = 0; value < 8; ++value) {
            cpu().set_binary_point(group, value);
            const unsigned wanted = value < smallest ? smallest : value;
            GUEST_REQUIRE(cpu().binary_point(group) == wanted, "binary point instead of", wanted);
        }
    }
    return passed;
}

/** HPPIR always names the most urgent of what is pending. */
Outcome highest_pending() {
    constexpr unsigned few = 8;
    for (unsigned i = 0; i < few; ++i) {
        open(spi(i), static_cast<std::uint8_t>(0xa0 - i * 0x10));
        pend(spi(i));
        GUEST_REQUIRE(cpu().highest_pending(bank()) == spi(i).value, "HPPIR",
                      cpu().highest_pending(bank()));
    }
    for (unsigned i = few; i-- > 1;) {
        irqs().clear_pending(spi(i));
        GUEST_REQUIRE(cpu().highest_pending(bank()) == spi(i - 1).value, "HPPIR after ICPENDR",
                      cpu().highest_pending(bank()));
    }
    irqs().clear_pending(spi(0));
    return is_idle();
}

constexpr Rule all[] = {
    {"priority.twenty-at-once", twenty_at_once, When::always},
    {"priority.twenty-of-four", twenty_of_four, When::always},
    {"priority.equals", equals, When::always},
    {"priority.overtakes", overtakes, When::always},
    {"priority.running", running, When::always},
    {"priority.mask-steps", mask_steps, When::always},
    {"priority.mask-register", mask_register, When::once},
    {"priority.binary-points", binary_points, When::once},
    {"priority.highest-pending", highest_pending, When::always},
};

} // namespace

std::span<const Rule> priority_checks() {
    return all;
}

} // namespace guest::lab
