// SPDX-License-Identifier: Apache-2.0
// What a guest's HVC or SMC means: PSCI 1.1 (DEN 0022), SMCCC 1.1 (DEN 0028), and Baton's own two
// calls. Pure: it names an action and the value for x0; hyp/trap.cpp carries it out.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

// SMCCC function identifiers (DEN 0028: fast call, owner, 32- or 64-bit).
enum class Call : u32 {
    psci_version = 0x8400'0000,
    psci_cpu_suspend = 0x8400'0001,
    psci_cpu_suspend64 = 0xc400'0001,
    psci_cpu_off = 0x8400'0002,
    psci_cpu_on = 0x8400'0003,
    psci_cpu_on64 = 0xc400'0003,
    psci_affinity_info = 0x8400'0004,
    psci_affinity_info64 = 0xc400'0004,
    psci_migrate_info_type = 0x8400'0006,
    psci_system_off = 0x8400'0008,
    psci_system_reset = 0x8400'0009,
    psci_features = 0x8400'000a,
    psci_system_reset2 = 0x8400'0012,
    psci_system_reset2_64 = 0xc400'0012,
    smccc_version = 0x8000'0000,
    smccc_arch_features = 0x8000'0001,
    // Baton's own (owner: vendor hypervisor service)
    baton_verdict = 0xc600'0001, // x1: 0 all is well, else the guest found something wrong
    baton_nothing = 0xc600'0002, // returns 0 by the complete slow path
};

inline constexpr u64 psci_version_1_1 = 0x1'0001;
inline constexpr u64 smccc_version_1_1 = 0x1'0001;
inline constexpr u64 migrate_not_required = 2; // no trusted OS to migrate

// DEN 0022, return codes; sign-extended to x0.
inline constexpr u64 psci_success = 0;
inline constexpr u64 psci_not_supported = static_cast<u64>(-1);
inline constexpr u64 psci_invalid_parameters = static_cast<u64>(-2);
inline constexpr u64 psci_already_on = static_cast<u64>(-4);

enum class CallAction : u8 {
    answer,    // put `value` in x0 and go on
    wait,      // as WFI, then answer
    verdict,   // remember x1, then answer
    power_off, // the VM has ended
    reset,     // the VM asks for a reset
};

struct CallOutcome {
    CallAction action = CallAction::answer;
    u64 value = psci_not_supported;
};

// Does Baton answer this call? For PSCI_FEATURES.
[[nodiscard]] constexpr bool is_answered(u32 function) {
    switch (static_cast<Call>(function)) {
    case Call::psci_version:
    case Call::psci_cpu_suspend:
    case Call::psci_cpu_suspend64:
    case Call::psci_cpu_off:
    case Call::psci_cpu_on:
    case Call::psci_cpu_on64:
    case Call::psci_affinity_info:
    case Call::psci_affinity_info64:
    case Call::psci_migrate_info_type:
    case Call::psci_system_off:
    case Call::psci_system_reset:
    case Call::psci_features:
    case Call::smccc_version: return true;
    case Call::psci_system_reset2:
    case Call::psci_system_reset2_64:
    case Call::smccc_arch_features:
    case Call::baton_verdict:
    case Call::baton_nothing: return false;
    }
    return false; // any other number
}

// A call of a VM with one vCPU, whose affinity is 0. `x0`..`x2` as the guest left them.
[[nodiscard]] constexpr CallOutcome one_vcpu_call(u64 x0, u64 x1, u64 x2) {
    const u32 function = static_cast<u32>(x0);
    switch (static_cast<Call>(function)) {
    case Call::psci_version: return {CallAction::answer, psci_version_1_1};
    case Call::psci_cpu_suspend:
    case Call::psci_cpu_suspend64:
        return {CallAction::wait, psci_success}; // every state is treated as standby
    case Call::psci_cpu_off:
    case Call::psci_system_off: return {CallAction::power_off, 0}; // nothing is left that could run
    case Call::psci_system_reset: return {CallAction::reset, 0};
    case Call::psci_cpu_on:
    case Call::psci_cpu_on64:
        return {CallAction::answer, x1 == 0 ? psci_already_on : psci_invalid_parameters};
    case Call::psci_affinity_info:
    case Call::psci_affinity_info64:
        return {CallAction::answer, x1 == 0 && x2 == 0 ? psci_success : psci_invalid_parameters};
    case Call::psci_migrate_info_type: return {CallAction::answer, migrate_not_required};
    case Call::psci_features:
        return {CallAction::answer,
                is_answered(static_cast<u32>(x1)) ? psci_success : psci_not_supported};
    case Call::smccc_version: return {CallAction::answer, smccc_version_1_1};
    case Call::baton_verdict: return {CallAction::verdict, psci_success};
    case Call::baton_nothing: return {CallAction::answer, psci_success};
    case Call::psci_system_reset2:
    case Call::psci_system_reset2_64:
    case Call::smccc_arch_features: break;
    }
    return {CallAction::answer, psci_not_supported};
}

} // namespace hyp
