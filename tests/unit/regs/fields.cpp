// SPDX-License-Identifier: Apache-2.0
// Fields that no word of the other tests pins down, each alone with all its bits (DDI 0487, IHI 0069).
#include "hyp/core/regs/lr.hpp"
#include "hyp/core/regs/stage2.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

TEST_CASE("VTCR_EL2: every field at its place", "[regs]") {
    CHECK(VtcrEl2::T0sz::mask == 0x3f);
    CHECK(VtcrEl2::Sl0::mask == 0xc0);
    CHECK(VtcrEl2::Irgn0::mask == 0x300);
    CHECK(VtcrEl2::Orgn0::mask == 0xc00);
    CHECK(VtcrEl2::Sh0::mask == 0x3000);
    CHECK(VtcrEl2::Tg0::mask == 0xc000);
    CHECK(VtcrEl2::Ps::mask == 0x70000);
    CHECK(VtcrEl2::Vs::mask == 0x80000);
    CHECK(VtcrEl2::Res1::mask == 0x80000000);
}

TEST_CASE("VTTBR_EL2 and stage-2 descriptors: every field at its place", "[regs]") {
    CHECK(VttbrEl2::CnP::mask == 1);
    CHECK(VttbrEl2::Baddr::mask == 0x0000'ffff'ffff'fffe);
    CHECK(VttbrEl2::Vmid::mask == 0xffff'0000'0000'0000);
    CHECK(Stage2Descriptor::Valid::mask == 1);
    CHECK(Stage2Descriptor::TableOrPage::mask == 2);
    CHECK(Stage2Descriptor::MemAttr::mask == 0x3c);
    CHECK(Stage2Descriptor::S2ap::mask == 0xc0);
    CHECK(Stage2Descriptor::Sh::mask == 0x300);
    CHECK(Stage2Descriptor::Af::mask == 0x400);
    CHECK(Stage2Descriptor::Address::mask == 0x0000'ffff'ffff'f000);
    CHECK(Stage2Descriptor::Contiguous::mask == u64{1} << 52);
    CHECK(Stage2Descriptor::Xn::mask == u64{3} << 53);
}

TEST_CASE("list registers: every field at its place", "[regs]") {
    CHECK(GichLr::VirtualId::mask == 0x3ff);
    CHECK(GichLr::PhysicalId::mask == 0xffc00);
    CHECK(GichLr::CpuId::mask == 0x1c00);
    CHECK(GichLr::Eoi::mask == 0x80000);
    CHECK(GichLr::PriorityHigh::mask == 0xf800000);
    CHECK(GichLr::State::mask == 0x30000000);
    CHECK(GichLr::Grp1::mask == 0x40000000);
    CHECK(GichLr::Hw::mask == 0x80000000);
    CHECK(IchLr::VIntId::mask == 0xffffffff);
    CHECK(IchLr::PIntId::mask == 0x1fff'0000'0000);
    CHECK(IchLr::Eoi::mask == u64{1} << 41);
    CHECK(IchLr::Priority::mask == u64{0xff} << 48);
    CHECK(IchLr::Group::mask == u64{1} << 60);
    CHECK(IchLr::Hw::mask == u64{1} << 61);
    CHECK(IchLr::State::mask == u64{3} << 62);
}
