// SPDX-License-Identifier: Apache-2.0
// The GICv3 CPU interface's system registers, ICC_*_EL1 (IHI 0069): those with fields. Encodings
// are in sysreg_id.hpp.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// ICC_CTLR_EL1.
struct IccCtlr : Register<IccCtlr, u64> {
    using Register::Register;
    using Cbpr = Bit<0>;
    using EoiMode = Bit<1>; // 1: EOIR1 drops the priority, DIR deactivates
    using Pmhe = Bit<6>;
    using PriBits = Field<10, 8>; // number - 1
    using IdBits = Field<13, 11>;
    using Seis = Bit<14>;
    using A3v = Bit<15>;
    [[nodiscard]] constexpr u32 priority_bits() const { return get<PriBits>() + 1; }
};

// ICC_SRE_EL2.
struct IccSreEl2 : Register<IccSreEl2, u64> {
    using Register::Register;
    using Sre = Bit<0>;
    using Dfb = Bit<1>;
    using Dib = Bit<2>;
    using Enable = Bit<3>; // EL1 may access ICC_SRE_EL1
};

// ICC_SGI1R_EL1, and ICC_SGI0R_EL1 and ICC_ASGI1R_EL1 alike.
struct IccSgir : Register<IccSgir, u64> {
    using Register::Register;
    using TargetList = Field<15, 0>;
    using Aff1 = Field<23, 16>;
    using Intid = Field<27, 24>;
    using Aff2 = Field<39, 32>;
    using Irm = Bit<40>; // 1: every PE but this one
    using Rs = Field<47, 44>;
    using Aff3 = Field<55, 48>;
};

static_assert(IccCtlr{}.with<IccCtlr::EoiMode>(true).raw() == 2);
static_assert(IccCtlr{0x0400}.priority_bits() == 5);
static_assert(IccSreEl2{}
                  .with<IccSreEl2::Sre>(true)
                  .with<IccSreEl2::Dfb>(true)
                  .with<IccSreEl2::Dib>(true)
                  .with<IccSreEl2::Enable>(true)
                  .raw() == 0xf);
static_assert(IccSgir{}
                  .with<IccSgir::Intid>(3)
                  .with<IccSgir::TargetList>(2)
                  .with<IccSgir::Aff1>(1)
                  .with<IccSgir::Aff3>(4)
                  .raw() == 0x0004'0000'0301'0002);
static_assert(IccSgir{0x100'0000'0000}.get<IccSgir::Irm>());

} // namespace hyp
