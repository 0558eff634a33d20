// SPDX-License-Identifier: Apache-2.0
#pragma once
// Calls to what lies below the guest: PSCI (DEN 0022) and Baton's own hypercalls, both by the
// SMC calling convention (DEN 0028).

#include "machine.hpp"

namespace guest {

enum class Function : std::uint32_t {
    psci_version = 0x84000000,
    psci_cpu_suspend = 0x84000001,
    psci_cpu_suspend64 = 0xc4000001,
    psci_cpu_off = 0x84000002,
    psci_cpu_on = 0x84000003,
    psci_cpu_on64 = 0xc4000003,
    psci_affinity_info = 0x84000004,
    psci_affinity_info64 = 0xc4000004,
    psci_migrate = 0x84000005,
    psci_migrate_info_type = 0x84000006,
    psci_system_off = 0x84000008,
    psci_system_reset = 0x84000009,
    psci_features = 0x8400000a,
    psci_system_reset2 = 0x84000012,
    psci_system_reset2_64 = 0xc4000012,
    smccc_version = 0x80000000,
    baton_verdict = 0xc6000001, // x1: 0 good, else bad
    baton_nothing = 0xc6000002, // returns 0, after a full exit to EL2
    baton_yield = 0xc6000003,   // lets another vCPU have the pCPU
};

/** SMCCC: "not supported". */
constexpr std::uint64_t not_supported = ~std::uint64_t{0};

/** HVC #0 with x0 = function, x1 = argument; the result is x0. */
std::uint64_t hvc(std::uint32_t function, std::uint64_t argument = 0);

/** SMC #0 with x0 = function, x1 = argument; the result is x0. Without EL3 or EL2: a fault. */
std::uint64_t smc(std::uint32_t function, std::uint64_t argument = 0);

/** Calls PSCI by the conduit that the device tree names. */
std::uint64_t psci(const Machine& machine, Function function, std::uint64_t argument = 0);

/** Gives Baton its time to look at the guest: a hypercall that does nothing. */
inline void visit_hypervisor() {
    hvc(static_cast<std::uint32_t>(Function::baton_nothing));
}

enum class Verdict : std::uint8_t { good, bad };

/** Prints the verdict, hands it to Baton when there, and powers the machine off. */
[[noreturn]] void finish(Verdict verdict);

/** A guest's own code, called with the console open and interrupts masked. */
[[nodiscard]] Verdict guest_main();

/** PSCI SYSTEM_RESET. */
[[noreturn]] void reset_machine();

/** The machine as the device tree described it at boot. */
[[nodiscard]] const Machine& machine();

/** CNTPCT_EL0 as the guest's very first instruction read it. */
[[nodiscard]] std::uint64_t first_tick();

} // namespace guest
