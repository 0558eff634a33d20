// SPDX-License-Identifier: Apache-2.0
// The GICv2 CPU interface (IHI 0048B): the physical one, GICC, and the guest's, GICV, which has the
// same layout. Two pages: DIR is the first word of the second.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

enum class GiccReg : u32 {
    ctlr = 0x0000,  // rw  CPU Interface Control
    pmr = 0x0004,   // rw  Interrupt Priority Mask
    bpr = 0x0008,   // rw  Binary Point
    iar = 0x000c,   // ro  Interrupt Acknowledge
    eoir = 0x0010,  // wo  End of Interrupt; takes the whole IAR value
    rpr = 0x0014,   // ro  Running Priority; 0xff idle
    hppir = 0x0018, // ro  Highest Priority Pending Interrupt
    abpr = 0x001c,  // rw  Aliased Binary Point
    apr = 0x00d0,   // rw  Active Priorities, four words
    nsapr = 0x00e0, // rw  Non-secure Active Priorities, four words; RAZ/WI to non-secure access
    iidr = 0x00fc,  // ro  CPU Interface Identification
    dir = 0x1000,   // wo  Deactivate Interrupt
};

[[nodiscard]] constexpr u32 offset(GiccReg reg, u32 word = 0) {
    return static_cast<u32>(reg) + 4 * word;
}

// GICC_CTLR as a non-secure access sees it, and as a GIC without Security Extensions has it. Bit 0
// is the group that all interrupts are in (GicdCtlrV2), bit 9 EOImode in both.
struct GiccCtlr : Register<GiccCtlr, u32> {
    using Register::Register;
    using Enable = Bit<0>;
    using BypassDisable = Field<8, 5>; // firmware's choice about legacy interrupts, kept
    using EoiMode = Bit<9>;            // 1: EOIR drops the priority, DIR deactivates
};

// GICC_IAR, GICC_EOIR, GICC_DIR.
struct GiccIar : Register<GiccIar, u32> {
    using Register::Register;
    using Intid = Field<9, 0>;
    using CpuId = Field<12, 10>; // source of an SGI
};

static_assert(GiccCtlr{}.with<GiccCtlr::Enable>(true).with<GiccCtlr::EoiMode>(true).raw() == 0x201);
static_assert(GiccIar{0xc05}.get<GiccIar::Intid>() == 5 &&
              GiccIar{0xc05}.get<GiccIar::CpuId>() == 3);

} // namespace hyp
