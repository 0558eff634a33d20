// SPDX-License-Identifier: Apache-2.0
// Where an SPI goes: GICD_ITARGETSR of GICv2, GICD_IROUTER of GICv3, on a machine with one CPU.

#include "conform.hpp"

namespace guest::lab {
namespace {

std::uintptr_t targets(Intid i) {
    return irqs().gic().distributor() + GICD_ITARGETSR + i.value;
}

std::uintptr_t router(Intid i) {
    return irqs().gic().distributor() + GICD_IROUTER + std::uintptr_t{i.value} * 8;
}

/** A GIC with one CPU may have no targets at all: then everything goes to it. */
bool has_targets() {
    write8(targets(spi(0)), 0xff);
    return read8(targets(spi(0))) != 0;
}

/** Private interrupts show the CPU that asks, for ever; SPIs keep the CPUs that exist. */
Outcome v2_targets() {
    const std::uint8_t own = has_targets() ? 1 : 0;
    for (std::uint32_t i = 0; i < 32; i += 4) {
        for (const std::uint32_t value : {0xffffffffU, 0U}) {
            write32(targets(Intid{i}), value);
            GUEST_REQUIRE(read32(targets(Intid{i})) == own * 0x01010101U, "private targets",
                          read32(targets(Intid{i})));
        }
    }
    for (std::uint32_t i = 32; i < irqs().count(); i += 4) {
        write32(targets(Intid{i}), 0xfffefefe);
        GUEST_REQUIRE(read32(targets(Intid{i})) == std::uint32_t{own} << 24, "a word of targets",
                      read32(targets(Intid{i})));
        write8(targets(Intid{i}), 0xff);
        write8(targets(Intid{i + 3}), 0);
        GUEST_REQUIRE(read32(targets(Intid{i})) == own, "bytes of targets",
                      read32(targets(Intid{i})));
        write32(targets(Intid{i}), 0x01010101);
    }
    return passed;
}

/** Sent where no CPU is it stays pending, and comes when it is sent here. */
template <class SendAway>
Outcome comes_when_sent_here(SendAway send_away) {
    open(spi(0));
    send_away();
    pend(spi(0));
    take_any();
    GUEST_TRY(exactly(0));
    GUEST_REQUIRE(irqs().is_pending(spi(0)), "lost", spi(0).value);
    irqs().route_here(spi(0));
    GUEST_TRY(takes(1));
    pend(spi(0));
    send_away(); // while it is pending here
    take_any();
    GUEST_TRY(exactly(1));
    irqs().route_here(spi(0));
    return takes(2);
}

Outcome v2_no_target() {
    if (!has_targets()) {
        return skipped("one CPU, and no target registers");
    }
    return comes_when_sent_here([] { write8(targets(spi(0)), 0); });
}

/** All of the affinity is kept, in one access or two; 0 to 31 have none. */
Outcome v3_routers() {
    constexpr std::uint64_t affinity = 0xff00ffffff;
    for (std::uint32_t i = 32; i < irqs().count(); ++i) {
        for (const std::uint64_t value :
             {affinity, std::uint64_t{0x5a00a55aa5}, std::uint64_t{0}}) {
            write64(router(Intid{i}), value);
            GUEST_REQUIRE(read64(router(Intid{i})) == value, "64 bits", read64(router(Intid{i})));
            const std::uint64_t halves = ~value & affinity;
            write32(router(Intid{i}), static_cast<std::uint32_t>(halves));
            GUEST_REQUIRE(read64(router(Intid{i})) >> 32 == value >> 32, "the lower half alone",
                          read64(router(Intid{i})));
            write32(router(Intid{i}) + 4, static_cast<std::uint32_t>(halves >> 32));
            GUEST_REQUIRE(read64(router(Intid{i})) == halves, "two halves",
                          read64(router(Intid{i})));
            GUEST_REQUIRE(read32(router(Intid{i}) + 4) == halves >> 32, "the upper half read", i);
        }
        irqs().route_here(Intid{i});
    }
    for (std::uint32_t i = 0; i < 32; ++i) {
        write64(router(Intid{i}), affinity);
        GUEST_REQUIRE(read64(router(Intid{i})) == 0, "a private one's", i);
    }
    return passed;
}

Outcome v3_absent_target() {
    const std::uint64_t elsewhere = (Mpidr::read() & 0xff00ffffff) ^ 0x0000030000;
    return comes_when_sent_here([elsewhere] { write64(router(spi(0)), elsewhere); });
}

/** Interrupt_Routing_Mode: any CPU, and there is only this one. */
Outcome v3_any_target() {
    constexpr std::uint32_t no_1_of_n = 1U << 25; // GICD_TYPER.No1N
    constexpr std::uint64_t any = std::uint64_t{1} << 31;
    if ((read32(irqs().gic().distributor() + GICD_TYPER) & no_1_of_n) != 0) {
        return skipped("GICD_TYPER.No1N");
    }
    open(spi(0));
    write64(router(spi(0)), any | 0x030000);
    GUEST_REQUIRE((read64(router(spi(0))) & any) != 0, "not kept", read64(router(spi(0))));
    pend(spi(0));
    take(1);
    irqs().route_here(spi(0));
    return exactly(1);
}

/** Sent elsewhere while active here: it ends here all the same. */
Outcome moved_while_active() {
    prepare(setup(), [](const Taken& taken, unsigned) {
        const Intid i = taken.ack.intid();
        if (irqs().is_v3()) {
            write64(router(i), 0x0000030000);
        } else {
            write8(targets(i), 0);
        }
        finish_interrupt(taken);
        irqs().route_here(i);
    });
    open(spi(0));
    for (unsigned i = 1; i <= 3; ++i) {
        pend(spi(0));
        GUEST_TRY(takes(i));
        GUEST_REQUIRE(!irqs().is_active(spi(0)), "active for ever", spi(0).value);
    }
    return is_idle();
}

constexpr Rule all[] = {
    {"route.targets", v2_targets, When::v2},
    {"route.no-target", v2_no_target, When::v2},
    {"route.routers", v3_routers, When::v3},
    {"route.absent-target", v3_absent_target, When::v3},
    {"route.any-target", v3_any_target, When::v3},
    {"route.moved-while-active", moved_while_active, When::always},
};

} // namespace

std::span<const Rule> route_checks() {
    return all;
}

} // namespace guest::lab
