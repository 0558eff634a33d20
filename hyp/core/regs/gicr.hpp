// SPDX-License-Identifier: Apache-2.0
// The GICv3 redistributor's registers (IHI 0069): frame RD_base. The frame SGI_base (64 KiB above)
// holds the arrays of GicdBits, GicdBytes and GicdPairs for INTIDs 0-31.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

enum class GicrReg : u32 {
    ctlr = 0x0000,      // rw  Redistributor Control
    iidr = 0x0004,      // ro  Implementer Identification
    typer = 0x0008,     // ro  Type, 64 bits
    waker = 0x0014,     // rw  Wake
    pwrr = 0x0024,      // rw  Power (GIC-600)
    propbaser = 0x0070, // rw  LPI Configuration Table, 64 bits
    pendbaser = 0x0078, // rw  LPI Pending Table, 64 bits
    pidr2 = 0xffe8,     // ro  Peripheral ID 2
};

[[nodiscard]] constexpr u32 offset(GicrReg reg) {
    return static_cast<u32>(reg);
}

struct GicrCtlr : Register<GicrCtlr, u32> {
    using Register::Register;
    using EnableLpis = Bit<0>;
    using Rwp = Bit<3>;
    using Uwp = Bit<31>;
};

struct GicrTyper : Register<GicrTyper, u64> {
    using Register::Register;
    using Plpis = Bit<0>;
    using Vlpis = Bit<1>;
    using Last = Bit<4>;
    using ProcessorNumber = Field<23, 8>;
    using Affinity = Field<63, 32>; // Aff3.Aff2.Aff1.Aff0, a byte each
};

struct GicrWaker : Register<GicrWaker, u32> {
    using Register::Register;
    using ProcessorSleep = Bit<1>;
    using ChildrenAsleep = Bit<2>;
};

static_assert(GicrWaker{6}.with<GicrWaker::ProcessorSleep>(false).raw() == 4);
static_assert(GicrTyper{0x0000'0103'0000'0110}.get<GicrTyper::Affinity>() == 0x103);
static_assert(GicrTyper{0x0000'0103'0000'0110}.get<GicrTyper::Last>());
static_assert(GicrTyper{0x0000'0103'0000'0110}.get<GicrTyper::ProcessorNumber>() == 1);

} // namespace hyp
