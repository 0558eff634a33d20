// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, as the guest configures it through its distributor and by its SGIs. Enable and trigger
// of a hardware interrupt reach the physical distributor, priority never does: the physical one is
// EL2's.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

void VcpuIrqs::guest_enable(unsigned word, u32 mask) {
    for_each_intid(word, mask & ~enabled_word(word), [&](VIntid vintid) {
        step(vintid, Event::enable);
        if (is_hardware(vintid)) {
            change(PhysChange::enable, vintid);
        }
    });
}

// An active interrupt stays listed; only what is pending obeys the enable bit.
void VcpuIrqs::guest_disable(unsigned word, u32 mask) {
    for_each_intid(word, mask & enabled_word(word), [&](VIntid vintid) {
        step(vintid, Event::disable);
        withdraw_pending(vintid);
        if (is_hardware(vintid)) {
            change(PhysChange::disable, vintid);
            settle_disabled(vintid);
        }
    });
}

// A level interrupt that is disabled need not be held active to be silent: the physical distributor
// keeps it, pending while its line is high.
void VcpuIrqs::settle_disabled(VIntid vintid) {
    const Delivery now = at(vintid);
    const bool held = now.get<Delivery::Owed>() && !now.get<Delivery::Enabled>();
    if (held && now.is_level() && !now.get<Delivery::Forced>()) {
        disown(vintid);
    }
}

// Instead of being listed: its physical active bit is cleared, unless another vCPU has claimed it.
void VcpuIrqs::disown(VIntid vintid) {
    if (step(vintid, Event::disown)) {
        change(PhysChange::clear_active, vintid);
    }
}

// What its list register still has pending is over; what became pending since is not.
void VcpuIrqs::drop_listed(VIntid spi) {
    const u8 index = listed_.has(spi) ? lr_of(spi) : no_lr;
    if (index == no_lr || !wanted_[index].is_pending()) {
        return;
    }
    if (wanted_[index].is_active()) {
        wanted_[index] = wanted_[index].in_state(LrState::active);
        return;
    }
    unlist(index);
    if (is_hardware(spi)) {
        change(PhysChange::clear_active, spi);
    }
}

// Takes the pending state out of the list register, back to where it waits.
void VcpuIrqs::withdraw_pending(VIntid vintid) {
    const u8 index = listed_.has(vintid) ? lr_of(vintid) : no_lr;
    if (index == no_lr || !wanted_[index].is_pending()) {
        return;
    }
    if (!wanted_[index].is_active()) {
        evict(index);
        return;
    }
    const ListReg lr = wanted_[index];
    evict(index);
    spilled_.remove(vintid);
    list(index, lr.in_state(LrState::active)); // still held
}

void VcpuIrqs::guest_set_pending(unsigned word, u32 mask) {
    for_each_intid(word, mask, [&](VIntid vintid) { raise(vintid); });
}

// An SPI of hardware becomes pending where it is kept, in the physical distributor, and comes back
// by way of it; if it already waits for the guest, it only stays when its line drops. A PPI does not:
// the next vCPU on this pCPU would get it. (QEMU 7.2's GICv2 ignores ISPENDR of a PPI besides.)
void VcpuIrqs::raise(VIntid vintid) {
    if (!is_hardware(vintid)) {
        step(vintid, Event::raise);
        return;
    }
    const u8 index = listed_.has(vintid) ? lr_of(vintid) : no_lr;
    const bool waits = owed_.has(vintid) || (index != no_lr && wanted_[index].is_pending());
    step(vintid, Event::force);
    if (vintid.is_ppi()) {
        pend_by_software(vintid);
    } else if (!waits) {
        change(PhysChange::set_pending, vintid);
    }
}

// Made active by software and listed; while it is active already, its end comes back to EL2, which
// then keeps it active for the next round.
void VcpuIrqs::pend_by_software(VIntid vintid) {
    const Delivery was = at(vintid);
    if (was.is_held()) {
        step(vintid, Event::by_software);
        const u8 index = listed_.has(vintid) ? lr_of(vintid) : no_lr;
        if (index != no_lr) {
            const ListReg lr = wanted_[index];
            wanted_[index] = describe(vintid, lr.priority(), 0).in_state(lr.state());
        }
    } else if (!was.get<Delivery::Owed>()) {
        step(vintid, Event::acknowledge);
        change(PhysChange::set_active, vintid);
    }
}

// The guest has ended the interrupt, and EL2 does what its list register would have done.
void VcpuIrqs::end_physical(VIntid vintid) {
    if (vintid.is_ppi() && is_forced(vintid)) {
        step(vintid, Event::acknowledge); // active still, for what pend_by_software() was asked
    } else {
        change(PhysChange::clear_active, vintid);
    }
}

void VcpuIrqs::post_sgi(VcpuIndex to, VIntid sgi, u8 senders) {
    kick(to.value, vm_->mailbox(to).post_sgi(sgi, senders));
}

// GICv3 asks for a group, and only an SGI of that group is raised (IHI 0069, ICC_SGI1R_EL1).
void VcpuIrqs::receive_sgi(VIntid sgi, u8 senders) {
    if (has_source(sgi)) {
        guest_set_sources(sgi, senders);
    } else if ((u32{senders} >> static_cast<u8>(group(sgi)) & 1U) != 0) {
        raise(sgi);
    }
}

void VcpuIrqs::set_line(VIntid vintid, bool high) {
    step(vintid, high ? Event::line_up : Event::line_down);
    if (!high && is_level(vintid) && !is_hardware(vintid) && !is_forced(vintid)) {
        withdraw_pending(vintid);
    }
}

void VcpuIrqs::guest_clear_pending(unsigned word, u32 mask) {
    for_each_intid(word, mask, [&](VIntid vintid) {
        clear_one(vintid);
        tell(at(vintid).get<Delivery::Holder>(), Request::drop, vintid);
    });
}

// A level stays pending while its line is high.
void VcpuIrqs::clear_one(VIntid vintid) {
    withdraw_pending(vintid);
    step(vintid, Event::clear);
    if (!is_hardware(vintid)) {
        return;
    }
    step(vintid, Event::unforce);
    change(PhysChange::clear_pending, vintid);
    disown(vintid);
}

void VcpuIrqs::guest_set_active(unsigned word, u32 mask) {
    for_each_intid(word, mask & ~active_word(word),
                   [&](VIntid vintid) { make_guest_active(vintid); });
}

// What was pending stays pending: in the latch, or in the physical distributor.
void VcpuIrqs::make_guest_active(VIntid vintid) {
    withdraw_pending(vintid);
    const Delivery was = at(vintid);
    if (was.is_held()) {
        tell(was.get<Delivery::Holder>(), Request::activate, vintid);
        return;
    }
    step(vintid, Event::hold, self_.value);
    if (was.get<Delivery::Hardware>() && !was.get<Delivery::Owed>()) {
        change(PhysChange::set_active, vintid);
        if (vintid.is_spi() && caps_.quirk_spi_active_per_cpu) {
            step(vintid, Event::by_software);
        }
    } else if (was.get<Delivery::Owed>() && (!was.is_level() || was.get<Delivery::Forced>())) {
        if (vintid.is_ppi()) {
            step(vintid, Event::by_software);
        } else {
            change(PhysChange::set_pending, vintid);
        }
    }
    spilled_.add(vintid);
    spilled_priority_[vintid.value()] = was.priority();
    if (vintid.is_sgi()) {
        spilled_source_[vintid.value()] = 0;
    }
    look(vintid);
}

void VcpuIrqs::guest_clear_active(unsigned word, u32 mask) {
    for_each_intid(word, mask, [&](VIntid vintid) { end_active(vintid); });
}

void VcpuIrqs::on_deactivate(VIntid vintid) {
    if (is_guest_intid(vintid)) {
        end_active(vintid);
    }
}

// The list register first, then the physical active bit: flush() and apply() keep that order.
void VcpuIrqs::end_active(VIntid vintid) {
    const u8 index = listed_.has(vintid) ? lr_of(vintid) : no_lr;
    const bool in_register = index != no_lr && wanted_[index].is_active();
    if (!in_register && !spilled_.has(vintid)) {
        tell(at(vintid).get<Delivery::Holder>(), Request::end, vintid);
        return;
    }
    if (in_register) {
        withdraw_pending(vintid);
        unlist(index);
    }
    spilled_.remove(vintid);
    step(vintid, Event::release, self_.value);
    if (is_hardware(vintid)) {
        end_physical(vintid);
    }
}

// What is pending in a list register goes back, for its group is a field of the list register.
void VcpuIrqs::guest_set_group(unsigned word, u32 groups) {
    for_each_intid(word, groups ^ group_word(word), [&](VIntid vintid) {
        step(vintid, (groups & IntidSet::bit(vintid)) != 0 ? Event::to_group1 : Event::to_group0);
        withdraw_pending(vintid);
    });
}

// A forwarded PPI is a level for good: the word of its trigger is the pCPU's, not the vCPU's (a PPI's
// may be fixed: IHI 0069, GICR_ICFGR1).
void VcpuIrqs::guest_set_edge(unsigned word, u32 edges, u32 mask) {
    const u32 fixed = word == 0 ? hardware_ppis() : 0;
    for_each_intid(word, (edges ^ edge_word(word)) & mask & ~fixed, [&](VIntid vintid) {
        const bool edge = (edges & IntidSet::bit(vintid)) != 0;
        withdraw_pending(vintid); // an edge that waits in its list register is latched still
        step(vintid, edge ? Event::to_edge : Event::to_level);
        if (is_hardware(vintid)) {
            change(edge ? PhysChange::edge : PhysChange::level, vintid);
            settle_disabled(vintid);
        }
    });
}

void VcpuIrqs::guest_set_priority(VIntid vintid, u8 priority) {
    step(vintid, Event::prioritize, priority);
}

// A sender whose SGI is already pending in a list register adds nothing.
void VcpuIrqs::guest_set_sources(VIntid sgi, u8 sources) {
    const u8 index = listed_.has(sgi) ? lr_of(sgi) : no_lr;
    const bool pending = index != no_lr && wanted_[index].is_pending();
    const u32 merged = pending ? 1U << wanted_[index].source() : 0;
    u8& waiting = sources_[sgi.value()];
    waiting = static_cast<u8>(waiting | (sources & ~merged));
    step(sgi, waiting != 0 ? Event::raise : Event::clear);
}

void VcpuIrqs::guest_clear_sources(VIntid sgi, u8 sources) {
    const u8 index = listed_.has(sgi) ? lr_of(sgi) : no_lr;
    if (index != no_lr && (u32{sources} >> wanted_[index].source() & 1U) != 0) {
        withdraw_pending(sgi);
    }
    sources_[sgi.value()] = static_cast<u8>(sources_[sgi.value()] & ~u32{sources});
    step(sgi, sources_[sgi.value()] != 0 ? Event::raise : Event::clear);
}

u8 VcpuIrqs::pending_sources(VIntid sgi) const {
    const u8 index = listed_.has(sgi) ? lr_of(sgi) : no_lr;
    const bool listed = index != no_lr && wanted_[index].is_pending();
    return static_cast<u8>(sources_[sgi.value()] | (listed ? 1U << wanted_[index].source() : 0));
}

void VcpuIrqs::set_group_enables(u8 groups) {
    vm_->set_group_enables(groups);
    look_at_all();
    for (u8 vcpu = 0; vcpu < vm_->vcpus(); ++vcpu) {
        if (vcpu != self_.value) {
            kick(vcpu, vm_->mailbox(VcpuIndex{vcpu}).post_all());
        }
    }
}

void VcpuIrqs::set_route(VIntid vintid, VcpuIndex target) {
    step(vintid, Event::route, target.value);
    if (target != self_) {
        withdraw_pending(vintid);
    }
}

} // namespace hyp
