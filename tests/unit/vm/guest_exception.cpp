// SPDX-License-Identifier: Apache-2.0
// Exceptions that EL2 gives to EL1, as DDI 0487 has EL1 take them.
#include "hyp/core/vm/guest_exception.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

constexpr u64 el0t = 0x0;
constexpr u64 el1t = 0x4;
constexpr u64 el1h = 0x5;
constexpr u64 aarch32_user = 0x10;

} // namespace

TEST_CASE("guest exception: the vector by where the guest was") {
    const auto offset = [](u64 spsr) {
        return make_guest_exception(GuestFault::undefined, spsr, 0, {}).vector_offset;
    };
    CHECK(offset(el1t) == 0x000);
    CHECK(offset(el1h) == 0x200);
    CHECK(offset(el0t) == 0x400);
    CHECK(offset(aarch32_user) == 0x600);
}

TEST_CASE("guest exception: the syndrome names class, level and direction") {
    const auto esr = [](GuestFault fault, u64 spsr) {
        return make_guest_exception(fault, spsr, 0, {}).esr;
    };
    CHECK(esr(GuestFault::undefined, el1h) == 0x0200'0000);
    CHECK(esr(GuestFault::load_abort, el1h) == 0x9600'0010);
    CHECK(esr(GuestFault::store_abort, el1h) == 0x9600'0050);
    CHECK(esr(GuestFault::load_abort, el0t) == 0x9200'0010);
    CHECK(esr(GuestFault::instruction_abort, el1h) == 0x8600'0010);
    CHECK(esr(GuestFault::instruction_abort, el0t) == 0x8200'0010);
}

TEST_CASE("guest exception: EL1h, all masked, PAN by SCTLR_EL1.SPAN") {
    constexpr u64 span = u64{1} << 23;
    constexpr u64 pan = u64{1} << 22;
    const auto spsr = [](u64 from, u64 sctlr, bool has_pan) {
        return make_guest_exception(GuestFault::undefined, from, sctlr, {.pan = has_pan}).spsr;
    };
    CHECK(spsr(el0t, 0, false) == 0x3c5);
    CHECK(spsr(el0t, 0, true) == (0x3c5 | pan));
    CHECK(spsr(el0t, span, true) == 0x3c5);
    CHECK(spsr(el0t | pan, span, true) == (0x3c5 | pan));
}

TEST_CASE("guest exception: SSBS by SCTLR_EL1.DSSBS, DIT stays") {
    constexpr u64 dssbs = u64{1} << 44;
    constexpr u64 ssbs = u64{1} << 12;
    constexpr u64 dit = u64{1} << 24;
    const auto spsr = [](u64 from, u64 sctlr, bool has_ssbs) {
        return make_guest_exception(GuestFault::undefined, from, sctlr, {.ssbs = has_ssbs}).spsr;
    };
    CHECK(spsr(el0t | ssbs, 0, true) == 0x3c5);
    CHECK(spsr(el0t, dssbs, true) == (0x3c5 | ssbs));
    CHECK(spsr(el0t, dssbs, false) == 0x3c5);
    CHECK(spsr(el0t | dit, 0, true) == (0x3c5 | dit));
}
