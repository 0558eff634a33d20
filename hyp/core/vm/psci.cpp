// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/vm/psci.hpp"

namespace hyp {

namespace {

[[nodiscard]] constexpr CallOutcome answer(u64 value) {
    return {CallAction::answer, {}, value};
}

[[nodiscard]] bool is_entry(const Caller& caller, u64 address) {
    return caller.ram.contains(Ipa{address}) && Ipa{address}.is_aligned(4);
}

// The vCPUs whose affinity is `affinity` from `level` up: bit n, vCPU n. What DEN 0022 wants to be zero
// of a target_affinity, MPIDR's RES1 bit among it, is above all that a level ignores.
[[nodiscard]] u32 vcpus_at(u64 affinity, u32 level, u8 vcpus) {
    if (level == 0) {
        return affinity < vcpus ? 1U << affinity : 0;
    }
    return level <= 3 && affinity >> (8 * level) == 0 ? (1U << vcpus) - 1 : 0;
}

[[nodiscard]] CallOutcome cpu_on(const Caller& caller, u64 affinity, PowerStart start) {
    VmPower& power = caller.power;
    if (vcpus_at(affinity, 0, power.vcpus()) == 0) {
        return answer(psci_invalid_parameters);
    }
    const VcpuIndex target{static_cast<u8>(affinity)};
    if (power.word().state(target) == PowerState::off && !is_entry(caller, start.entry)) {
        return answer(psci_invalid_address);
    }
    switch (power.try_on(target, start)) {
    case OnOutcome::started: return {CallAction::start_cpu, target, psci_success};
    case OnOutcome::on_pending: return answer(psci_on_pending);
    case OnOutcome::already_on: break;
    }
    return answer(psci_already_on);
}

// Of several, one that is on counts more than one that is about to be, and that more than one that
// is off.
[[nodiscard]] u64 affinity_info(PowerWord word, u32 vcpus) {
    u64 info = vcpus == 0 ? psci_invalid_parameters : affinity_off;
    for (; vcpus != 0; vcpus &= vcpus - 1) {
        switch (word.state(VcpuIndex{static_cast<u8>(__builtin_ctz(vcpus))})) {
        case PowerState::off: break;
        case PowerState::claimed:
        case PowerState::on_pending: info = affinity_on_pending; break;
        case PowerState::on:
        case PowerState::suspended: return affinity_on;
        }
    }
    return info;
}

// power_state in the format that FEATURES tells of: StateID, bit 16 StateType, 25:24 level. There is
// no level above the CPU's, and every StateID will do.
[[nodiscard]] CallOutcome cpu_suspend(const Caller& caller, u32 power_state, PowerStart start) {
    constexpr u32 power_down = 1U << 16U;
    if ((power_state & ~0x1'ffffU) != 0) {
        return answer(psci_invalid_parameters);
    }
    if ((power_state & power_down) == 0) {
        return {CallAction::wait, {}, psci_success};
    }
    if (!is_entry(caller, start.entry)) {
        return answer(psci_invalid_address);
    }
    caller.power.suspend(caller.self, start);
    return {CallAction::suspend_power_down, {}, psci_success};
}

// Is `function` a workaround that this CPU can do without?
[[nodiscard]] bool is_needless(u32 function, const CpuIds& ids) {
    const u64 csv2 = ids.pfr0 >> 56U & 0xfU;
    if (function == static_cast<u32>(Call::smccc_workaround_1)) {
        return csv2 != 0;
    }
    if (function == static_cast<u32>(Call::smccc_workaround_2)) {
        return (ids.pfr1 >> 4U & 0xfU) != 0; // SSBS
    }
    return function == static_cast<u32>(Call::smccc_workaround_3) &&
           (csv2 >= 3 || ids.mmfr1 >> 60U != 0); // CSV2_3, ECBHB
}

[[nodiscard]] u64 arch_features(u32 function, const CpuIds& ids) {
    if ((function | 1U) == static_cast<u32>(Call::smccc_arch_features)) {
        return psci_success; // of SMCCC_VERSION, too
    }
    return is_needless(function, ids) ? workaround_not_needed : psci_not_supported;
}

} // namespace

CallOutcome guest_call(const Caller& caller, u64 x0, u64 x1, u64 x2, u64 x3) {
    u32 function = static_cast<u32>(x0);
    if ((function & call_is_64_bit) == 0) {
        x1 = static_cast<u32>(x1);
        x2 = static_cast<u32>(x2);
        x3 = static_cast<u32>(x3);
    } else if (is_psci_feature(function)) {
        function &= ~call_is_64_bit; // the same from here
    }
    const u32 low = static_cast<u32>(x1);
    VmPower& power = caller.power;
    switch (static_cast<Call>(function)) {
    case Call::psci_version: return answer(psci_version_1_1);
    case Call::psci_cpu_suspend: return cpu_suspend(caller, low, {x2, x3});
    case Call::psci_cpu_off:
        // The last one: nothing is left that could run.
        return {power.turn_off(caller.self) ? CallAction::system_off : CallAction::cpu_off};
    case Call::psci_cpu_on: return cpu_on(caller, x1, {x2, x3});
    case Call::psci_affinity_info:
        return answer(
            affinity_info(power.word(), vcpus_at(x1, static_cast<u32>(x2), power.vcpus())));
    case Call::psci_migrate_info_type: return answer(migrate_not_required);
    case Call::psci_system_off: return {CallAction::system_off};
    case Call::psci_system_reset: return {CallAction::reset};
    case Call::psci_features:
        return answer(is_psci_feature(low) ? psci_success : psci_not_supported);
    case Call::psci_system_reset2:
        // Type 0 is the architecture's warm reset; it has no other, and Baton none of its own.
        return low == 0 ? CallOutcome{CallAction::reset} : answer(psci_invalid_parameters);
    case Call::smccc_version: return answer(smccc_version_1_1);
    case Call::smccc_arch_features: return answer(arch_features(low, caller.ids));
    case Call::smccc_workaround_1:
    case Call::smccc_workaround_2:
    case Call::smccc_workaround_3:
        return answer(is_needless(function, caller.ids) ? psci_success : psci_not_supported);
    case Call::baton_verdict: return {CallAction::verdict, {}, psci_success};
    case Call::baton_nothing: return answer(psci_success);
    case Call::baton_yield: return {CallAction::yield, {}, psci_success};
    }
    return answer(psci_not_supported);
}

} // namespace hyp
