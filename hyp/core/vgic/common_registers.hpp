// SPDX-License-Identifier: Apache-2.0
// ICC_CTLR_EL1, ICC_PMR_EL1 and ICC_RPR_EL1 of a guest, for as long as they trap: where there is no
// ICH_HCR_EL2.TDIR, trapping ICC_DIR_EL1 takes ICH_HCR_EL2.TC, which traps all registers that both
// groups share (IHI 0069, ICH_HCR_EL2.TC). The state is in ICH_VMCR_EL2 and the active priorities.
#pragma once

#include "hyp/core/base/sysreg_id.hpp"
#include "hyp/core/regs/icc.hpp"
#include "hyp/core/regs/ich.hpp"

namespace hyp {

[[nodiscard]] constexpr bool is_common_register(SysReg reg) {
    return reg == SysReg::icc_ctlr || reg == SysReg::icc_pmr || reg == SysReg::icc_rpr;
}

// What the guest reads. `running`: the highest active priority, 0xff without one.
[[nodiscard]] constexpr u64 read_common_register(SysReg reg, IchVmcr vmcr, IchVtr vtr, u8 running) {
    if (reg == SysReg::icc_pmr) {
        return vmcr.get<IchVmcr::VPmr>();
    }
    if (reg == SysReg::icc_rpr) {
        return running;
    }
    return IccCtlr{}
        .with<IccCtlr::Cbpr>(vmcr.get<IchVmcr::VCbpr>())
        .with<IccCtlr::EoiMode>(vmcr.get<IchVmcr::VEoim>())
        .with<IccCtlr::PriBits>(vtr.priority_bits() - 1)
        .with<IccCtlr::IdBits>(vtr.get<IchVtr::IdBits>())
        .with<IccCtlr::Seis>(vtr.get<IchVtr::Seis>())
        .with<IccCtlr::A3v>(vtr.get<IchVtr::A3v>())
        .raw();
}

// ICH_VMCR_EL2 after the guest wrote `value`. RPR is read-only.
[[nodiscard]] constexpr IchVmcr write_common_register(SysReg reg, IchVmcr vmcr, u64 value) {
    if (reg == SysReg::icc_pmr) {
        return vmcr.with<IchVmcr::VPmr>(static_cast<u32>(value & 0xffU));
    }
    if (reg == SysReg::icc_ctlr) {
        const IccCtlr ctlr{value};
        return vmcr.with<IchVmcr::VCbpr>(ctlr.get<IccCtlr::Cbpr>())
            .with<IchVmcr::VEoim>(ctlr.get<IccCtlr::EoiMode>());
    }
    return vmcr;
}

// Of one word of ICH_AP0R<n>_EL2 or ICH_AP1R<n>_EL2, or of both together: bit k stands for priority
// k << (8 - preemption bits).
[[nodiscard]] constexpr u8 running_priority(const u32 (&words)[4], u32 preemption_bits) {
    for (u32 n = 0; n < 4; ++n) {
        if (words[n] != 0) {
            const u32 bit = n * 32 + static_cast<u32>(__builtin_ctz(words[n]));
            return static_cast<u8>(bit << (8 - preemption_bits));
        }
    }
    return 0xff;
}

} // namespace hyp
