// SPDX-License-Identifier: Apache-2.0
// Registers of distributor and redistributor, and ends of interrupts that never began.

#include "checks.hpp"
#include "lab.hpp"

namespace guest {
namespace {

constexpr std::uintptr_t GICD_TYPER = 0x004;
constexpr std::uintptr_t GICD_IIDR = 0x008;
constexpr std::uintptr_t GICD_PIDR2_V2 = 0xfe8;
constexpr std::uintptr_t GICD_PIDR2_V3 = 0xffe8; // in GICD and in each GICR frame
constexpr std::uintptr_t GICD_RESERVED = 0xf40;
constexpr Intid never_used{29};

/** What an end of something that never began must leave alone. */
struct State {
    std::uint32_t enabled;
    std::uint32_t pending;
    std::uint32_t active;
    friend constexpr bool operator==(const State&, const State&) = default;
};

State state() {
    const std::uintptr_t base = gic().private_block();
    return {read32(base + GICD_ISENABLER), read32(base + GICD_ISPENDR),
            read32(base + GICD_ISACTIVER)};
}

/** EOIR of 1023, EOIR and DIR of an interrupt that is not active: nothing happens. */
Outcome ends_of_nothing() {
    prepare();
    const State before = state();
    gic().end(Ack{spurious_intid.value});
    gic().end(Ack{never_used.value});
    gic().set_eoi_mode(EoiMode::split);
    gic().end(Ack{never_used.value});
    gic().deactivate(Ack{never_used.value});
    gic().set_eoi_mode(EoiMode::joint);
    const State after = state();
    GUEST_REQUIRE(before == after, "enabled, pending or active changed", after.active);
    raise_line();
    take_interrupts();
    return expect(events().virtual_ticks == 1, "ticks afterwards", events().virtual_ticks);
}

/** Writes patterns to a read-only register. */
bool is_read_only(std::uintptr_t address) {
    const std::uint32_t before = read32(address);
    for (const std::uint32_t pattern : {0xffffffffU, 0xa5a55a5aU, 0U}) {
        write32(address, pattern);
        if (read32(address) != before) {
            return false;
        }
    }
    return true;
}

Outcome identification() {
    const std::uintptr_t base = gic().distributor();
    const std::uintptr_t pidr2 = base + (gic().is_v3() ? GICD_PIDR2_V3 : GICD_PIDR2_V2);
    const std::uint32_t generation = gic().is_v3() ? 3 : 2;
    GUEST_REQUIRE(((read32(pidr2) >> 4) & 0xf) == generation, "GICD_PIDR2.ArchRev", read32(pidr2));
    GUEST_REQUIRE(is_read_only(pidr2), "GICD_PIDR2 can be written", read32(pidr2));
    GUEST_REQUIRE(is_read_only(base + GICD_TYPER), "GICD_TYPER can be written", 0);
    GUEST_REQUIRE(is_read_only(base + GICD_IIDR), "GICD_IIDR can be written", 0);
    GUEST_REQUIRE((read32(base + GICD_TYPER) & 0x1f) >= 1, "GICD_TYPER shows no SPIs", 0);
    return passed;
}

Outcome redistributor() {
    constexpr std::uintptr_t GICR_TYPER = 0x8;
    if (!gic().is_v3()) {
        return skipped("GICv2 has none");
    }
    const std::uintptr_t base = gic().redistributor();
    const std::uint64_t mpidr = Mpidr::read();
    const std::uint64_t affinity = ((mpidr >> 8) & 0xff000000) | (mpidr & 0x00ffffff);
    GUEST_REQUIRE((read32(base + GICD_PIDR2_V3) & 0xf0) == 0x30, "GICR_PIDR2.ArchRev",
                  read32(base + GICD_PIDR2_V3));
    GUEST_REQUIRE(read64(base + GICR_TYPER) >> 32 == affinity, "GICR_TYPER.Affinity",
                  read64(base + GICR_TYPER));
    GUEST_REQUIRE(read32(base + GICR_TYPER + 4) == affinity, "GICR_TYPER's upper word", 0);
    GUEST_REQUIRE(read32(gic().distributor() + GICD_ISENABLER) == 0,
                  "GICD_ISENABLER0 shows private interrupts",
                  read32(gic().distributor() + GICD_ISENABLER));
    return passed;
}

/** What is reserved reads as zero, ignores writes, and faults nobody. */
Outcome reserved_space() {
    constexpr std::uint32_t far_intid = 992;
    const std::uintptr_t base = gic().distributor();
    GUEST_REQUIRE(read32(base + GICD_RESERVED) == 0, "reserved offset reads",
                  read32(base + GICD_RESERVED));
    write32(base + GICD_RESERVED, 0xffffffff);
    GUEST_REQUIRE(read32(base + GICD_RESERVED) == 0, "reserved offset keeps", 1);
    const std::uint32_t intids = 32 * ((read32(base + GICD_TYPER) & 0x1f) + 1);
    if (intids <= far_intid) {
        const std::uintptr_t beyond = base + GICD_IPRIORITYR + far_intid;
        write32(beyond, 0xa0a0a0a0);
        GUEST_REQUIRE(read32(beyond) == 0, "priority of no interrupt", read32(beyond));
    }
    return passed;
}

/** The same implemented priority bits in all four bytes, at least the upper four. */
Outcome priorities() {
    const std::uintptr_t word = gic().private_block() + GICD_IPRIORITYR + 28;
    const std::uint32_t saved = read32(word);
    write32(word, 0xffffffff);
    const std::uint32_t mask = read32(word);
    write32(word, 0xff7fbf3f);
    const std::uint32_t kept = read32(word);
    write32(word, saved);
    GUEST_REQUIRE((mask & 0xf0) == 0xf0, "fewer than 16 priorities", mask);
    GUEST_REQUIRE(mask == (mask & 0xff) * 0x01010101U, "bytes differ", mask);
    GUEST_REQUIRE(kept == (0xff7fbf3f & mask), "does not keep what was written", kept);
    GUEST_REQUIRE(read8(word) == (saved & 0xff), "byte read differs from word read", read8(word));
    return passed;
}

/** ISENABLER and ICENABLER set and clear one bit and show the same. */
Outcome enables() {
    const std::uintptr_t base = gic().private_block();
    prepare();
    gic().enable(never_used);
    GUEST_REQUIRE(gic().is_enabled(never_used), "ISENABLER does not set", 0);
    GUEST_REQUIRE(read32(base + GICD_ICENABLER) == read32(base + GICD_ISENABLER),
                  "ICENABLER reads otherwise than ISENABLER", read32(base + GICD_ICENABLER));
    gic().disable(never_used);
    GUEST_REQUIRE(!gic().is_enabled(never_used), "ICENABLER does not clear", 1);
    GUEST_REQUIRE(gic().is_enabled(vtimer()), "clearing one bit cleared another", 0);
    return passed;
}

constexpr Check all[] = {
    {"N17", ends_of_nothing},   {"GICD-ID", identification}, {"GICR", redistributor},
    {"RAZ-WI", reserved_space}, {"PRIORITY", priorities},    {"ENABLE", enables},
};

} // namespace

std::span<const Check> gic_checks() {
    return all;
}

} // namespace guest
