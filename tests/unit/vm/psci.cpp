// SPDX-License-Identifier: Apache-2.0
// The answers to a guest's HVC and SMC, by DEN 0022 and DEN 0028.
#include "hyp/core/vm/psci.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace hyp;

namespace {

[[nodiscard]] CallOutcome call(Call function, u64 x1 = 0, u64 x2 = 0) {
    return one_vcpu_call(static_cast<u32>(function), x1, x2);
}

} // namespace

TEST_CASE("PSCI: what one vCPU may ask for") {
    CHECK(call(Call::psci_version).value == 0x10001);
    CHECK(call(Call::smccc_version).value == 0x10001);
    CHECK(call(Call::psci_migrate_info_type).value == 2);
    CHECK(call(Call::psci_system_off).action == CallAction::power_off);
    CHECK(call(Call::psci_cpu_off).action == CallAction::power_off);
    CHECK(call(Call::psci_system_reset).action == CallAction::reset);
    CHECK(call(Call::psci_cpu_suspend64).action == CallAction::wait);
    CHECK(call(Call::psci_cpu_suspend64).value == 0);
    CHECK(call(Call::psci_cpu_on64, 0).value == static_cast<u64>(-4)); // ALREADY_ON
    CHECK(call(Call::psci_cpu_on64, 1).value == static_cast<u64>(-2)); // INVALID_PARAMETERS
    CHECK(call(Call::psci_affinity_info64, 0, 0).value == 0);          // ON
    CHECK(call(Call::psci_affinity_info64, 1, 0).value == static_cast<u64>(-2));
    CHECK(call(Call::psci_affinity_info64, 0, 1).value == static_cast<u64>(-2));
}

TEST_CASE("PSCI: FEATURES tells of exactly what is answered") {
    std::mt19937 random{3};
    for (int n = 0; n < 20000; ++n) {
        const u32 base = n % 2 == 0 ? 0x8400'0000U : 0xc400'0000U;
        const u32 function = n % 7 == 0 ? static_cast<u32>(random()) : base + random() % 0x20;
        const u64 told = call(Call::psci_features, function).value;
        const bool asks_itself = function == static_cast<u32>(Call::psci_features);
        const CallOutcome asked = one_vcpu_call(function, asks_itself ? function : 0, 0);
        const bool answered =
            asked.action != CallAction::answer || asked.value != psci_not_supported;
        const bool bare = function == static_cast<u32>(Call::baton_verdict) ||
                          function == static_cast<u32>(Call::baton_nothing);
        CAPTURE(function);
        CHECK((told == 0) == (answered && !bare));
    }
}

TEST_CASE("PSCI: only the low half of x0 names the function, and the unknown is NOT_SUPPORTED") {
    CHECK(one_vcpu_call(0xffff'ffff'8400'0000, 0, 0).value == 0x10001);
    for (const u32 function : {0U, 0x8400'0005U, 0xc200'0000U, 0x8600'ff01U, 0xffff'ffffU}) {
        CHECK(one_vcpu_call(function, 0, 0).value == static_cast<u64>(-1));
        CHECK(one_vcpu_call(function, 0, 0).action == CallAction::answer);
    }
}

TEST_CASE("Baton's own calls") {
    CHECK(call(Call::baton_verdict, 1).action == CallAction::verdict);
    CHECK(call(Call::baton_nothing).action == CallAction::answer);
    CHECK(call(Call::baton_nothing).value == 0);
}
