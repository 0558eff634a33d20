// SPDX-License-Identifier: Apache-2.0
// List register words of both generations against words put together by shifts alone, and the way
// back, for every value of every field (oracle H22).
#include "hyp/core/regs/lr.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace hyp;

namespace {

struct Fields {
    u32 vintid;
    u32 pintid; // hardware only
    u8 priority;
    u8 state;
    bool group1;
    bool hardware;
    bool notify; // software only
    u8 source;   // software on GICv2 only
};

ListReg list_reg(const Fields& f) {
    const Group group = f.group1 ? Group::group1 : Group::group0;
    const EoiNotify notify = f.notify ? EoiNotify::yes : EoiNotify::no;
    const ListReg lr =
        f.hardware
            ? ListReg::hardware(VIntid{f.vintid}, PIntid{f.pintid}, Priority{f.priority}, group)
            : ListReg::sgi(VIntid{f.vintid}, f.source, Priority{f.priority}, group, notify);
    return lr.in_state(static_cast<LrState>(f.state));
}

u32 gich_word(const Fields& f) {
    const u32 middle = f.hardware ? f.pintid << 10 : u32{f.source} << 10 | u32{f.notify} << 19;
    return f.vintid | middle | u32{f.priority} >> 3 << 23 | u32{f.state} << 28 |
           u32{f.group1} << 30 | u32{f.hardware} << 31;
}

u64 ich_word(const Fields& f) {
    const u64 middle = f.hardware ? u64{f.pintid} << 32 : u64{f.notify} << 41;
    return u64{f.vintid} | middle | u64{f.priority} << 48 | u64{f.group1} << 60 |
           u64{f.hardware} << 61 | u64{f.state} << 62;
}

// True if both ways agree. Not a REQUIRE each: there are millions.
bool gich_agrees(const Fields& f) {
    const ListReg lr = list_reg(f);
    return encode_gich(lr).raw() == gich_word(f) && decode(GichLr{gich_word(f)}) == lr;
}
bool ich_agrees(const Fields& f) {
    const ListReg lr = list_reg(f);
    return encode_ich(lr).raw() == ich_word(f) && decode(IchLr{ich_word(f)}) == lr;
}

// Calls check(fields) for all small fields together.
template <class Check>
u64 failures_over_flags(const Fields& base, u8 priority_step, Check check) {
    u64 failures = 0;
    for (u32 priority = 0; priority < 256; priority += priority_step) {
        for (u32 bits = 0; bits < 32; ++bits) {
            Fields f = base;
            f.priority = static_cast<u8>(priority);
            f.state = bits & 3U;
            f.group1 = (bits & 4U) != 0;
            f.hardware = (bits & 8U) != 0;
            f.notify = !f.hardware && (bits & 16U) != 0;
            f.source = f.hardware ? 0 : base.source;
            const bool never_made = f.hardware && f.state == 3;
            failures += never_made || check(f) ? 0U : 1U;
        }
    }
    return failures;
}

} // namespace

TEST_CASE("H22: GICH_LR: every value of every field, both ways", "[regs][lr]") {
    u64 failures = 0;
    for (u32 id = 0; id < 1024; ++id) { // all virtual with some physical, and the other way round
        for (const u32 other : {0U, 27U, 512U, 1019U, 1023U}) {
            const u8 source = id & 7U;
            failures +=
                failures_over_flags({id, other, 0, 0, false, false, false, source}, 8, gich_agrees);
            failures +=
                failures_over_flags({other, id, 0, 0, false, false, false, source}, 8, gich_agrees);
        }
    }
    CHECK(failures == 0);
}

TEST_CASE("H22: ICH_LR: every value of every field, both ways", "[regs][lr]") {
    u64 failures = 0;
    for (u32 pintid = 0; pintid < 8192; pintid += 1) {
        failures += failures_over_flags({27, pintid, 0, 0, false, false, false, 0}, 85, ich_agrees);
    }
    for (const u32 vintid : {0U, 1U, 27U, 1019U, 8192U, 65535U, 0xffffffU, 0xffffffffU}) {
        for (const u32 pintid : {0U, 1U, 27U, 1019U, 0x1555U, 0x1fffU}) {
            failures +=
                failures_over_flags({vintid, pintid, 0, 0, false, false, false, 0}, 1, ich_agrees);
        }
    }
    CHECK(failures == 0);
}

TEST_CASE("list register words of a forwarded timer, as measured", "[regs][lr]") {
    CHECK(encode_gich(vtimer_v2_example).raw() == 0x9a006c1b);
    CHECK(encode_ich(vtimer_v3_example).raw() == 0x70a0001b0000001b);
    // An SGI 5 from CPU 3 that asks for a maintenance interrupt: prio 0x80, pending.
    const ListReg sgi = ListReg::sgi(VIntid{5}, 3, Priority{0x80}, Group::group0, EoiNotify::yes);
    CHECK(encode_gich(sgi).raw() == 0x18080c05);
    CHECK(decode(GichLr{0x18080c05}) == sgi);
    CHECK(encode_ich(sgi).raw() == 0x4080020000000005); // no room for the source
}

TEST_CASE("a hardware list register found pending and active reads as active", "[regs][lr]") {
    CHECK(decode(GichLr{0xba006c1b}) == vtimer_v2_example.in_state(LrState::active));
    CHECK(decode(IchLr{0xf0a0001b0000001b}) == vtimer_v3_example.in_state(LrState::active));
}

TEST_CASE("GICv2 drops the priority bits it lacks", "[regs][lr]") {
    const ListReg lr = ListReg::software(VIntid{40}, Priority{0xa7}, Group::group0);
    CHECK(decode(encode_gich(lr)).priority() == Priority{0xa0});
    CHECK(decode(encode_ich(lr)).priority() == Priority{0xa7});
}
