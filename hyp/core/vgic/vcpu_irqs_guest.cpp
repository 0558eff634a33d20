// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, as the guest configures it through its distributor and by its SGIs. Enable and trigger
// of a hardware interrupt reach the physical distributor, priority never does: the physical one is
// EL2's.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

void VcpuIrqs::guest_enable(unsigned word, u32 mask) {
    const u32 fresh = mask & ~enabled_.word(word);
    enabled_.word(word) |= fresh;
    for_each_intid(word, fresh & hardware_.word(word),
                   [&](VIntid vintid) { change(PhysChange::enable, vintid); });
    refresh(word);
}

// An active interrupt stays listed; only what is pending obeys the enable bit.
void VcpuIrqs::guest_disable(unsigned word, u32 mask) {
    const u32 gone = mask & enabled_.word(word);
    enabled_.word(word) &= ~gone;
    for_each_intid(word, gone, [&](VIntid vintid) {
        withdraw_pending(vintid);
        if (hardware_.has(vintid)) {
            change(PhysChange::disable, vintid);
            settle_disabled(vintid);
        }
    });
    refresh(word);
}

// A level interrupt that is disabled need not be held active to be silent: the physical distributor
// keeps it, pending while its line is high.
void VcpuIrqs::settle_disabled(VIntid vintid) {
    const bool held = owed_.has(vintid) && !enabled_.has(vintid);
    if (held && is_level(vintid) && !forced_.has(vintid)) {
        owed_.remove(vintid);
        change(PhysChange::clear_active, vintid);
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
    list(index, lr.in_state(LrState::active));
}

void VcpuIrqs::guest_set_pending(unsigned word, u32 mask) {
    for_each_intid(word, mask, [&](VIntid vintid) { raise(vintid); });
}

// A hardware interrupt becomes pending where it is kept, in the physical distributor, and comes
// back by way of it; if it already waits for the guest, it only stays when its line drops.
void VcpuIrqs::raise(VIntid vintid) {
    if (!hardware_.has(vintid)) {
        latch_.add(vintid);
        refresh(vintid);
        return;
    }
    const u8 index = listed_.has(vintid) ? lr_of(vintid) : no_lr;
    const bool waits = owed_.has(vintid) || (index != no_lr && wanted_[index].is_pending());
    forced_.add(vintid);
    if (!waits) {
        change(PhysChange::set_pending, vintid);
    }
}

void VcpuIrqs::raise_sgi(VIntid vintid, u8 source) {
    if (has_source(vintid)) {
        guest_set_sources(vintid, static_cast<u8>(1U << source));
        return;
    }
    raise(vintid);
}

void VcpuIrqs::guest_clear_pending(unsigned word, u32 mask) {
    for_each_intid(word, mask, [&](VIntid vintid) {
        withdraw_pending(vintid);
        latch_.remove(vintid);
        if (!hardware_.has(vintid)) {
            return;
        }
        forced_.remove(vintid);
        change(PhysChange::clear_pending, vintid);
        if (owed_.has(vintid)) {
            owed_.remove(vintid);
            change(PhysChange::clear_active, vintid);
        }
    });
    refresh(word);
}

void VcpuIrqs::guest_set_active(unsigned word, u32 mask) {
    for_each_intid(word, mask & ~active_word(word),
                   [&](VIntid vintid) { make_guest_active(vintid); });
    refresh(word);
}

// What was pending stays pending: in the latch, or in the physical distributor.
void VcpuIrqs::make_guest_active(VIntid vintid) {
    const bool physical = hardware_.has(vintid);
    if (physical && vintid.is_spi() && caps_.generation == GicGeneration::v2 &&
        !owed_.has(vintid) && !listed_.has(vintid)) {
        return; // ISACTIVER of an SPI sets eight bits on QEMU's GICv2, of which one is ever cleared
    }
    withdraw_pending(vintid);
    if (physical && !owed_.has(vintid)) {
        change(PhysChange::set_active, vintid);
    } else if (physical) {
        owed_.remove(vintid);
        if (!is_level(vintid) || forced_.has(vintid)) {
            change(PhysChange::set_pending, vintid);
        }
    }
    spilled_.add(vintid);
    spilled_priority_[vintid.value()] = priority_[vintid.value()];
    if (vintid.is_sgi()) {
        spilled_source_[vintid.value()] = 0;
    }
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
        return;
    }
    if (in_register) {
        withdraw_pending(vintid);
        unlist(index);
    }
    spilled_.remove(vintid);
    if (hardware_.has(vintid)) {
        change(PhysChange::clear_active, vintid);
    }
    refresh(vintid);
}

void VcpuIrqs::guest_set_group(unsigned word, u32 groups) {
    group_.word(word) = groups;
    refresh(word);
}

void VcpuIrqs::guest_set_edge(unsigned word, u32 edges, u32 mask) {
    const u32 before = edge_.word(word);
    const u32 after = (before & ~mask) | (edges & mask);
    edge_.word(word) = after;
    for_each_intid(word, (before ^ after) & hardware_.word(word), [&](VIntid vintid) {
        change(edge_.has(vintid) ? PhysChange::edge : PhysChange::level, vintid);
        settle_disabled(vintid);
    });
    refresh(word);
}

void VcpuIrqs::guest_set_priority(VIntid vintid, u8 priority) {
    constexpr u8 implemented = 0xf8; // what a list register keeps
    priority_[vintid.value()] = priority & implemented;
}

// A sender whose SGI is already pending in a list register adds nothing.
void VcpuIrqs::guest_set_sources(VIntid sgi, u8 sources) {
    const u8 index = listed_.has(sgi) ? lr_of(sgi) : no_lr;
    const bool pending = index != no_lr && wanted_[index].is_pending();
    const u32 merged = pending ? 1U << wanted_[index].source() : 0;
    u8& waiting = sources_[sgi.value()];
    waiting = static_cast<u8>(waiting | (sources & ~merged));
    latch_.put(sgi, waiting != 0);
    refresh(sgi);
}

void VcpuIrqs::guest_clear_sources(VIntid sgi, u8 sources) {
    const u8 index = listed_.has(sgi) ? lr_of(sgi) : no_lr;
    if (index != no_lr && (u32{sources} >> wanted_[index].source() & 1U) != 0) {
        withdraw_pending(sgi);
    }
    sources_[sgi.value()] = static_cast<u8>(sources_[sgi.value()] & ~u32{sources});
    latch_.put(sgi, sources_[sgi.value()] != 0);
    refresh(sgi);
}

u8 VcpuIrqs::pending_sources(VIntid sgi) const {
    const u8 index = listed_.has(sgi) ? lr_of(sgi) : no_lr;
    const bool listed = index != no_lr && wanted_[index].is_pending();
    return static_cast<u8>(sources_[sgi.value()] | (listed ? 1U << wanted_[index].source() : 0));
}

void VcpuIrqs::set_group_enables(u8 groups) {
    constexpr u8 both = 3;
    group_enables_ = groups & both;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        if (is_real(i) && !is_eligible(wanted_[i].vintid())) {
            withdraw_pending(wanted_[i].vintid());
        }
    }
    for (unsigned word = 0; word < guest_words; ++word) {
        refresh(word);
    }
}

void VcpuIrqs::set_routed(VIntid vintid, bool here) {
    routed_.put(vintid, here);
    if (!here) {
        withdraw_pending(vintid);
    }
    refresh(vintid);
}

u32 VcpuIrqs::active_word(unsigned word) const {
    u32 active = spilled_.word(word);
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const bool here = is_real(i) && wanted_[i].vintid().value() / 32 == word;
        active |= here && wanted_[i].is_active() ? IntidSet::bit(wanted_[i].vintid()) : 0;
    }
    return active;
}

u32 VcpuIrqs::pending_word(unsigned word, const PhysWords& phys) const {
    u32 pending = latch_.word(word) | owed_.word(word);
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const bool here = is_real(i) && wanted_[i].vintid().value() / 32 == word;
        pending |= here && wanted_[i].is_pending() ? IntidSet::bit(wanted_[i].vintid()) : 0;
    }
    for_each_intid(word, hardware_.word(word), [&](VIntid vintid) {
        const PIntid pintid = pintid_of(vintid);
        pending |= phys.knows(pintid) && phys.is_pending(pintid) ? IntidSet::bit(vintid) : 0;
    });
    return pending;
}

u32 VcpuIrqs::hardware_words(unsigned word) const {
    u32 words = 0;
    for_each_intid(word, hardware_.word(word),
                   [&](VIntid vintid) { words |= 1U << (pintid_of(vintid).value() / 32); });
    return words;
}

Priority VcpuIrqs::best_pending() const {
    u8 best = 0xff;
    VIntid waiting{0};
    if (best_deliverable(waiting)) {
        best = priority_[waiting.value()];
    }
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const bool candidate = is_real(i) && wanted_[i].state() == LrState::pending;
        if (candidate && wanted_[i].priority().value < best) {
            best = wanted_[i].priority().value;
        }
    }
    return Priority{best};
}

} // namespace hyp
