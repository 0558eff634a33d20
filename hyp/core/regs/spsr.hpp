// SPDX-License-Identifier: Apache-2.0
// SPSR_EL2 for AArch64 states (DDI 0487).
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

struct SpsrEl2 : Register<SpsrEl2, u64> {
    using Register::Register;
    enum class Mode : u8 { el0t = 0, el1t = 4, el1h = 5, el2t = 8, el2h = 9 };
    using M = Field<3, 0, Mode>;
    using NRw = Bit<4>; // AArch32
    using F = Bit<6>;
    using I = Bit<7>;
    using A = Bit<8>;
    using D = Bit<9>;
    using Il = Bit<20>;
    using Ss = Bit<21>;
    using Pan = Bit<22>;
    using Uao = Bit<23>;
    using Dit = Bit<24>;
    using Tco = Bit<25>;
    using Nzcv = Field<31, 28>;
};

// How a vCPU starts: EL1 on its own stack, everything masked.
inline constexpr SpsrEl2 spsr_vcpu_reset = SpsrEl2{}
                                               .with<SpsrEl2::M>(SpsrEl2::Mode::el1h)
                                               .with<SpsrEl2::F>(true)
                                               .with<SpsrEl2::I>(true)
                                               .with<SpsrEl2::A>(true)
                                               .with<SpsrEl2::D>(true);
static_assert(spsr_vcpu_reset.raw() == 0x3c5);

} // namespace hyp
