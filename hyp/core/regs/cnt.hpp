// SPDX-License-Identifier: Apache-2.0
// The generic timer's registers with fields (DDI 0487).
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// CNTP_CTL_EL0, CNTV_CTL_EL0, CNTHP_CTL_EL2. UNKNOWN at reset: write 0 before enabling the PPI.
struct CntCtl : Register<CntCtl, u64> {
    using Register::Register;
    using Enable = Bit<0>;
    using Imask = Bit<1>;
    using Istatus = Bit<2>;
    // May ever raise the line without being written again.
    [[nodiscard]] constexpr bool can_fire() const { return get<Enable>() && !get<Imask>(); }
};

// CNTHCTL_EL2 with HCR_EL2.E2H = 0.
struct CnthctlEl2 : Register<CnthctlEl2, u64> {
    using Register::Register;
    using El1PctEn = Bit<0>; // 0: EL1 and EL0 trap on CNTPCT
    using El1PcEn = Bit<1>;  // 0: EL1 and EL0 trap on CNTP_*
    using EvntEn = Bit<2>;
    using EvntDir = Bit<3>;
    using EvntI = Field<7, 4>;
};

static_assert(CntCtl{1}.can_fire() && !CntCtl{3}.can_fire() && !CntCtl{0}.can_fire());
static_assert(CnthctlEl2{}.with<CnthctlEl2::El1PctEn>(true).raw() == 1);

} // namespace hyp
