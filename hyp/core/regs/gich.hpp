// SPDX-License-Identifier: Apache-2.0
// The GICv2 virtual interface control block, GICH (IHI 0048B). Its list register is in lr.hpp.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

enum class GichReg : u32 {
    hcr = 0x000,   // rw  Hypervisor Control
    vtr = 0x004,   // ro  VGIC Type
    vmcr = 0x008,  // rw  Virtual Machine Control
    misr = 0x010,  // ro  Maintenance Interrupt Status
    eisr = 0x020,  // ro  End of Interrupt Status, two words
    elrsr = 0x030, // ro  Empty List Register Status, two words
    apr = 0x0f0,   // rw  Active Priorities
    lr = 0x100,    // rw  List Registers
};

[[nodiscard]] constexpr u32 offset(GichReg reg, u32 word = 0) {
    return static_cast<u32>(reg) + 4 * word;
}

struct GichHcr : Register<GichHcr, u32> {
    using Register::Register;
    using En = Bit<0>;
    using Uie = Bit<1>;
    using Lrenpie = Bit<2>;
    using Npie = Bit<3>;
    using VGrp0Eie = Bit<4>;
    using VGrp0Die = Bit<5>;
    using VGrp1Eie = Bit<6>;
    using VGrp1Die = Bit<7>;
    using EoiCount = Field<31, 27>;
};

struct GichVtr : Register<GichVtr, u32> {
    using Register::Register;
    using ListRegs = Field<5, 0>; // number - 1; six bits here, five in ICH_VTR_EL2
    using PreBits = Field<28, 26>;
    using PriBits = Field<31, 29>;
    [[nodiscard]] constexpr u32 list_registers() const { return get<ListRegs>() + 1; }
    [[nodiscard]] constexpr u32 preemption_bits() const { return get<PreBits>() + 1; }
    [[nodiscard]] constexpr u32 priority_bits() const { return get<PriBits>() + 1; }
};

struct GichVmcr : Register<GichVmcr, u32> {
    using Register::Register;
    using VmGrp0En = Bit<0>;
    using VmGrp1En = Bit<1>;
    using VmAckCtl = Bit<2>;
    using VmFiqEn = Bit<3>;
    using VmCbpr = Bit<4>;
    using VEm = Bit<9>; // EOImode of the guest
    using VmAbp = Field<20, 18>;
    using VmBp = Field<23, 21>;
    using VmPriMask = Field<31, 27>; // PMR[7:3]
};

// GICH_MISR, and ICH_MISR_EL2 alike.
struct Misr : Register<Misr, u32> {
    using Register::Register;
    using Eoi = Bit<0>;
    using U = Bit<1>;
    using Lrenp = Bit<2>;
    using Np = Bit<3>;
    using VGrp0E = Bit<4>;
    using VGrp0D = Bit<5>;
    using VGrp1E = Bit<6>;
    using VGrp1D = Bit<7>;
};

static_assert(GichVtr{0x90000003}.list_registers() == 4);
static_assert(GichVtr{0x90000003}.priority_bits() == 5 &&
              GichVtr{0x90000003}.preemption_bits() == 5);
static_assert(GichHcr{}.with<GichHcr::En>(true).with<GichHcr::Uie>(true).raw() == 3);
static_assert(GichHcr{0xf8000001}.get<GichHcr::EoiCount>() == 31);
static_assert(GichVmcr{0x004c0000}.get<GichVmcr::VmBp>() == 2);
static_assert(GichVmcr{0x004c0000}.get<GichVmcr::VmAbp>() == 3);
static_assert(offset(GichReg::lr, 3) == 0x10c);

} // namespace hyp
