// SPDX-License-Identifier: Apache-2.0
// Every call of PSCI, SMCCC and Baton: what is done and what x0 gets (DEN 0022, DEN 0028).
#include "hyp/core/vm/psci.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

struct Row {
    u32 function;
    u64 x1, x2;
    CallAction action;
    u64 value;
};

constexpr u64 not_supported = ~u64{0};
constexpr u64 invalid = ~u64{1};
constexpr u64 already_on = ~u64{3};

constexpr Row rows[] = {
    {0x8400'0000, 0, 0, CallAction::answer, 0x1'0001},   // PSCI_VERSION
    {0x8400'0001, 0, 0, CallAction::wait, 0},            // CPU_SUSPEND
    {0xc400'0001, 9, 9, CallAction::wait, 0},            //
    {0x8400'0002, 0, 0, CallAction::power_off, 0},       // CPU_OFF of the only one
    {0x8400'0003, 0, 0, CallAction::answer, already_on}, // CPU_ON
    {0x8400'0003, 1, 0, CallAction::answer, invalid},    //
    {0xc400'0003, 0, 7, CallAction::answer, already_on}, //
    {0xc400'0003, u64{1} << 32, 0, CallAction::answer, invalid},
    {0x8400'0004, 0, 0, CallAction::answer, 0}, // AFFINITY_INFO
    {0x8400'0004, 1, 0, CallAction::answer, invalid},
    {0x8400'0004, 0, 1, CallAction::answer, invalid},
    {0xc400'0004, 0, 0, CallAction::answer, 0},
    {0xc400'0004, 1, 1, CallAction::answer, invalid},
    {0x8400'0006, 0, 0, CallAction::answer, 2},           // MIGRATE_INFO_TYPE
    {0x8400'0008, 0, 0, CallAction::power_off, 0},        // SYSTEM_OFF
    {0x8400'0009, 0, 0, CallAction::reset, 0},            // SYSTEM_RESET
    {0x8400'000a, 0x8400'0001, 0, CallAction::answer, 0}, // FEATURES
    {0x8400'000a, 0x8000'0000, 0, CallAction::answer, 0}, //
    {0x8400'000a, 0x8400'0012, 0, CallAction::answer, not_supported},
    {0x8400'000a, 0xc600'0001, 0, CallAction::answer, not_supported},
    {0x8400'0012, 0, 0, CallAction::answer, not_supported}, // SYSTEM_RESET2
    {0xc400'0012, 0, 0, CallAction::answer, not_supported}, //
    {0x8000'0000, 0, 0, CallAction::answer, 0x1'0001},      // SMCCC_VERSION
    {0x8000'0001, 0, 0, CallAction::answer, not_supported}, // SMCCC_ARCH_FEATURES
    {0xc600'0001, 0, 0, CallAction::verdict, 0},            // Baton's verdict
    {0xc600'0001, 1, 0, CallAction::verdict, 0},            //
    {0xc600'0002, 0, 0, CallAction::answer, 0},             // Baton's nothing
    {0x8400'0005, 0, 0, CallAction::answer, not_supported}, // MIGRATE
};

} // namespace

TEST_CASE("calls: each one's action and value") {
    for (const Row& row : rows) {
        CAPTURE(row.function, row.x1, row.x2);
        const CallOutcome outcome = one_vcpu_call(row.function, row.x1, row.x2);
        CHECK(outcome.action == row.action);
        CHECK(outcome.value == row.value);
    }
    CHECK(CallOutcome{}.action == CallAction::answer);
    CHECK(CallOutcome{}.value == not_supported);
}
