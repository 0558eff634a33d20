// SPDX-License-Identifier: Apache-2.0
// Part of gic_model.hpp: memory-mapped frames GICD, GICR, GICC, GICH, GICV, and the inspection
// functions that read the same state.
#pragma once

#include "tests/model/gic_model.hpp"

namespace hyp::model {

// --- GICD and GICR

HYP_GIC std::uint64_t HYP_GIC_CLASS::read_gicd(unsigned offset, unsigned bytes,
                                               Window window) const {
    if (bytes == 8) {
        const unsigned intid = (offset - gicd::irouter) / 8;
        const bool known = !v2() && offset >= gicd::irouter && intid >= private_count &&
                           distributor_.exists(intid);
        return known ? distributor_.route[intid - private_count] : 0;
    }
    const bool byte_wise = (offset >= gicd::ipriorityr && offset < gicd::icfgr) ||
                           (offset >= gicd::cpendsgir && offset < gicd::spendsgir + 16);
    if (byte_wise) {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i) {
            const std::uint64_t byte = read_byte(distributor_, options_, window, offset + i);
            value |= byte << (8 * i);
        }
        return value;
    }
    if (offset >= gicd::igroupr && offset < gicd::ipriorityr) {
        return read_bitmap(distributor_, window, offset);
    }
    if (offset >= gicd::icfgr && offset < gicd::sgir) {
        return offset < gicd::icfgr + 0x100 ? read_icfgr(distributor_, window, offset) : 0;
    }
    constexpr std::uint32_t are_and_ds = 1U << 4 | 1U << 6;
    constexpr std::uint32_t lines = (Distributor<Pes, Spis>::intids + 31) / 32 - 1;
    constexpr std::uint32_t no1n_a3v_ids = 1U << 25 | 1U << 24 | 0xfU << 19;
    switch (offset) {
    case gicd::ctlr: return distributor_.group_enable | (v2() ? 0 : are_and_ds);
    case gicd::typer: return lines | (v2() ? (Pes - 1) << 5 : no1n_a3v_ids);
    case gicd::iidr: return 0x43b;
    default: return offset == (v2() ? gicd::pidr2_v2 : gicd::pidr2_v3) ? (v2() ? 0x2b : 0x3b) : 0;
    }
}

HYP_GIC bool HYP_GIC_CLASS::write_gicd(unsigned offset, std::uint64_t value, unsigned bytes,
                                       Window window) {
    const auto word = static_cast<std::uint32_t>(value);
    if (bytes == 8) {
        constexpr std::uint64_t fields = 0xff80ffffff; // Aff3, IRM, Aff2..0
        const unsigned intid = (offset - gicd::irouter) / 8;
        if (!v2() && offset >= gicd::irouter && intid >= private_count &&
            distributor_.exists(intid)) {
            distributor_.route[intid - private_count] = value & fields;
        }
        return true;
    }
    const bool byte_wise = (offset >= gicd::ipriorityr && offset < gicd::icfgr) ||
                           (offset >= gicd::cpendsgir && offset < gicd::spendsgir + 16);
    if (byte_wise) {
        bool hit = false;
        for (unsigned i = 0; i < bytes; ++i) {
            hit |= write_byte(distributor_, options_, window, offset + i,
                              static_cast<std::uint8_t>(value >> (8 * i)));
        }
        return hit;
    }
    if (offset >= gicd::igroupr && offset < gicd::ipriorityr) {
        return write_bitmap(distributor_, options_, window, offset, word);
    }
    if (offset >= gicd::icfgr && offset < gicd::icfgr + 0x100) {
        return write_icfgr(distributor_, window, offset, word);
    }
    if (offset == gicd::ctlr) {
        distributor_.group_enable = word & 3;
        return true;
    }
    if (offset == gicd::sgir && v2()) {
        write_sgir(distributor_, window.pe, word);
        return true;
    }
    return false;
}

HYP_GIC std::uint64_t HYP_GIC_CLASS::read_gicr(unsigned offset, unsigned bytes) const {
    const unsigned owner = offset / redistributor_stride;
    const unsigned reg = offset % redistributor_stride;
    if (v2() || owner >= Pes) {
        return 0;
    }
    if (reg >= sgi_base) {
        const unsigned inner = reg - sgi_base;
        return inner >= gicd::igroupr ? read_gicd(inner, bytes, {owner, true, false}) : 0;
    }
    const std::uint64_t last = owner + 1 == Pes ? 1 : 0;
    const std::uint64_t type = std::uint64_t{owner} << 32 | owner << 8 | last << 4;
    switch (reg) {
    case gicr::iidr: return 0x43b;
    case gicr::typer: return bytes == 8 ? type : type & 0xffffffff;
    case gicr::typer + 4: return type >> 32;
    case gicr::waker: return distributor_.waker[owner];
    default: return reg == gicr::pidr2 ? 0x3b : 0;
    }
}

HYP_GIC bool HYP_GIC_CLASS::write_gicr(unsigned offset, std::uint64_t value, unsigned bytes) {
    const unsigned owner = offset / redistributor_stride;
    const unsigned reg = offset % redistributor_stride;
    if (v2() || owner >= Pes) {
        return false;
    }
    if (reg >= sgi_base) {
        const unsigned inner = reg - sgi_base;
        const bool window = inner >= gicd::igroupr && inner != gicd::icfgr; // ICFGR0 is RO
        return window && write_gicd(inner, value, bytes, {owner, true, false});
    }
    if (reg == gicr::waker) { // ChildrenAsleep follows ProcessorSleep
        distributor_.waker[owner] = (value & 2) != 0 ? 6 : 0;
    }
    return false;
}

// A write as it takes effect, now or when its message arrives.
HYP_GIC void HYP_GIC_CLASS::write_distributor(unsigned pe, Frame frame, unsigned offset,
                                              std::uint64_t value, unsigned bytes) {
    const bool hit = frame == Frame::gicd ? write_gicd(offset, value, bytes, {pe, v2(), true})
                                          : write_gicr(offset, value, bytes);
    if (hit) {
        reevaluate();
    }
}

// Writes of this PE arrive before its next read from the same block.
HYP_GIC void HYP_GIC_CLASS::flush_writes(unsigned pe) {
    for (unsigned i = queue_.find(MessageKind::write, pe); i != queue_.size();
         i = queue_.find(MessageKind::write, pe)) {
        apply(queue_.take(i));
    }
}

// --- GICC and GICV

HYP_GIC std::uint64_t HYP_GIC_CLASS::read_cpu_frame(const Interface& interface, unsigned offset,
                                                    bool is_virtual) const {
    const unsigned running = interface.running();
    if (offset >= gicc::apr && offset < gicc::nsapr + 16) {
        const unsigned bank = offset >= gicc::nsapr ? 1 : 0;
        const unsigned word = (offset & 15) / 4;
        return is_virtual && (bank != 0 || word != 0) ? 0 : interface.apr[bank][word];
    }
    switch (offset) {
    case gicc::ctlr:
        return interface.group_enable | (interface.ack_ctl ? 1U << 2 : 0) |
               (interface.fiq_en ? 1U << 3 : 0) | (interface.cbpr ? 1U << 4 : 0) |
               (interface.eoi_mode ? 1U << 9 : 0);
    case gicc::pmr: return interface.pmr;
    case gicc::bpr: return interface.bpr[0];
    case gicc::abpr: return interface.bpr[1];
    case gicc::rpr: return running == idle_priority ? 0xff : running;
    default: return offset == gicc::iidr ? 0x2043b : 0;
    }
}

// False: not a register that can be written.
HYP_GIC bool HYP_GIC_CLASS::write_cpu_frame(Interface& interface, unsigned offset,
                                            std::uint32_t value, bool is_virtual) {
    if (offset >= gicc::apr && offset < gicc::nsapr + 16) {
        const unsigned bank = offset >= gicc::nsapr ? 1 : 0;
        const unsigned word = (offset & 15) / 4;
        if (is_virtual && (bank != 0 || word != 0)) {
            return false;
        }
        interface.apr[bank][word] = value;
        return true;
    }
    switch (offset) {
    case gicc::ctlr:
        interface.group_enable = value & 3;
        interface.ack_ctl = (value >> 2 & 1) != 0;
        interface.fiq_en = (value >> 3 & 1) != 0;
        interface.cbpr = (value >> 4 & 1) != 0;
        interface.eoi_mode = (value >> 9 & 1) != 0;
        return true;
    case gicc::pmr:
        interface.pmr = static_cast<std::uint8_t>(value & interface.priority_mask());
        return true;
    case gicc::bpr: interface.set_bpr(0, value); return true;
    case gicc::abpr:
        interface.set_bpr(1, value);
        if (is_virtual && quirk(Quirk::virtual_abpr_below_minimum) &&
            interface.bpr[1] > (value & 7)) {
            witness(Quirk::virtual_abpr_below_minimum);
            interface.bpr[1] = (value & 7) == 0 ? 1 : value & 7;
        }
        return true;
    default: return false;
    }
}

// --- inspection

HYP_GIC bool HYP_GIC_CLASS::pending(unsigned pe, unsigned intid) const {
    return (distributor_.pending_word(pe, intid / 32) >> (intid % 32) & 1) != 0;
}
HYP_GIC bool HYP_GIC_CLASS::active(unsigned pe, unsigned intid) const {
    return (distributor_.active_word(pe, intid / 32) >> (intid % 32) & 1) != 0;
}
HYP_GIC bool HYP_GIC_CLASS::enabled(unsigned pe, unsigned intid) const {
    return (distributor_.bank(pe, intid / 32).enabled >> (intid % 32) & 1) != 0;
}
HYP_GIC bool HYP_GIC_CLASS::line(unsigned pe, unsigned intid) const {
    return (distributor_.bank(pe, intid / 32).line >> (intid % 32) & 1) != 0;
}
HYP_GIC const Options& HYP_GIC_CLASS::options() const {
    return options_;
}

} // namespace hyp::model
