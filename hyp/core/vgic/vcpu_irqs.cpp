// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, after an exit: what the guest did to its list registers, and what happened meanwhile.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

namespace {

[[nodiscard]] PhysChange opposite(PhysChange change) {
    switch (change) {
    case PhysChange::disable: return PhysChange::enable;
    case PhysChange::enable: return PhysChange::disable;
    case PhysChange::level: return PhysChange::edge;
    case PhysChange::edge: return PhysChange::level;
    case PhysChange::clear_pending: return PhysChange::set_pending;
    case PhysChange::set_pending: return PhysChange::clear_pending;
    case PhysChange::clear_active: return PhysChange::set_active;
    case PhysChange::set_active: return PhysChange::clear_active;
    }
    __builtin_unreachable();
}

} // namespace

VcpuIrqs::VcpuIrqs(const VgicCaps& caps) : VcpuIrqs{} {
    stale_ = (1U << caps.list_registers) - 1;
    caps_ = caps;
    control_stale_ = true;
    constexpr u32 sgis = 0xffff;
    edge_.word(0) = sgis;
    if (caps.generation == GicGeneration::v2) {
        enabled_.word(0) = sgis; // for good: QEMU's and most GICv2's ISENABLER0 is RAO there
    }
    for (unsigned word = 0; word < guest_words; ++word) {
        routed_.word(word) = ~0U;
        group_.word(word) = caps.guest_group == Group::group1 ? ~0U : 0;
    }
}

void VcpuIrqs::map_hardware(VIntid vintid, PIntid pintid, Trigger trigger) {
    hardware_.add(vintid);
    pintid_[vintid.value()] = static_cast<u16>(pintid.value());
    edge_.put(vintid, trigger == Trigger::edge);
}

bool VcpuIrqs::find_owner(PIntid pintid, VIntid& owner) const {
    const VIntid same{pintid.value()};
    if (is_guest_intid(same) && hardware_.has(same) && pintid_of(same) == pintid) {
        owner = same;
        return true;
    }
    bool found = false;
    for (unsigned word = 0; word < guest_words && !found; ++word) {
        for_each_intid(word, hardware_.word(word), [&](VIntid vintid) {
            if (pintid_of(vintid) == pintid) {
                owner = vintid;
                found = true;
            }
        });
    }
    return found;
}

// Two opposite changes before one entry: the later one stands.
void VcpuIrqs::change(PhysChange change, VIntid vintid) {
    changes_[static_cast<u8>(opposite(change))].remove(vintid);
    changes_[static_cast<u8>(change)].add(vintid);
    changed_words_ |= 1U << (vintid.value() / 32);
}

u32 VcpuIrqs::eligible_word(unsigned word) const {
    const u32 in_group1 = group_.word(word);
    const u32 group0 = (group_enables_ & 1U) != 0 ? ~in_group1 : 0;
    const u32 group1 = (group_enables_ & 2U) != 0 ? in_group1 : 0;
    return enabled_.word(word) & routed_.word(word) & (group0 | group1);
}

bool VcpuIrqs::is_eligible(VIntid vintid) const {
    return (eligible_word(vintid.value() / 32) & IntidSet::bit(vintid)) != 0;
}

Group VcpuIrqs::group(VIntid vintid) const {
    return group_.has(vintid) ? Group::group1 : Group::group0;
}

// Keeps what is derived. To be called for each word whose state changed.
void VcpuIrqs::refresh(unsigned word) {
    const u32 elsewhere = listed_.word(word) | spilled_.word(word);
    const u32 pending = latch_.word(word) | owed_.word(word);
    const u32 deliverable = pending & eligible_word(word) & ~elsewhere;
    deliverable_.word(word) = deliverable;
    const u32 bit = 1U << word;
    const bool waits = (deliverable | spilled_.word(word)) != 0;
    waiting_words_ = waits ? waiting_words_ | bit : waiting_words_ & ~bit;
}

u16 VcpuIrqs::live_list_registers() const {
    u32 live = 0;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        live |= is_real(i) ? 1U << i : 0;
    }
    // The fast path writes the timer's home on its own; under the fault there is none.
    const bool fast = hardware_.has(guest_vtimer) && !caps_.quirk_no_reevaluation;
    return static_cast<u16>(fast ? live | 1U : live);
}

u32 VcpuIrqs::needs_phys(const LrFile& file) const {
    u32 words = 0;
    for (u32 rest = file.live; rest != 0; rest &= rest - 1) {
        const ListReg& lr = file.regs[static_cast<unsigned>(__builtin_ctz(rest))];
        if (lr.is_valid() && hardware_.has(lr.vintid())) {
            words |= 1U << (pintid_of(lr.vintid()).value() / 32);
        }
    }
    for (unsigned word = 0; word < guest_words; ++word) {
        const u32 waiting = (owed_.word(word) | spilled_.word(word)) & hardware_.word(word);
        for_each_intid(word, waiting,
                       [&](VIntid vintid) { words |= 1U << (pintid_of(vintid).value() / 32); });
    }
    return words;
}

void VcpuIrqs::sync(const LrFile& file, const PhysWords& phys) {
    for (u32 rest = file.live; rest != 0; rest &= rest - 1) {
        const u8 index = static_cast<u8>(__builtin_ctz(rest));
        absorb(index, file.regs[index]);
    }
    replay(file);
    if (phys.known != 0) {
        resample_listed(phys);
        resample_waiting(phys);
    }
}

// List register `index` was wanted_[index] at the last entry and is `now`.
void VcpuIrqs::absorb(u8 index, const ListReg& now) {
    const ListReg old = wanted_[index];
    // What an invalid one still says is of no account, unless it goes on asking (EISR).
    written_[index] = now.is_valid() || now.notify() == EoiNotify::yes ? now : ListReg{};
    const bool same = now.is_valid() && now.vintid() == old.vintid();
    if (old.is_pending() && !(same && now.is_pending())) {
        forced_.remove(old.vintid()); // it was delivered
    }
    if (old.is_valid() && !same) {
        unlist(index);
        if (hardware_.has(old.vintid()) && !old.is_hardware()) {
            change(PhysChange::clear_active, old.vintid()); // listed by software, see describe()
        }
    }
    if (!now.is_valid()) {
        return;
    }
    wanted_[index] = now;
    listed_.add(now.vintid());
    refresh(now.vintid());
}

// The interrupt of list register `index` is over, as far as the list register goes.
void VcpuIrqs::unlist(u8 index) {
    const VIntid vintid = wanted_[index].vintid();
    wanted_[index] = ListReg{};
    listed_.remove(vintid);
    refresh(vintid);
}

// Each count is a deactivation that found no list register. With EOImode 0 a guest ends interrupts
// in reverse order of acknowledgement, so it was the highest priority among the spilled ones. With
// EOImode 1 the DIR was trapped, and a count says nothing: QEMU 7.2 counts the priority drop too.
void VcpuIrqs::replay(const LrFile& file) {
    u8 left = file.eoi_count;
    control_stale_ = control_stale_ || left != 0; // only a write of the control zeroes it
    const bool trapped = caps_.generation == GicGeneration::v2 || caps_.deactivate_trap;
    if (file.split_eoi && trapped) {
        return;
    }
    for (VIntid vintid{0}; left != 0 && best_spilled(vintid); --left) {
        end_active(vintid);
    }
}

void VcpuIrqs::resample_listed(const PhysWords& phys) {
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const ListReg lr = wanted_[i];
        if (!is_real(i) || !hardware_.has(lr.vintid()) || !phys.knows(pintid_of(lr.vintid()))) {
            continue;
        }
        const VIntid vintid = lr.vintid();
        const PIntid pintid = pintid_of(vintid);
        if (lr.is_active()) {
            if (!phys.is_active(pintid)) {
                unlist(i); // the guest did deactivate it
            }
        } else if (is_level(vintid) && !forced_.has(vintid) && !phys.is_pending(pintid)) {
            unlist(i); // both or neither: its physical active bit goes with it
            change(PhysChange::clear_active, vintid);
        }
    }
}

void VcpuIrqs::resample_waiting(const PhysWords& phys) {
    for (unsigned word = 0; word < guest_words; ++word) {
        for_each_intid(word, owed_.word(word), [&](VIntid vintid) {
            const PIntid pintid = pintid_of(vintid);
            const bool gone = phys.knows(pintid) && !phys.is_pending(pintid);
            if (gone && is_level(vintid) && !forced_.has(vintid)) {
                owed_.remove(vintid);
                change(PhysChange::clear_active, vintid);
            }
        });
        for_each_intid(word, spilled_.word(word) & hardware_.word(word), [&](VIntid vintid) {
            const PIntid pintid = pintid_of(vintid);
            if (phys.knows(pintid) && !phys.is_active(pintid)) {
                spilled_.remove(vintid);
            }
        });
        refresh(word);
    }
}

bool VcpuIrqs::on_physical(PIntid pintid) {
    VIntid vintid{0};
    if (!find_owner(pintid, vintid)) {
        return false;
    }
    // It could be acknowledged, so it was not active: whatever still shows it is out of date.
    if (listed_.has(vintid)) {
        unlist(lr_of(vintid));
    }
    spilled_.remove(vintid);
    owed_.add(vintid);
    settle_disabled(vintid);
    refresh(vintid);
    return true;
}

void VcpuIrqs::mark_expired(VIntid vintid) {
    const bool known = listed_.has(vintid) || owed_.has(vintid) || spilled_.has(vintid);
    if (known || !hardware_.has(vintid) || !enabled_.has(vintid)) {
        return;
    }
    owed_.add(vintid);
    change(PhysChange::set_active, vintid);
    refresh(vintid);
}

VirtControl VcpuIrqs::on_maintenance() {
    // En = 0 silences every cause, a list register's own EOI request among them.
    written_control_ = VirtControl{};
    return written_control_;
}

} // namespace hyp
