// SPDX-License-Identifier: Apache-2.0
// Part of gic_model.hpp: the virtual CPU interface a guest sees, its list registers and the
// maintenance interrupt (IHI 0048B GICV and GICH, IHI 0069 ICV and ICH).
#pragma once

#include "tests/model/gic_model.hpp"

namespace hyp::model {

// Lowest priority value, then lowest index, among the LRs in state Pending (not pending and active).
// v3 leaves out disabled groups and priority 0xff; v2 lets a disabled group hide the other.
HYP_GIC typename HYP_GIC_CLASS::VirtualCandidate HYP_GIC_CLASS::best_virtual(unsigned pe) const {
    VirtualCandidate found;
    unsigned limit = v2() ? idle_priority : 0xff;
    for (unsigned index = 0; index < Lrs; ++index) {
        const LrFields lr = decode_lr(options_.generation, virtual_[pe].lr[index]);
        const bool candidate =
            lr.state == LrState::pending && (v2() || virtual_[pe].interface.enables(lr.group));
        if (candidate && lr.priority < limit) {
            found = {index, lr};
            limit = lr.priority;
        }
    }
    return found;
}

// What GICV_HPPIR shows, without the source CPU.
HYP_GIC unsigned HYP_GIC_CLASS::guest_visible_v2(unsigned pe) const {
    const Virtual& v = virtual_[pe];
    const VirtualCandidate found = best_virtual(pe);
    if ((v.hcr & hcr::en) == 0 || v.interface.group_enable == 0 || found.index == Lrs ||
        found.fields.priority >= v.interface.pmr) {
        return spurious;
    }
    return found.fields.group == 1 && !v.interface.ack_ctl ? other_group : found.fields.vintid;
}

HYP_GIC bool HYP_GIC_CLASS::guest_signals(unsigned pe, const VirtualCandidate& found) const {
    const Virtual& v = virtual_[pe];
    return (v.hcr & hcr::en) != 0 && found.index != Lrs &&
           found.fields.priority < v.interface.pmr && v.interface.enables(found.fields.group) &&
           can_preempt(v.interface, found.fields.priority, found.fields.group);
}

HYP_GIC bool HYP_GIC_CLASS::vfiq(unsigned pe) const {
    const VirtualCandidate found = best_virtual(pe);
    return found.fields.group == 0 && (!v2() || virtual_[pe].interface.fiq_en) &&
           guest_signals(pe, found);
}

HYP_GIC bool HYP_GIC_CLASS::virq(unsigned pe) const {
    const VirtualCandidate found = best_virtual(pe);
    return (found.fields.group == 1 || (v2() && !virtual_[pe].interface.fiq_en)) &&
           guest_signals(pe, found);
}

HYP_GIC unsigned HYP_GIC_CLASS::guest_highest_pending(unsigned pe, unsigned group) const {
    const VirtualCandidate found = best_virtual(pe);
    if (!v2()) {
        return found.index != Lrs && found.fields.group == group ? found.fields.vintid : spurious;
    }
    const unsigned intid = guest_visible_v2(pe);
    if (intid >= sgi_count || found.fields.source == 0) {
        return intid;
    }
    if (quirk(Quirk::hppir_without_source)) {
        witness(Quirk::hppir_without_source);
        return intid;
    }
    return intid | found.fields.source << 10;
}

// --- IAR, EOIR, DIR

HYP_GIC unsigned HYP_GIC_CLASS::guest_acknowledge_v2(unsigned pe) {
    const unsigned intid = guest_visible_v2(pe);
    if (intid >= first_special) {
        return intid;
    }
    Virtual& v = virtual_[pe];
    const VirtualCandidate found = best_virtual(pe);
    if (!can_preempt(v.interface, found.fields.priority, found.fields.group)) {
        return spurious;
    }
    if (!v.interface.enables(found.fields.group)) {
        if (!quirk(Quirk::ack_ignores_group_enable)) {
            return spurious;
        }
        witness(Quirk::ack_ignores_group_enable);
    }
    const unsigned mask = v.interface.group_mask(found.fields.group);
    v.interface.raise(0, found.fields.priority & mask); // GICH_APR: one word for both groups
    v.lr[found.index] = with_lr_state(Generation::v2, v.lr[found.index], LrState::active);
    update_maintenance(pe);
    return intid < sgi_count ? intid | found.fields.source << 10 : intid;
}

HYP_GIC unsigned HYP_GIC_CLASS::guest_acknowledge(unsigned pe, unsigned group) {
    if (v2()) {
        return guest_acknowledge_v2(pe);
    }
    Virtual& v = virtual_[pe];
    const VirtualCandidate found = best_virtual(pe);
    if (found.fields.group != group || !guest_signals(pe, found)) {
        return spurious;
    }
    const unsigned vintid = found.fields.vintid;
    if (vintid >= first_special && vintid <= spurious) { // never made by legal list registers
        v.lr[found.index] = with_lr_state(Generation::v3, v.lr[found.index], LrState::invalid);
        update_maintenance(pe);
        return vintid;
    }
    v.interface.raise(group, found.fields.priority & v.interface.group_mask(group));
    v.lr[found.index] = with_lr_state(Generation::v3, v.lr[found.index], LrState::active);
    update_maintenance(pe);
    return vintid;
}

// The list register that holds this vINTID active, or Lrs.
HYP_GIC unsigned HYP_GIC_CLASS::find_active(unsigned pe, unsigned vintid) const {
    unsigned index = 0;
    for (; index < Lrs; ++index) {
        const LrFields lr = decode_lr(options_.generation, virtual_[pe].lr[index]);
        if (lr.vintid == vintid &&
            (lr.state == LrState::active || lr.state == LrState::pending_active)) {
            break;
        }
    }
    return index;
}

HYP_GIC void HYP_GIC_CLASS::count_eoi(unsigned pe) {
    virtual_[pe].hcr += 1U << hcr::eoicount_shift; // wraps in its 5 bits
}

// Active part away; with HW=1 the physical INTID is deactivated as by DIR of this PE.
HYP_GIC void HYP_GIC_CLASS::deactivate_lr(unsigned pe, unsigned index) {
    std::uint64_t& word = virtual_[pe].lr[index];
    const LrFields lr = decode_lr(options_.generation, word);
    if (lr.hw && quirk(Quirk::lr_active_survives)) {
        witness(Quirk::lr_active_survives);
    } else {
        word = with_lr_state(options_.generation, word,
                             lr.state == LrState::pending_active ? LrState::pending
                                                                 : LrState::invalid);
    }
    if (lr.hw && lr.pintid < first_special && (!v2() || lr.pintid >= sgi_count)) {
        request_deactivation(pe, lr.pintid, true);
    }
}

HYP_GIC void HYP_GIC_CLASS::guest_eoi_v2(unsigned pe, unsigned intid) {
    Virtual& v = virtual_[pe];
    const bool dropped = v.interface.drop(0);
    const unsigned index = find_active(pe, intid);
    if (v.interface.eoi_mode) {
        return;
    }
    if (index == Lrs) {
        if (dropped) {
            count_eoi(pe);
        }
    } else if (dropped) {
        deactivate_lr(pe, index);
    } else if (quirk(Quirk::eoi_at_idle_deactivates)) {
        witness(Quirk::eoi_at_idle_deactivates);
        deactivate_lr(pe, index);
    }
}

// The priority is dropped before the checks (IMPLEMENTATION DEFINED choice, as QEMU).
HYP_GIC void HYP_GIC_CLASS::guest_eoi_v3(unsigned pe, unsigned intid, unsigned group) {
    constexpr unsigned first_lpi = 8192;
    Virtual& v = virtual_[pe];
    const unsigned dropped = v.interface.running();
    if (dropped == idle_priority) {
        return;
    }
    v.interface.drop(v.interface.highest_active_group());
    const unsigned index = find_active(pe, intid);
    if (index == Lrs) {
        if (intid < first_lpi) {
            count_eoi(pe);
        }
        return;
    }
    const LrFields lr = decode_lr(Generation::v3, v.lr[index]);
    const bool matches =
        lr.group == group && (lr.priority & v.interface.group_mask(group)) == dropped;
    if (matches && (!v.interface.eoi_mode || intid >= first_lpi)) {
        deactivate_lr(pe, index);
    }
}

HYP_GIC void HYP_GIC_CLASS::guest_end_of_interrupt(unsigned pe, unsigned iar, unsigned group) {
    const unsigned intid = v2() ? iar & 0x3ff : iar & 0xffffff;
    if (intid >= first_special && intid <= spurious) {
        return;
    }
    if (v2()) {
        guest_eoi_v2(pe, intid);
    } else {
        guest_eoi_v3(pe, intid, group);
    }
    update_maintenance(pe);
}

HYP_GIC void HYP_GIC_CLASS::guest_deactivate(unsigned pe, unsigned iar) {
    const unsigned intid = v2() ? iar & 0x3ff : iar & 0xffffff;
    if (intid >= first_special || !virtual_[pe].interface.eoi_mode) {
        return; // special INTIDs and LPIs have nothing to deactivate; else CONSTRAINED UNPREDICTABLE
    }
    const unsigned index = find_active(pe, intid);
    if (index == Lrs) {
        count_eoi(pe);
    } else {
        deactivate_lr(pe, index);
    }
    update_maintenance(pe);
}

// --- hypervisor control

HYP_GIC std::uint64_t HYP_GIC_CLASS::lr(unsigned pe, unsigned index) const {
    return virtual_[pe].lr[index];
}

HYP_GIC void HYP_GIC_CLASS::set_lr(unsigned pe, unsigned index, std::uint64_t value) {
    virtual_[pe].lr[index] =
        value & lr_writable(options_.generation, options_.virtual_priority_bits);
    update_maintenance(pe);
}

HYP_GIC LrState HYP_GIC_CLASS::lr_state(unsigned pe, unsigned index) const {
    return decode_lr(options_.generation, virtual_[pe].lr[index]).state;
}

// State 0, HW 0, EOI 1: the guest is done with it and EL2 wanted to know.
HYP_GIC std::uint32_t HYP_GIC_CLASS::eisr(unsigned pe) const {
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < Lrs; ++i) {
        const LrFields lr = decode_lr(options_.generation, virtual_[pe].lr[i]);
        bits |= lr.state == LrState::invalid && !lr.hw && lr.eoi ? 1U << i : 0;
    }
    return bits;
}

HYP_GIC std::uint32_t HYP_GIC_CLASS::elrsr(unsigned pe) const {
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < Lrs; ++i) {
        bits |= lr_state(pe, i) == LrState::invalid ? 1U << i : 0;
    }
    return bits & ~eisr(pe);
}

HYP_GIC std::uint32_t HYP_GIC_CLASS::misr(unsigned pe) const {
    const std::uint32_t control = virtual_[pe].hcr;
    const bool grp0 = virtual_[pe].interface.enables(0);
    const bool grp1 = virtual_[pe].interface.enables(1);
    unsigned valid = 0;
    unsigned pending_only = 0;
    for (unsigned i = 0; i < Lrs; ++i) {
        valid += lr_state(pe, i) != LrState::invalid ? 1U : 0U;
        pending_only += lr_state(pe, i) == LrState::pending ? 1U : 0U;
    }
    bool grp0_off = !grp0;
    if (quirk(Quirk::vgrp0d_tests_group1) && grp0 != grp1 && (control & hcr::vgrp0die) != 0) {
        witness(Quirk::vgrp0d_tests_group1);
        grp0_off = !grp1;
    }
    std::uint32_t status = eisr(pe) != 0 ? misr::eoi : 0;
    status |= (control & hcr::uie) != 0 && valid < 2 ? misr::u : 0;
    status |=
        (control & hcr::lrenpie) != 0 && control >> hcr::eoicount_shift != 0 ? misr::lrenp : 0;
    status |= (control & hcr::npie) != 0 && pending_only == 0 ? misr::np : 0;
    status |= (control & hcr::vgrp0eie) != 0 && grp0 ? misr::vgrp0e : 0;
    status |= (control & hcr::vgrp0die) != 0 && grp0_off ? misr::vgrp0d : 0;
    status |= (control & hcr::vgrp1eie) != 0 && grp1 ? misr::vgrp1e : 0;
    status |= (control & hcr::vgrp1die) != 0 && !grp1 ? misr::vgrp1d : 0;
    return status;
}

// A level-sensitive PPI like any other, wired inside the machine: never delayed as a message.
HYP_GIC void HYP_GIC_CLASS::update_maintenance(unsigned pe) {
    const bool level = (virtual_[pe].hcr & hcr::en) != 0 && misr(pe) != 0;
    apply_line(pe, maintenance_intid, level);
}

} // namespace hyp::model
