// SPDX-License-Identifier: Apache-2.0
// What a guest's HVC or SMC means: PSCI 1.1 (DEN 0022), SMCCC 1.1 (DEN 0028), and Baton's own calls.
// It changes the VM's power word and names what is left for EL2 to do; hyp/trap.cpp carries it out.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/vm/power.hpp"

namespace hyp {

// SMCCC function identifiers (DEN 0028: fast call, owner, 32- or 64-bit). PSCI's are the 32-bit form.
enum class Call : u32 {
    psci_version = 0x8400'0000,
    psci_cpu_suspend = 0x8400'0001,
    psci_cpu_off = 0x8400'0002,
    psci_cpu_on = 0x8400'0003,
    psci_affinity_info = 0x8400'0004,
    psci_migrate_info_type = 0x8400'0006,
    psci_system_off = 0x8400'0008,
    psci_system_reset = 0x8400'0009,
    psci_features = 0x8400'000a,
    psci_system_reset2 = 0x8400'0012,
    smccc_version = 0x8000'0000,
    smccc_arch_features = 0x8000'0001,
    smccc_workaround_1 = 0x8000'8000, // branch predictor
    smccc_workaround_2 = 0x8000'7fff, // speculative store bypass
    smccc_workaround_3 = 0x8000'3fff, // branch history
    // Baton's own (owner: vendor hypervisor service)
    baton_verdict = 0xc600'0001, // x1: 0 all is well, else the guest found something wrong
    baton_nothing = 0xc600'0002, // returns 0 by the complete slow path
    baton_yield = 0xc600'0003,   // the caller goes to the tail of its rank; returns 0
};

inline constexpr u64 psci_version_1_1 = 0x1'0001;
inline constexpr u64 smccc_version_1_1 = 0x1'0001;
inline constexpr u64 migrate_not_required = 2; // no trusted OS to migrate

// DEN 0022, return codes; sign-extended to x0.
inline constexpr u64 psci_success = 0;
inline constexpr u64 psci_not_supported = static_cast<u64>(-1);
inline constexpr u64 psci_invalid_parameters = static_cast<u64>(-2);
inline constexpr u64 psci_already_on = static_cast<u64>(-4);
inline constexpr u64 psci_on_pending = static_cast<u64>(-5);
inline constexpr u64 psci_invalid_address = static_cast<u64>(-9);
// AFFINITY_INFO.
inline constexpr u64 affinity_on = 0;
inline constexpr u64 affinity_off = 1;
inline constexpr u64 affinity_on_pending = 2;
// SMCCC_ARCH_FEATURES of a workaround: this CPU does not need it, the call does nothing.
inline constexpr u64 workaround_not_needed = 1;

// What is left to do. The caller's x0 becomes `value` where it goes on.
enum class CallAction : u8 {
    answer,
    wait,               // as WFI, then answer
    start_cpu,          // answer, and tell the home of `target` to start it
    cpu_off,            // the caller is off, and no longer to be run
    suspend_power_down, // the caller sleeps as by WFI; VmPower::arrive() has where it comes back
    yield,              // to the tail of its rank, and answer
    verdict,            // remember x1, and answer
    system_off,         // the VM has ended
    reset,              // the VM asks for a reset
};

struct CallOutcome {
    CallAction action = CallAction::answer;
    VcpuIndex target{}; // of start_cpu
    u64 value = psci_not_supported;
};

// ID registers of the CPU that the caller runs on, for the workarounds.
struct CpuIds {
    u64 pfr0 = 0;  // ID_AA64PFR0_EL1
    u64 pfr1 = 0;  // ID_AA64PFR1_EL1
    u64 mmfr1 = 0; // ID_AA64MMFR1_EL1
};

// Who calls. A vCPU's affinity is 0.0.0.n, n its number in its VM.
struct Caller {
    VmPower& power;
    VcpuIndex self;
    IpaRange ram; // where a vCPU may start
    CpuIds ids;
};

inline constexpr u32 call_is_64_bit = 0x4000'0000; // DEN 0028: bit 30 of the function

// Does PSCI_FEATURES know this function?
[[nodiscard]] constexpr bool is_psci_feature(u32 function) {
    constexpr u32 psci = 0x8400'0000; // fast, standard secure service
    constexpr u32 numbers = 0x1f;
    constexpr u32 with_64_bits = 1U << 0x1 | 1U << 0x3 | 1U << 0x4 | 1U << 0x12;
    constexpr u32 with_32_bits =
        with_64_bits | 1U << 0x0 | 1U << 0x2 | 1U << 0x6 | 1U << 0x8 | 1U << 0x9 | 1U << 0xa;
    if ((function & ~(call_is_64_bit | numbers)) != psci) {
        return function == static_cast<u32>(Call::smccc_version);
    }
    const u32 forms = (function & call_is_64_bit) != 0 ? with_64_bits : with_32_bits;
    return (forms >> (function & numbers) & 1U) != 0;
}

// x0..x3 as the guest left them. 32-bit calls do not see the upper halves (DEN 0028).
[[nodiscard]] CallOutcome guest_call(const Caller& caller, u64 x0, u64 x1, u64 x2, u64 x3);

} // namespace hyp
