// SPDX-License-Identifier: Apache-2.0
// Part of gic_model.hpp: the GICv3 system registers of the CPU interfaces: ICC as EL2 sees them, ICV
// as EL1 sees them with HCR_EL2.IMO = FMO = 1 (IHI 0069).
#pragma once

#include "tests/model/gic_model.hpp"

namespace hyp::model {

// Registers that read the same way on both interfaces.
HYP_GIC std::uint64_t HYP_GIC_CLASS::read_interface(const Interface& interface, Sysreg reg) const {
    constexpr std::uint64_t a3v_16bit_ids = 1U << 15 | 1U << 11;
    const unsigned running = interface.running();
    switch (reg) {
    case Sysreg::icc_pmr: return interface.pmr;
    case Sysreg::icc_bpr0: return interface.bpr[0];
    case Sysreg::icc_bpr1: // with CBPR: BPR0 + 1, at most 7
        return !interface.cbpr ? interface.bpr[1] : interface.bpr[0] < 7 ? interface.bpr[0] + 1 : 7;
    case Sysreg::icc_ap0r0: return interface.apr[0][0];
    case Sysreg::icc_ap1r0: return interface.apr[1][0];
    case Sysreg::icc_rpr: return running == idle_priority ? 0xff : running;
    case Sysreg::icc_ctlr:
        return a3v_16bit_ids | (interface.priority_bits - 1U) << 8 | (interface.cbpr ? 1 : 0) |
               (interface.eoi_mode ? 2 : 0);
    case Sysreg::icc_sre_el1: return 7;
    case Sysreg::icc_igrpen0: return interface.group_enable & 1;
    case Sysreg::icc_igrpen1: return interface.group_enable >> 1 & 1;
    default: return 0;
    }
}

// False: not a plain register of a CPU interface.
HYP_GIC bool HYP_GIC_CLASS::write_interface(Interface& interface, Sysreg reg, std::uint64_t value) {
    const auto enable = static_cast<std::uint8_t>(value & 1);
    switch (reg) {
    case Sysreg::icc_pmr:
        interface.pmr = static_cast<std::uint8_t>(value & interface.priority_mask());
        return true;
    case Sysreg::icc_bpr0: interface.set_bpr(0, value); return true;
    case Sysreg::icc_bpr1:
        if (!interface.cbpr) {
            interface.set_bpr(1, value);
        }
        return true;
    case Sysreg::icc_ap0r0: interface.apr[0][0] = static_cast<std::uint32_t>(value); return true;
    case Sysreg::icc_ap1r0: interface.apr[1][0] = static_cast<std::uint32_t>(value); return true;
    case Sysreg::icc_ctlr:
        interface.cbpr = (value & 1) != 0;
        interface.eoi_mode = (value & 2) != 0;
        return true;
    case Sysreg::icc_igrpen0:
        interface.group_enable = static_cast<std::uint8_t>((interface.group_enable & 2) | enable);
        return true;
    case Sysreg::icc_igrpen1:
        interface.group_enable =
            static_cast<std::uint8_t>((interface.group_enable & 1) | enable << 1);
        return true;
    default: return false;
    }
}

HYP_GIC std::uint64_t HYP_GIC_CLASS::read(unsigned pe, Sysreg reg) {
    switch (reg) {
    case Sysreg::icc_iar0: return acknowledge(pe, 0);
    case Sysreg::icc_iar1: return acknowledge(pe, 1);
    case Sysreg::icc_hppir0: return highest_pending(pe, 0);
    case Sysreg::icc_hppir1: return highest_pending(pe, 1);
    case Sysreg::icc_sre_el2: return 0xf;
    case Sysreg::isr: return (irq(pe) ? 1U << 7 : 0) | (fiq(pe) ? 1U << 6 : 0);
    default: {
        const bool hypervisor = (static_cast<unsigned>(reg) >> 11 & 7) == 4; // op1
        return hypervisor ? read_ich(pe, reg) : read_interface(physical_[pe], reg);
    }
    }
}

HYP_GIC void HYP_GIC_CLASS::write(unsigned pe, Sysreg reg, std::uint64_t value) {
    const auto word = static_cast<unsigned>(value & 0xffffff);
    switch (reg) {
    case Sysreg::icc_eoir0: end_of_interrupt(pe, word, 0); return;
    case Sysreg::icc_eoir1: end_of_interrupt(pe, word, 1); return;
    case Sysreg::icc_dir: deactivate(pe, word); return;
    case Sysreg::icc_sgi0r:
    case Sysreg::icc_asgi1r: // with DS = 1 there is no other security state: Group 0
        write_sgir_v3(distributor_, pe, 0, value);
        reevaluate();
        return;
    case Sysreg::icc_sgi1r:
        write_sgir_v3(distributor_, pe, 1, value);
        reevaluate();
        return;
    default:
        if (!write_ich(pe, reg, value) && write_interface(physical_[pe], reg, value)) {
            reevaluate();
        }
    }
}

HYP_GIC std::uint64_t HYP_GIC_CLASS::guest_read(unsigned pe, Sysreg reg) {
    switch (reg) {
    case Sysreg::icc_iar0: return guest_acknowledge(pe, 0);
    case Sysreg::icc_iar1: return guest_acknowledge(pe, 1);
    case Sysreg::icc_hppir0: return guest_highest_pending(pe, 0);
    case Sysreg::icc_hppir1: return guest_highest_pending(pe, 1);
    case Sysreg::isr: return (virq(pe) ? 1U << 7 : 0) | (vfiq(pe) ? 1U << 6 : 0);
    default: return read_interface(virtual_[pe].interface, reg);
    }
}

HYP_GIC void HYP_GIC_CLASS::guest_write(unsigned pe, Sysreg reg, std::uint64_t value) {
    const auto word = static_cast<unsigned>(value & 0xffffff);
    switch (reg) {
    case Sysreg::icc_eoir0: guest_end_of_interrupt(pe, word, 0); return;
    case Sysreg::icc_eoir1: guest_end_of_interrupt(pe, word, 1); return;
    case Sysreg::icc_dir: guest_deactivate(pe, word); return;
    default:
        if (write_interface(virtual_[pe].interface, reg, value)) {
            update_maintenance(pe);
        }
    }
}

} // namespace hyp::model
