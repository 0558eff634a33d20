// SPDX-License-Identifier: Apache-2.0
// The system registers that drivers touch through the SysReg seam (bus.hpp), by Arm's name, each
// with its encoding op0:op1:CRn:CRm:op2 as DDI 0487 gives it. The enumeration is the register map.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

[[nodiscard]] constexpr u32 sysreg_encoding(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2) {
    return op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}

// clang-format off
enum class SysReg : u32 {
    // GICv3 CPU interface, physical at EL2 (IHI 0069)
    icc_pmr       = sysreg_encoding(3, 0, 4, 6, 0),
    icc_iar0      = sysreg_encoding(3, 0, 12, 8, 0),
    icc_eoir0     = sysreg_encoding(3, 0, 12, 8, 1),
    icc_bpr0      = sysreg_encoding(3, 0, 12, 8, 3),
    icc_ap0r0     = sysreg_encoding(3, 0, 12, 8, 4), // icc_ap0r<n> = icc_ap0r0 + n, n < 4
    icc_ap1r0     = sysreg_encoding(3, 0, 12, 9, 0),
    icc_dir       = sysreg_encoding(3, 0, 12, 11, 1),
    icc_rpr       = sysreg_encoding(3, 0, 12, 11, 3),
    icc_sgi1r     = sysreg_encoding(3, 0, 12, 11, 5),
    icc_iar1      = sysreg_encoding(3, 0, 12, 12, 0),
    icc_eoir1     = sysreg_encoding(3, 0, 12, 12, 1),
    icc_hppir1    = sysreg_encoding(3, 0, 12, 12, 2),
    icc_bpr1      = sysreg_encoding(3, 0, 12, 12, 3),
    icc_ctlr      = sysreg_encoding(3, 0, 12, 12, 4),
    icc_sre_el1   = sysreg_encoding(3, 0, 12, 12, 5),
    icc_igrpen0   = sysreg_encoding(3, 0, 12, 12, 6),
    icc_igrpen1   = sysreg_encoding(3, 0, 12, 12, 7),
    icc_sre_el2   = sysreg_encoding(3, 4, 12, 9, 5),
    // GICv3 hypervisor control
    ich_ap0r0     = sysreg_encoding(3, 4, 12, 8, 0),
    ich_ap1r0     = sysreg_encoding(3, 4, 12, 9, 0),
    ich_hcr       = sysreg_encoding(3, 4, 12, 11, 0),
    ich_vtr       = sysreg_encoding(3, 4, 12, 11, 1),
    ich_misr      = sysreg_encoding(3, 4, 12, 11, 2),
    ich_eisr      = sysreg_encoding(3, 4, 12, 11, 3),
    ich_elrsr     = sysreg_encoding(3, 4, 12, 11, 5),
    ich_vmcr      = sysreg_encoding(3, 4, 12, 11, 7),
    ich_lr0       = sysreg_encoding(3, 4, 12, 12, 0), // ich_lr<n> = ich_lr0 + n, n < 16
    // Generic timer (DDI 0487)
    cntfrq        = sysreg_encoding(3, 3, 14, 0, 0),
    cntpct        = sysreg_encoding(3, 3, 14, 0, 1),
    cntp_ctl      = sysreg_encoding(3, 3, 14, 2, 1),
    cntp_cval     = sysreg_encoding(3, 3, 14, 2, 2),
    cntv_ctl      = sysreg_encoding(3, 3, 14, 3, 1),
    cntv_cval     = sysreg_encoding(3, 3, 14, 3, 2),
    cntvoff       = sysreg_encoding(3, 4, 14, 0, 3),
    cnthctl       = sysreg_encoding(3, 4, 14, 1, 0),
    cnthp_tval    = sysreg_encoding(3, 4, 14, 2, 0),
    cnthp_ctl     = sysreg_encoding(3, 4, 14, 2, 1),
    cnthp_cval    = sysreg_encoding(3, 4, 14, 2, 2),
    isr_el1       = sysreg_encoding(3, 0, 12, 1, 0),
};
// clang-format on

// Register n of a run of consecutive encodings: ICC_AP1R<n>_EL1, ICH_AP1R<n>_EL2 and the like.
[[nodiscard]] constexpr SysReg sysreg_at(SysReg first, u32 n) {
    return static_cast<SysReg>(static_cast<u32>(first) + n);
}

// ICH_LR<n>_EL2: n = 0..15 lie in CRm 12 (0-7) and 13 (8-15), which is one run of encodings.
[[nodiscard]] constexpr SysReg ich_lr(u32 n) {
    return sysreg_at(SysReg::ich_lr0, n);
}

} // namespace hyp
