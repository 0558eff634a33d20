// SPDX-License-Identifier: Apache-2.0
// The GICv3 hypervisor control registers, ICH_*_EL2 (IHI 0069). The list register is in lr.hpp,
// MISR in gich.hpp (the two generations share it), encodings are in sysreg_id.hpp.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// ICH_HCR_EL2.
struct IchHcr : Register<IchHcr, u64> {
    using Register::Register;
    using En = Bit<0>;
    using Uie = Bit<1>;
    using Lrenpie = Bit<2>;
    using Npie = Bit<3>;
    using VGrp0Eie = Bit<4>;
    using VGrp0Die = Bit<5>;
    using VGrp1Eie = Bit<6>;
    using VGrp1Die = Bit<7>;
    using VSgiEoiCount = Bit<8>;
    using Tc = Bit<10>;
    using Tall0 = Bit<11>;
    using Tall1 = Bit<12>;
    using Tsei = Bit<13>;
    using Tdir = Bit<14>; // only where ICH_VTR_EL2.TDS
    using EoiCount = Field<31, 27>;
};

// ICH_VTR_EL2.
struct IchVtr : Register<IchVtr, u64> {
    using Register::Register;
    using ListRegs = Field<4, 0>; // number - 1
    using Tds = Bit<19>;          // ICH_HCR_EL2.TDIR is implemented
    using NV4 = Bit<20>;
    using A3v = Bit<21>;
    using Seis = Bit<22>;
    using IdBits = Field<25, 23>;
    using PreBits = Field<28, 26>;
    using PriBits = Field<31, 29>;
    [[nodiscard]] constexpr u32 list_registers() const { return get<ListRegs>() + 1; }
    [[nodiscard]] constexpr u32 preemption_bits() const { return get<PreBits>() + 1; }
    [[nodiscard]] constexpr u32 priority_bits() const { return get<PriBits>() + 1; }
};

// How many 32-bit active-priority words of each group there are: 1, 2 or 4 for 5, 6 or 7 bits.
// Touching one that is not there is UNDEFINED.
[[nodiscard]] constexpr u32 active_priority_words(u32 preemption_bits) {
    return preemption_bits <= 5 ? 1 : preemption_bits == 6 ? 2 : 4;
}

// ICH_VMCR_EL2.
struct IchVmcr : Register<IchVmcr, u64> {
    using Register::Register;
    using VEng0 = Bit<0>;
    using VEng1 = Bit<1>;
    using VAckCtl = Bit<2>;
    using VFiqEn = Bit<3>; // RES1 with system registers
    using VCbpr = Bit<4>;
    using VEoim = Bit<9>;
    using VBpr1 = Field<20, 18>;
    using VBpr0 = Field<23, 21>;
    using VPmr = Field<31, 24>;
};

static_assert(IchVtr{0x90b80003}.list_registers() == 4 && IchVtr{0x90b80003}.get<IchVtr::Tds>());
static_assert(IchVtr{0x90b80003}.priority_bits() == 5 && IchVtr{0x90b80003}.preemption_bits() == 5);
static_assert(IchHcr{}.with<IchHcr::En>(true).with<IchHcr::Tdir>(true).raw() == 0x4001);
static_assert(IchHcr{0x08000001}.get<IchHcr::EoiCount>() == 1);
static_assert(IchVmcr{0x4c0008}.get<IchVmcr::VBpr1>() == 3);
static_assert(IchVmcr{0x4c0008}.get<IchVmcr::VBpr0>() == 2);
static_assert(IchVmcr{0x4c0008}.get<IchVmcr::VFiqEn>());
static_assert(IchVmcr{}.with<IchVmcr::VPmr>(0xf8).with<IchVmcr::VEng1>(true).raw() == 0xf8000002);
static_assert(active_priority_words(5) == 1 && active_priority_words(7) == 4);

} // namespace hyp
