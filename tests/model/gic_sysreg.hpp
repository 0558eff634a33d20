// SPDX-License-Identifier: Apache-2.0
// Part of gic_model.hpp: the entry points read/write for frames and system registers, the
// hypervisor control registers GICH and ICH, and the hash.
#pragma once

#include "tests/model/gic_model.hpp"

namespace hyp::model {

// --- frames

HYP_GIC std::uint64_t HYP_GIC_CLASS::read(unsigned pe, Frame frame, unsigned offset,
                                          unsigned bytes) {
    switch (frame) {
    case Frame::gicd: flush_writes(pe); return read_gicd(offset, bytes, {pe, v2(), true});
    case Frame::gicr: flush_writes(pe); return read_gicr(offset, bytes);
    case Frame::gicc:
        return offset == gicc::iar     ? acknowledge(pe)
               : offset == gicc::hppir ? highest_pending(pe)
                                       : read_cpu_frame(physical_[pe], offset, false);
    case Frame::gicv:
        return offset == gicc::iar     ? guest_acknowledge(pe)
               : offset == gicc::hppir ? guest_highest_pending(pe)
                                       : read_cpu_frame(virtual_[pe].interface, offset, true);
    case Frame::gich: return read_gich(pe, offset);
    }
    return 0;
}

HYP_GIC void HYP_GIC_CLASS::write(unsigned pe, Frame frame, unsigned offset, std::uint64_t value,
                                  unsigned bytes) {
    const auto word = static_cast<std::uint32_t>(value);
    switch (frame) {
    case Frame::gicd:
    case Frame::gicr: {
        const unsigned reg = frame == Frame::gicd ? offset : offset % sgi_base;
        const bool slow = reg >= gicd::isactiver && reg < gicd::ipriorityr;
        if (quirk(Quirk::ppi_set_pending_ignored) && reg == gicd::ispendr && word >> 16 != 0) {
            witness(Quirk::ppi_set_pending_ignored);
        }
        const bool behind = queue_.find(MessageKind::write, pe) != queue_.size();
        if (options_.timing == Timing::asynchronous && (slow || behind)) {
            enqueue({MessageKind::write, static_cast<std::uint8_t>(pe), frame,
                     static_cast<std::uint8_t>(bytes), offset, value});
            return;
        }
        write_distributor(pe, frame, offset, value, bytes);
        return;
    }
    case Frame::gicc:
        if (offset == gicc::eoir) {
            end_of_interrupt(pe, word);
        } else if (offset == gicc::dir) {
            deactivate(pe, word);
        } else if (write_cpu_frame(physical_[pe], offset, word, false)) {
            reevaluate();
        }
        return;
    case Frame::gicv:
        if (offset == gicc::eoir) {
            guest_end_of_interrupt(pe, word);
        } else if (offset == gicc::dir) {
            guest_deactivate(pe, word);
        } else if (write_cpu_frame(virtual_[pe].interface, offset, word, true)) {
            update_maintenance(pe);
        }
        return;
    case Frame::gich: write_gich(pe, offset, word); return;
    }
}

// --- hypervisor control

HYP_GIC std::uint32_t HYP_GIC_CLASS::vtr() const {
    constexpr std::uint32_t tds_nv4_a3v_ids = 1U << 19 | 1U << 20 | 1U << 21 | 1U << 23;
    const unsigned bits = options_.virtual_priority_bits;
    return (Lrs - 1) | (Interface::preemption_bits(bits) - 1) << 26 | (bits - 1) << 29 |
           (v2() ? 0 : tds_nv4_a3v_ids);
}

HYP_GIC std::uint32_t HYP_GIC_CLASS::vmcr(unsigned pe) const {
    const Interface& i = virtual_[pe].interface;
    std::uint32_t value = i.group_enable | (i.cbpr ? 1U << 4 : 0) | (i.eoi_mode ? 1U << 9 : 0) |
                          static_cast<std::uint32_t>(i.bpr[1]) << 18 |
                          static_cast<std::uint32_t>(i.bpr[0]) << 21;
    if (v2()) {
        return value | (i.ack_ctl ? 1U << 2 : 0) | (i.fiq_en ? 1U << 3 : 0) |
               static_cast<std::uint32_t>(i.pmr >> 3) << 27;
    }
    return value | 1U << 3 | static_cast<std::uint32_t>(i.pmr) << 24; // VFIQEn is RES1
}

HYP_GIC void HYP_GIC_CLASS::set_vmcr(unsigned pe, std::uint32_t value) {
    Interface& i = virtual_[pe].interface;
    i.group_enable = value & 3;
    i.ack_ctl = v2() && (value >> 2 & 1) != 0;
    i.fiq_en = v2() && (value >> 3 & 1) != 0;
    i.cbpr = (value >> 4 & 1) != 0;
    i.eoi_mode = (value >> 9 & 1) != 0;
    i.set_bpr(1, value >> 18 & 7);
    i.set_bpr(0, value >> 21 & 7);
    i.pmr = static_cast<std::uint8_t>(value >> 24 & i.priority_mask());
    update_maintenance(pe);
}

HYP_GIC std::uint64_t HYP_GIC_CLASS::read_gich(unsigned pe, unsigned offset) const {
    if (offset >= gich::lr0) {
        const unsigned index = (offset - gich::lr0) / 4;
        return index < Lrs ? virtual_[pe].lr[index] : 0;
    }
    switch (offset) {
    case gich::hcr: return virtual_[pe].hcr;
    case gich::vtr: return vtr();
    case gich::vmcr: return vmcr(pe);
    case gich::misr: return misr(pe);
    case gich::eisr0: return eisr(pe);
    case gich::elrsr0: return elrsr(pe);
    default: return offset == gich::apr ? virtual_[pe].interface.apr[0][0] : 0;
    }
}

HYP_GIC void HYP_GIC_CLASS::write_gich(unsigned pe, unsigned offset, std::uint32_t value) {
    if (offset >= gich::lr0) {
        if ((offset - gich::lr0) / 4 < Lrs) {
            set_lr(pe, (offset - gich::lr0) / 4, value);
        }
        return;
    }
    if (offset == gich::hcr) {
        virtual_[pe].hcr = value & hcr::writable_v2;
    } else if (offset == gich::vmcr) {
        set_vmcr(pe, value);
    } else if (offset == gich::apr) {
        virtual_[pe].interface.apr[0][0] = value;
    }
    update_maintenance(pe);
}

HYP_GIC std::uint64_t HYP_GIC_CLASS::read_ich(unsigned pe, Sysreg reg) const {
    const Virtual& v = virtual_[pe];
    const unsigned index = static_cast<unsigned>(reg) - static_cast<unsigned>(Sysreg::ich_lr0);
    if (index < 16) {
        return index < Lrs ? v.lr[index] : 0;
    }
    switch (reg) {
    case Sysreg::ich_hcr: return v.hcr;
    case Sysreg::ich_vtr: return vtr();
    case Sysreg::ich_misr: return misr(pe);
    case Sysreg::ich_eisr: return eisr(pe);
    case Sysreg::ich_elrsr: return elrsr(pe);
    case Sysreg::ich_vmcr: return vmcr(pe);
    case Sysreg::ich_ap0r0: return v.interface.apr[0][0];
    case Sysreg::ich_ap1r0: return v.interface.apr[1][0];
    default: return 0;
    }
}

// False: not an ICH register.
HYP_GIC bool HYP_GIC_CLASS::write_ich(unsigned pe, Sysreg reg, std::uint64_t value) {
    const unsigned index = static_cast<unsigned>(reg) - static_cast<unsigned>(Sysreg::ich_lr0);
    if (index < 16) {
        if (index < Lrs) {
            set_lr(pe, index, value);
        }
        return true;
    }
    const auto word = static_cast<std::uint32_t>(value);
    switch (reg) {
    case Sysreg::ich_hcr: virtual_[pe].hcr = word & hcr::writable_v3; break;
    case Sysreg::ich_vmcr: set_vmcr(pe, word); break;
    case Sysreg::ich_ap0r0: virtual_[pe].interface.apr[0][0] = word; break;
    case Sysreg::ich_ap1r0: virtual_[pe].interface.apr[1][0] = word; break;
    default: return false;
    }
    update_maintenance(pe);
    return true;
}

// --- what a test is told

HYP_GIC std::uint32_t HYP_GIC_CLASS::hcr(unsigned pe) const {
    return virtual_[pe].hcr;
}

HYP_GIC unsigned HYP_GIC_CLASS::guest_running_priority(unsigned pe) const {
    return virtual_[pe].interface.running();
}

HYP_GIC Quirks HYP_GIC_CLASS::take_witnessed() {
    const Quirks quirks = witnessed_.quirks;
    witnessed_ = {};
    return quirks;
}

// FNV-1a over 64-bit words of everything that operator== compares.
HYP_GIC std::uint64_t HYP_GIC_CLASS::hash() const {
    std::uint64_t h = 0xcbf29ce484222325;
    const auto mix = [&h](std::uint64_t word) { // the shift lets upper bits reach the lower ones
        h = (h ^ word) * 0x9e3779b97f4a7c15;
        h ^= h >> 32;
    };
    distributor_.visit(mix);
    for (unsigned pe = 0; pe < Pes; ++pe) {
        physical_[pe].visit(mix);
        virtual_[pe].interface.visit(mix);
        mix(virtual_[pe].hcr);
        for (const std::uint64_t word : virtual_[pe].lr) {
            mix(word);
        }
        mix(static_cast<std::uint64_t>(stale_[pe].intid) << 32 | stale_[pe].priority);
    }
    for (unsigned i = 0; i < queue_.size(); ++i) {
        const Message& m = queue_.at(i);
        mix(static_cast<std::uint64_t>(m.kind) << 48 | static_cast<std::uint64_t>(m.pe) << 40 |
            m.target);
        mix(m.value);
    }
    return h;
}

} // namespace hyp::model
