// SPDX-License-Identifier: Apache-2.0
// Calls, system registers and addresses: what is there answers, what is not faults politely.

#include "checks.hpp"
#include "lab.hpp"

#include "common/fault.hpp"

namespace guest {
namespace {

GUEST_SYSREG(IdPfr0, "s3_0_c0_c4_0");
GUEST_SYSREG(IdPfr1, "s3_0_c0_c4_1");
GUEST_SYSREG(IdZfr0, "s3_0_c0_c4_4");
GUEST_SYSREG(IdSmfr0, "s3_0_c0_c4_5");
GUEST_SYSREG(IdDfr0, "s3_0_c0_c5_0");

/** Nothing lies here on QEMU's virt machine, nor on the one that Baton shows. */
constexpr std::uintptr_t nowhere = 0x0b000000;
constexpr std::uint32_t vendor_unknown = 0xc600ffff;

std::uint32_t low_word(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}

Outcome psci_calls() {
    const std::uint64_t version = psci(machine(), Function::psci_version);
    GUEST_REQUIRE(version >= 0x00000002 && version < 0x00020000, "PSCI_VERSION", version);
    if (version < 0x00010000) {
        return passed; // 0.2 has no PSCI_FEATURES
    }
    const auto off = static_cast<std::uint64_t>(Function::psci_system_off);
    const std::uint64_t known = psci(machine(), Function::psci_features, off);
    GUEST_REQUIRE(low_word(known) == 0, "PSCI_FEATURES of SYSTEM_OFF", known);
    const std::uint64_t unknown = psci(machine(), Function::psci_features, 0x8400ff00);
    GUEST_REQUIRE(low_word(unknown) == 0xffffffff, "PSCI_FEATURES of an unknown one", unknown);
    return passed;
}

Outcome unknown_hvc() {
    const std::uint64_t result = hvc(vendor_unknown);
    return expect(result == not_supported, "x0 is not -1 but", result);
}

/** Without EL3 and hypervisor SMC is UNDEFINED; a hypervisor answers it. */
Outcome unknown_smc() {
    std::uint64_t result = 0;
    const CaughtFault fault = probe([&result] { result = smc(vendor_unknown); });
    if (fault.taken) {
        GUEST_REQUIRE(!machine().under_baton, "the SMC faulted", fault.esr);
        return expect(fault.is_undefined(), "an odd fault", fault.esr);
    }
    return expect(result == not_supported, "x0 is not -1 but", result);
}

Outcome baton_call() {
    if (!machine().under_baton) {
        return skipped("no Baton here");
    }
    const std::uint64_t result = hvc(static_cast<std::uint32_t>(Function::baton_nothing));
    return expect(result == 0, "x0 is", result);
}

/** What Baton does not switch between guests, it does not show. */
Outcome hidden_features() {
    if (!machine().under_baton) {
        return skipped("a hypervisor's matter");
    }
    const auto field = [](std::uint64_t value, unsigned shift) { return (value >> shift) & 0xf; };
    const std::uint64_t pfr0 = IdPfr0::read();
    const std::uint64_t pfr1 = IdPfr1::read();
    const std::uint64_t dfr0 = IdDfr0::read();
    GUEST_REQUIRE(field(pfr0, 32) == 0, "ID_AA64PFR0_EL1.SVE", pfr0);
    GUEST_REQUIRE(field(pfr0, 28) == 0, "ID_AA64PFR0_EL1.RAS", pfr0);
    GUEST_REQUIRE(field(pfr0, 44) == 0, "ID_AA64PFR0_EL1.AMU", pfr0);
    GUEST_REQUIRE(field(pfr0, 16) != 0xf, "ID_AA64PFR0_EL1.FP", pfr0);
    GUEST_REQUIRE(!gic().is_v3() || field(pfr0, 24) != 0, "ID_AA64PFR0_EL1.GIC", pfr0);
    GUEST_REQUIRE(field(pfr1, 8) == 0, "ID_AA64PFR1_EL1.MTE", pfr1);
    GUEST_REQUIRE(field(pfr1, 24) == 0, "ID_AA64PFR1_EL1.SME", pfr1);
    GUEST_REQUIRE(field(dfr0, 8) == 0 || field(dfr0, 8) == 0xf, "ID_AA64DFR0_EL1.PMUVer", dfr0);
    GUEST_REQUIRE(IdZfr0::read() == 0, "ID_AA64ZFR0_EL1", IdZfr0::read());
    GUEST_REQUIRE(IdSmfr0::read() == 0, "ID_AA64SMFR0_EL1", IdSmfr0::read());
    return passed;
}

/** Registers that no one has, or that are EL2's own: UNDEFINED, caught, and on we go. */
Outcome unknown_registers() {
    const CaughtFault read_fault = probe([] {
        asm volatile("mrs x9, s3_0_c15_c15_7" : : : "x9", "memory");
    });
    GUEST_REQUIRE(read_fault.is_undefined(), "MRS of an unknown register", read_fault.esr);
    const CaughtFault write_fault = probe([] {
        asm volatile("msr s3_0_c15_c15_7, xzr" : : : "memory");
    });
    GUEST_REQUIRE(write_fault.is_undefined(), "MSR to an unknown register", write_fault.esr);
    const CaughtFault el2_fault = probe([] {
        asm volatile("mrs x9, s3_4_c1_c1_0" : : : "x9", "memory");
    });
    GUEST_REQUIRE(el2_fault.is_undefined(), "MRS of HCR_EL2", el2_fault.esr);
    return passed;
}

Outcome unmapped_address() {
    const CaughtFault load = probe([] { (void)read32(nowhere + 0x10); });
    GUEST_REQUIRE(load.is_external_data_abort(), "a load: ESR_EL1", load.esr);
    GUEST_REQUIRE(load.far == nowhere + 0x10, "a load: FAR_EL1", load.far);
    const CaughtFault store = probe([] { write32(nowhere + 0x20, 0); });
    GUEST_REQUIRE(store.is_external_data_abort(), "a store: ESR_EL1", store.esr);
    GUEST_REQUIRE((store.esr & (1U << 6)) != 0, "a store: ESR_EL1.WnR", store.esr);
    return passed;
}

/**
 * A pair or write-back form on an emulated device cannot be emulated from the syndrome
 * (ESR_EL2.ISV = 0). Either it works all the same, or the guest gets an external abort.
 */
Outcome undecodable_access() {
    const std::uintptr_t typer = gic().distributor() + 0x4; // GICD_TYPER, GICD_IIDR
    std::uint32_t first = 0;
    std::uint32_t second = 0;
    const CaughtFault pair = probe([&] {
        asm volatile("ldp %w0, %w1, [%2]" : "+&r"(first), "+r"(second) : "r"(typer) : "memory");
    });
    GUEST_REQUIRE(pair.is_external_data_abort() ||
                      (!pair.taken && first == read32(typer) && second == read32(typer + 4)),
                  "LDP gave neither an abort nor the values, ESR_EL1", pair.esr);
    std::uintptr_t base = typer;
    const CaughtFault write_back = probe([&] {
        asm volatile("ldr %w0, [%1], #4" : "=&r"(first), "+r"(base) : : "memory");
    });
    GUEST_REQUIRE(write_back.is_external_data_abort() ||
                      (!write_back.taken && first == read32(typer) && base == typer + 4),
                  "LDR with write-back gave neither an abort nor the value", write_back.esr);
    return passed;
}

constexpr Check all[] = {
    {"PSCI", psci_calls},           {"HVC-unknown", unknown_hvc}, {"SMC-unknown", unknown_smc},
    {"HVC-nothing", baton_call},    {"ID", hidden_features},      {"UNDEF", unknown_registers},
    {"UNMAPPED", unmapped_address}, {"N18", undecodable_access},
};

} // namespace

std::span<const Check> cpu_checks() {
    return all;
}

} // namespace guest
