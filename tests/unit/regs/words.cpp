// SPDX-License-Identifier: Apache-2.0
// Every register word that Baton writes, and every field it reads, against words worked out by hand
// from the Arm documents. (The same words again as static_asserts stand beside each class.)
#include "hyp/core/base/sysreg_id.hpp"
#include "hyp/core/regs/cnt.hpp"
#include "hyp/core/regs/esr.hpp"
#include "hyp/core/regs/gicc.hpp"
#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/regs/gich.hpp"
#include "hyp/core/regs/gicr.hpp"
#include "hyp/core/regs/hcr.hpp"
#include "hyp/core/regs/icc.hpp"
#include "hyp/core/regs/ich.hpp"
#include "hyp/core/regs/spsr.hpp"
#include "hyp/core/regs/stage2.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

// Field F alone, all ones.
template <class R, class F>
u64 ones() {
    const u64 all = F::mask >> F::lsb;
    return static_cast<u64>(R{}.template with<F>(static_cast<typename F::Type>(all)).raw());
}

} // namespace

TEST_CASE("Field: with() replaces, keeps the rest, and drops what does not fit", "[regs]") {
    const GichVmcr all{0xffffffff};
    CHECK(all.with<GichVmcr::VmBp>(0).raw() == 0xff1fffff);
    CHECK(GichVmcr{}.with<GichVmcr::VmBp>(0xff).raw() == 0x00e00000);
    CHECK(GicdIrouter{~u64{0}}.with<GicdIrouter::Aff3>(0).raw() == 0xffffff00ffffffff);
    CHECK(ones<VttbrEl2, VttbrEl2::Vmid>() == 0xffff000000000000);
}

TEST_CASE("GICD words", "[regs]") {
    CHECK(ones<GicdCtlrV3, GicdCtlrV3::EnableGrp0>() == 0x1);
    CHECK(ones<GicdCtlrV3, GicdCtlrV3::EnableGrp1>() == 0x2);
    CHECK(ones<GicdCtlrV3, GicdCtlrV3::Are>() == 0x10);
    CHECK(ones<GicdCtlrV3, GicdCtlrV3::Ds>() == 0x40);
    CHECK(ones<GicdCtlrV3, GicdCtlrV3::Rwp>() == 0x80000000);
    CHECK(ones<GicdCtlrV2, GicdCtlrV2::Enable>() == 1);
    CHECK(ones<GicdTyper, GicdTyper::ItLinesNumber>() == 0x1f);
    CHECK(ones<GicdTyper, GicdTyper::CpuNumber>() == 0xe0);
    CHECK(ones<GicdTyper, GicdTyper::SecurityExtn>() == 0x400);
    CHECK(ones<GicdTyper, GicdTyper::Lpis>() == 0x20000);
    CHECK(ones<GicdTyper, GicdTyper::IdBits>() == 0xf80000);
    CHECK(ones<GicdSgir, GicdSgir::CpuTargetList>() == 0xff0000);
    CHECK(ones<GicdSgir, GicdSgir::TargetListFilter>() == 0x3000000);
    CHECK(ones<GicdSgir, GicdSgir::NsAtt>() == 0x8000);
    CHECK(ones<GicdIrouter, GicdIrouter::Aff0>() == 0xff);
    CHECK(ones<GicdIrouter, GicdIrouter::Aff1>() == 0xff00);
    CHECK(ones<GicdIrouter, GicdIrouter::Aff2>() == 0xff0000);
    CHECK(ones<GicdIrouter, GicdIrouter::Aff3>() == 0xff00000000);
    CHECK(ones<GicdIrouter, GicdIrouter::InterruptRoutingMode>() == 0x80000000);
    CHECK(GicdTyper{0x65}.intids() == 192); // ZCU102
    CHECK(GicdTyper{0x66}.intids() == 224); // Raspberry Pi 4
    CHECK(word_offset(GicdBits::isenabler, 31) == 0x17c);
    CHECK(word_offset(GicdPairs::icfgr, 1) == 0xc04);
    CHECK(byte_offset(GicdBytes::itargetsr, 33) == 0x821);
    CHECK(dword_offset(GicdDwords::irouter, 1019) == 0x7fd8);
}

TEST_CASE("GICR words", "[regs]") {
    CHECK(ones<GicrCtlr, GicrCtlr::EnableLpis>() == 1);
    CHECK(ones<GicrCtlr, GicrCtlr::Rwp>() == 8);
    CHECK(ones<GicrCtlr, GicrCtlr::Uwp>() == 0x80000000);
    CHECK(ones<GicrTyper, GicrTyper::Affinity>() == 0xffffffff00000000);
    CHECK(ones<GicrTyper, GicrTyper::Last>() == 0x10);
    CHECK(ones<GicrTyper, GicrTyper::ProcessorNumber>() == 0xffff00);
    CHECK(ones<GicrTyper, GicrTyper::Vlpis>() == 2);
    CHECK(ones<GicrWaker, GicrWaker::ProcessorSleep>() == 2);
    CHECK(ones<GicrWaker, GicrWaker::ChildrenAsleep>() == 4);
}

TEST_CASE("GICC and GICH words", "[regs]") {
    CHECK(ones<GiccCtlr, GiccCtlr::EoiMode>() == 0x200);
    CHECK(ones<GiccCtlr, GiccCtlr::BypassDisable>() == 0x1e0);
    CHECK(ones<GiccIar, GiccIar::CpuId>() == 0x1c00);
    CHECK(offset(GiccReg::nsapr, 3) == 0xec);
    CHECK(offset(GiccReg::dir) == 0x1000);
    CHECK(ones<GichHcr, GichHcr::Lrenpie>() == 4);
    CHECK(ones<GichHcr, GichHcr::Npie>() == 8);
    CHECK(ones<GichHcr, GichHcr::VGrp1Die>() == 0x80);
    CHECK(ones<GichHcr, GichHcr::EoiCount>() == 0xf8000000);
    CHECK(ones<GichVtr, GichVtr::ListRegs>() == 0x3f);
    CHECK(GichVtr{0x3f}.list_registers() == 64); // six bits, not five
    CHECK(ones<GichVmcr, GichVmcr::VmPriMask>() == 0xf8000000);
    CHECK(ones<GichVmcr, GichVmcr::VEm>() == 0x200);
    CHECK(ones<GichVmcr, GichVmcr::VmAbp>() == 0x1c0000);
    CHECK(ones<Misr, Misr::Eoi>() == 1);
    CHECK(ones<Misr, Misr::U>() == 2);
    CHECK(ones<Misr, Misr::Lrenp>() == 4);
    CHECK(ones<Misr, Misr::Np>() == 8);
    CHECK(ones<Misr, Misr::VGrp1D>() == 0x80);
}

TEST_CASE("ICC and ICH words", "[regs]") {
    CHECK(ones<IccCtlr, IccCtlr::EoiMode>() == 2);
    CHECK(ones<IccCtlr, IccCtlr::Pmhe>() == 0x40);
    CHECK(ones<IccCtlr, IccCtlr::PriBits>() == 0x700);
    CHECK(ones<IccSgir, IccSgir::Intid>() == 0xf000000);
    CHECK(ones<IccSgir, IccSgir::Rs>() == 0xf00000000000);
    CHECK(ones<IccSgir, IccSgir::Aff2>() == 0xff00000000);
    CHECK(ones<IccSgir, IccSgir::Aff3>() == 0xff000000000000);
    CHECK(ones<IchHcr, IchHcr::Tc>() == 0x400);
    CHECK(ones<IchHcr, IchHcr::Tall0>() == 0x800);
    CHECK(ones<IchHcr, IchHcr::Tall1>() == 0x1000);
    CHECK(ones<IchHcr, IchHcr::Tsei>() == 0x2000);
    CHECK(ones<IchHcr, IchHcr::Tdir>() == 0x4000);
    CHECK(ones<IchVtr, IchVtr::ListRegs>() == 0x1f);
    CHECK(ones<IchVtr, IchVtr::Tds>() == 0x80000);
    CHECK(ones<IchVmcr, IchVmcr::VPmr>() == 0xff000000);
    CHECK(ones<IchVmcr, IchVmcr::VEoim>() == 0x200);
    CHECK(ones<IchVmcr, IchVmcr::VEng1>() == 2);
}

TEST_CASE("CPU words", "[regs]") {
    CHECK(hcr_guest.raw() == 0x807c063f);
    CHECK(ones<HcrEl2, HcrEl2::Bsu>() == 0xc00);
    CHECK(ones<HcrEl2, HcrEl2::E2h>() == 0x400000000);
    CHECK(ones<HcrEl2, HcrEl2::Api>() == 0x20000000000);
    CHECK(spsr_vcpu_reset.raw() == 0x3c5);
    CHECK(ones<SpsrEl2, SpsrEl2::Pan>() == 0x400000);
    CHECK(ones<SpsrEl2, SpsrEl2::Ss>() == 0x200000);
    CHECK(ones<CntCtl, CntCtl::Enable>() == 1);
    CHECK(ones<CntCtl, CntCtl::Imask>() == 2);
    CHECK(ones<CntCtl, CntCtl::Istatus>() == 4);
    CHECK(ones<CnthctlEl2, CnthctlEl2::EvntI>() == 0xf0);
    CHECK(ones<CnthctlEl2, CnthctlEl2::El1PcEn>() == 2);
    CHECK(vtcr(32, 1, 0).raw() == 0x80003560);
    CHECK(vtcr(48, 0, 5).raw() == 0x80053590);
    CHECK(stage2_ram(Pa{0x4000200000}, LeafKind::block).raw() == 0x40002007fd);
    CHECK(stage2_device(Pa{0x09000000}, LeafKind::block).raw() == 0x00400000090004c5);
}

TEST_CASE("system register encodings", "[regs]") {
    // op0 op1 CRn CRm op2 as S<op0>_<op1>_C<n>_C<m>_<op2>, packed 2:3:4:4:3.
    CHECK(static_cast<u32>(SysReg::icc_iar1) == 0b11'000'1100'1100'000);
    CHECK(static_cast<u32>(SysReg::icc_eoir1) == 0b11'000'1100'1100'001);
    CHECK(static_cast<u32>(SysReg::icc_dir) == 0b11'000'1100'1011'001);
    CHECK(static_cast<u32>(SysReg::icc_sre_el2) == 0b11'100'1100'1001'101);
    CHECK(static_cast<u32>(ich_lr(0)) == 0b11'100'1100'1100'000);
    CHECK(static_cast<u32>(ich_lr(15)) == 0b11'100'1100'1101'111);
    CHECK(static_cast<u32>(sysreg_at(SysReg::icc_ap0r0, 3)) == 0b11'000'1100'1000'111);
    CHECK(static_cast<u32>(sysreg_at(SysReg::ich_ap1r0, 2)) == 0b11'100'1100'1001'010);
}
