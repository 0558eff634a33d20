// SPDX-License-Identifier: Apache-2.0
// Trap controls of EL2 beside HCR_EL2 (DDI 0487, E2H = 0): CPTR_EL2, MDCR_EL2.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

struct CptrEl2 : Register<CptrEl2, u64> {
    using Register::Register;
    using Tz = Bit<8>;     // SVE; RES1 without it
    using Tfp = Bit<10>;   // FP and SIMD
    using Tsm = Bit<12>;   // SME; RES1 without it
    using Tta = Bit<20>;   // trace registers
    using Tam = Bit<30>;   // activity monitors
    using Tcpac = Bit<31>; // CPACR_EL1
};
inline constexpr CptrEl2 cptr_res1{0x32ff};

struct MdcrEl2 : Register<MdcrEl2, u64> {
    using Register::Register;
    using Hpmn = Field<4, 0>; // event counters left to EL1
    using Tpmcr = Bit<5>;
    using Tpm = Bit<6>;    // PMU
    using Tda = Bit<9>;    // debug registers: breakpoints, watchpoints, MDSCR_EL1, the DCC
    using Tdosa = Bit<10>; // OS lock and power control
    using Tdra = Bit<11>;  // addresses of debug components
    using Tpms = Bit<14>;  // statistical profiling
    using Ttrf = Bit<19>;  // trace filter
};

static_assert(cptr_res1.with<CptrEl2::Tz>(true).with<CptrEl2::Tsm>(true).raw() == 0x33ff);
static_assert(MdcrEl2{}.with<MdcrEl2::Tpm>(true).with<MdcrEl2::Tpmcr>(true).raw() == 0x60);

} // namespace hyp
