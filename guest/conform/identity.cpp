// SPDX-License-Identifier: Apache-2.0
// What identifies distributor, redistributor and CPU interface, and what is reserved.

#include "conform.hpp"

namespace guest::lab {
namespace {

GUEST_SYSREG(IccIgrpen0, "s3_0_c12_c12_6");

constexpr std::uint32_t patterns[] = {0xffffffff, 0xa5a55a5a, 0};
constexpr std::uintptr_t PIDR2_V2 = 0xfe8;
constexpr std::uintptr_t PIDR2_V3 = 0xffe8; // in each 64 KiB frame

std::uintptr_t distributor() {
    return irqs().gic().distributor();
}

std::uintptr_t redistributor() {
    return irqs().gic().redistributor();
}

Outcome is_read_only(std::uintptr_t address) {
    const std::uint32_t before = read32(address);
    for (const std::uint32_t pattern : patterns) {
        write32(address, pattern);
        GUEST_REQUIRE(read32(address) == before, "changed; its address is", address);
    }
    return passed;
}

Outcome read_only() {
    GUEST_TRY(is_read_only(distributor() + GICD_TYPER));
    GUEST_TRY(is_read_only(distributor() + GICD_IIDR));
    if (!irqs().is_v3()) {
        return is_read_only(distributor() + PIDR2_V2);
    }
    for (const std::uintptr_t address :
         {distributor() + PIDR2_V3, redistributor() + PIDR2_V3, redistributor() + 4,
          redistributor() + GICR_TYPER, redistributor() + GICR_TYPER + 4}) {
        GUEST_TRY(is_read_only(address));
    }
    const std::uint64_t before = read64(redistributor() + GICR_TYPER);
    write64(redistributor() + GICR_TYPER, ~before);
    return expect(read64(redistributor() + GICR_TYPER) == before, "GICR_TYPER changed", before);
}

/** The architecture's revision, the number of interrupts, and that there is one CPU. */
Outcome identification() {
    const std::uint32_t typer = read32(distributor() + GICD_TYPER);
    const std::uint32_t revision = irqs().is_v3() ? 3 : 2;
    const std::uintptr_t pidr2 = distributor() + (irqs().is_v3() ? PIDR2_V3 : PIDR2_V2);
    GUEST_REQUIRE((read32(pidr2) >> 4 & 0xf) == revision, "PIDR2.ArchRev", read32(pidr2));
    GUEST_REQUIRE(irqs().count() > spi(spi_count - 1).value, "GICD_TYPER.ITLinesNumber", typer);
    GUEST_REQUIRE((typer >> 5 & 7) == 0, "GICD_TYPER.CPUNumber", typer);
    GUEST_REQUIRE((typer >> 10 & 1) == 0, "GICD_TYPER.SecurityExtn", typer);
    if (irqs().is_v3()) {
        GUEST_REQUIRE((typer >> 19 & 0x1f) >= 9, "GICD_TYPER.IDbits", typer);
    }
    return passed;
}

/** GICR_TYPER: this CPU's affinity, in one access or two, and the last frame. */
Outcome redistributor_type() {
    const std::uint64_t typer = read64(redistributor() + GICR_TYPER);
    const std::uint64_t mpidr = Mpidr::read();
    const std::uint64_t affinity = (mpidr >> 8 & 0xff000000) | (mpidr & 0x00ffffff);
    GUEST_REQUIRE(typer >> 32 == affinity, "GICR_TYPER.Affinity_Value", typer);
    GUEST_REQUIRE((typer >> 4 & 1) == 1, "GICR_TYPER.Last", typer);
    GUEST_REQUIRE((typer >> 8 & 0xffff) == 0, "GICR_TYPER.Processor_Number", typer);
    GUEST_REQUIRE(read32(redistributor() + GICR_TYPER) == (typer & 0xffffffff), "lower half",
                  read32(redistributor() + GICR_TYPER));
    GUEST_REQUIRE(read32(redistributor() + GICR_TYPER + 4) == typer >> 32, "upper half",
                  read32(redistributor() + GICR_TYPER + 4));
    return passed;
}

/** GICR_WAKER: ChildrenAsleep follows ProcessorSleep. */
Outcome waker() {
    constexpr std::uint32_t sleep = 1U << 1;
    constexpr std::uint32_t asleep = 1U << 2;
    const std::uintptr_t address = redistributor() + GICR_WAKER;
    write32(address, sleep);
    GUEST_REQUIRE(soon([address] { return (read32(address) & asleep) != 0; }), "stays awake", 0);
    write32(address, 0);
    GUEST_REQUIRE(soon([address] { return (read32(address) & asleep) == 0; }), "stays asleep", 0);
    open(free_ppi);
    pend(free_ppi);
    return takes(1);
}

/** What is in no register reads as zero, ignores what is written, and faults nobody. */
Outcome reserved() {
    constexpr std::uintptr_t in_v2[] = {0x00c, 0x040, 0xd00, 0xf04, 0xf30, 0xf80};
    constexpr std::uintptr_t in_v3[] = {0x0060, 0x0f30, 0x1000, 0x5ff8, 0x8000, 0xc000, 0xff00};
    constexpr std::uintptr_t in_rd[] = {0x0018, 0x0100, 0x0400, 0x1000, 0x8000};
    constexpr std::uintptr_t in_sgi[] = {0x0000, 0x0084, 0x0104, 0x0184, 0x0304, 0x0420, 0x0c08};
    const auto ignores = [](std::uintptr_t address) -> Outcome {
        for (const std::uint32_t pattern : patterns) {
            write32(address, pattern);
            GUEST_REQUIRE(read32(address) == 0, "keeps something; its address is", address);
        }
        return passed;
    };
    if (!irqs().is_v3()) {
        for (const std::uintptr_t offset : in_v2) {
            GUEST_TRY(ignores(distributor() + offset));
        }
        return passed;
    }
    for (const std::uintptr_t offset : in_v3) {
        GUEST_TRY(ignores(distributor() + offset));
    }
    for (const std::uintptr_t offset : in_rd) {
        GUEST_TRY(ignores(redistributor() + offset));
    }
    for (const std::uintptr_t offset : in_sgi) {
        GUEST_TRY(ignores(irqs().gic().private_block() + offset));
    }
    return passed;
}

/** With affinity routing GICD shows no private interrupts and no GICv2 registers. */
Outcome v3_legacy() {
    for (const std::uintptr_t array :
         {std::uintptr_t{GICD_IGROUPR}, std::uintptr_t{GICD_ISENABLER},
          std::uintptr_t{GICD_ICENABLER}, std::uintptr_t{GICD_ISPENDR},
          std::uintptr_t{GICD_ISACTIVER}, std::uintptr_t{GICD_IPRIORITYR},
          std::uintptr_t{GICD_IPRIORITYR + 28}, std::uintptr_t{GICD_ICFGR},
          std::uintptr_t{GICD_ICFGR + 4}, std::uintptr_t{GICD_ITARGETSR},
          std::uintptr_t{GICD_ITARGETSR + 100}, std::uintptr_t{GICD_SGIR},
          std::uintptr_t{GICD_CPENDSGIR}, std::uintptr_t{GICD_SPENDSGIR}}) {
        write32(distributor() + array, 0xffffffff);
        GUEST_REQUIRE(read32(distributor() + array) == 0, "GICD keeps something at", array);
    }
    take_any();
    GUEST_TRY(exactly(0));
    return expect(read32(irqs().word(GICD_ISENABLER, free_ppi)) == 0,
                  "a private interrupt was enabled through GICD", 0);
}

/** The CPU interface's own registers: what is fixed and what is kept. */
Outcome v3_interface() {
    const std::uint64_t sre = IccSre::read();
    GUEST_REQUIRE((sre & 1) == 1, "ICC_SRE_EL1.SRE", sre);
    IccSre::write(0);
    isb();
    GUEST_REQUIRE((IccSre::read() & 1) == 1, "ICC_SRE_EL1.SRE can be cleared", IccSre::read());
    const std::uint64_t ctlr = IccCtlr::read();
    GUEST_REQUIRE((ctlr >> 8 & 7) >= 3, "ICC_CTLR_EL1.PRIbits", ctlr);
    IccCtlr::write(~std::uint64_t{0} & ~std::uint64_t{1U << 6});
    isb();
    GUEST_REQUIRE(IccCtlr::read() == (ctlr | 3), "ICC_CTLR_EL1 keeps more than EOImode and CBPR",
                  IccCtlr::read());
    IccCtlr::write(0);
    isb();
    GUEST_REQUIRE((IccCtlr::read() & 3) == 0, "ICC_CTLR_EL1", IccCtlr::read());
    for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}}) {
        IccIgrpen0::write(value);
        IccIgrpen1::write(value ^ 1);
        isb();
        GUEST_REQUIRE(IccIgrpen0::read() == value && IccIgrpen1::read() == (value ^ 1),
                      "ICC_IGRPEN0_EL1, ICC_IGRPEN1_EL1", value);
    }
    return passed;
}

/** GICC_CTLR keeps each of its bits; the rest is zero. */
Outcome v2_interface() {
    constexpr std::uint32_t known = 0x21f;
    const std::uintptr_t ctlr = machine().cpu_interface;
    for (const std::uint32_t value : {0U, 1U, 2U, 4U, 8U, 0x10U, 0x200U, known}) {
        write32(ctlr, value);
        GUEST_REQUIRE(read32(ctlr) == value, "GICC_CTLR", read32(ctlr));
    }
    GUEST_TRY(is_read_only(ctlr + 0xfc)); // GICC_IIDR
    return expect((read32(ctlr + 0xfc) >> 16 & 0xf) == 2, "GICC_IIDR.Architecture_version",
                  read32(ctlr + 0xfc));
}

constexpr Rule all[] = {
    {"id.read-only", read_only, When::once},
    {"id.identification", identification, When::once},
    {"id.redistributor-type", redistributor_type, When::v3},
    {"id.waker", waker, When::v3},
    {"id.reserved", reserved, When::once},
    {"id.legacy", v3_legacy, When::v3},
    {"id.interface", v3_interface, When::v3},
    {"id.interface", v2_interface, When::v2},
};

} // namespace

std::span<const Rule> identity_checks() {
    return all;
}

} // namespace guest::lab
