// SPDX-License-Identifier: Apache-2.0
// What a well-behaved guest relies on: identification, registers after a reset by software, one
// interrupt of each kind, and both timers' ticks.

#include "abuse.hpp"

namespace guest::lab {
namespace {

struct Identity {
    std::uint32_t typer = 0;
    std::uint32_t iidr = 0;
    std::uint32_t pidr2 = 0;
    std::uint64_t redistributor = 0;
    std::uint32_t redistributor_pidr2 = 0;
    friend constexpr bool operator==(const Identity&, const Identity&) = default;
};

constinit Identity at_start{};

Identity identity() {
    const std::uintptr_t base = irqs().gic().distributor();
    const std::uintptr_t pidr2 = irqs().is_v3() ? 0xffe8 : 0xfe8;
    Identity out{read32(base + GICD_TYPER), read32(base + GICD_IIDR), read32(base + pidr2)};
    if (irqs().is_v3()) {
        out.redistributor = read64(irqs().gic().redistributor() + GICR_TYPER);
        out.redistributor_pidr2 = read32(irqs().gic().redistributor() + pidr2);
    }
    return out;
}

/** After a reset by software nothing is enabled, pending or active. */
Outcome registers_are_clean() {
    for (std::uint32_t i = 0; i < irqs().count(); i += 32) {
        // Always enabled, or by their lines: SGIs of GICv2, PPIs of devices.
        const std::uint32_t fixed = i != 0 ? 0 : irqs().is_v3() ? 0xff000000U : 0xff00ffffU;
        for (const std::uintptr_t array :
             {std::uintptr_t{GICD_ISENABLER}, std::uintptr_t{GICD_ISPENDR},
              std::uintptr_t{GICD_ISACTIVER}}) {
            const std::uint32_t bits = read32(irqs().word(array, Intid{i})) & ~fixed;
            GUEST_REQUIRE(bits == 0, "left in a register (offset, INTID, bits)",
                          array << 48 | std::uint64_t{i} << 32 | bits);
        }
        GUEST_REQUIRE(read32(irqs().block(Intid{i}) + GICD_IPRIORITYR + i) == 0xa0a0a0a0,
                      "priorities", read32(irqs().block(Intid{i}) + GICD_IPRIORITYR + i));
    }
    GUEST_REQUIRE(cpu().active_levels() == 0, "APR bits left", cpu().active_levels());
    return is_idle();
}

/** Twelve SPIs, the SGIs and a PPI at once, all different and in order of priority. */
Outcome software_interrupts_come() {
    constexpr unsigned many = 12;
    unsigned expected = 1;
    open(Intid{20}, 0x18);
    irqs().set_pending(Intid{20});
    for (unsigned i = 0; i < 16; ++i) {
        open(Intid{i}, static_cast<std::uint8_t>(0x20 + i * 4 / 8 * 8));
        pend(Intid{i});
        ++expected;
    }
    for (unsigned i = 0; i < many; ++i) {
        irqs().route_here(Intid{100 + i});
        open(Intid{100 + i}, static_cast<std::uint8_t>(0xd8 - i * 8));
        pend(Intid{100 + i});
        ++expected;
    }
    GUEST_TRY(takes(expected));
    GUEST_REQUIRE(log().taken[0].ack.raw == 20, "out of order", log().taken[0].ack.raw);
    for (unsigned i = 0; i < many; ++i) {
        const std::uint32_t intid = log().taken[17 + i].ack.raw;
        GUEST_REQUIRE(intid == 100 + many - 1 - i, "out of order", intid);
    }
    return is_idle();
}

template <class Clock>
Outcome ticks_come(Intid intid) {
    constexpr unsigned many = 10;
    prepare({});
    open(intid);
    for (unsigned i = 1; i <= many; ++i) {
        Clock::arm(Clock::now() + microseconds(20));
        take(i);
        GUEST_REQUIRE(log().count == i, "ticks that came", log().count);
    }
    Clock::stop();
    GUEST_REQUIRE(!irqs().is_active(intid), "a timer stays active", intid.value);
    return is_idle();
}

/** A sleeper wakes by its timer; the other one is there in case it does not. */
Outcome sleep_ends() {
    prepare({});
    open(machine().virtual_timer);
    open(machine().physical_timer);
    PhysicalTimer::arm(PhysicalTimer::now() + microseconds(500000));
    VirtualTimer::arm(VirtualTimer::now() + microseconds(1000));
    while (!VirtualTimer::expired() && !PhysicalTimer::expired()) {
        wfi();
    }
    GUEST_REQUIRE(!PhysicalTimer::expired(), "slept through the virtual timer", 0);
    PhysicalTimer::stop();
    return takes(1);
}

} // namespace

void note_health() {
    at_start = identity();
}

Outcome is_healthy() {
    prepare({});
    GUEST_REQUIRE(identity() == at_start, "identification registers changed", identity().typer);
    GUEST_TRY(registers_are_clean());
    GUEST_TRY(software_interrupts_come());
    GUEST_TRY(ticks_come<VirtualTimer>(machine().virtual_timer));
    GUEST_TRY(ticks_come<PhysicalTimer>(machine().physical_timer));
    return sleep_ends();
}

} // namespace guest::lab
