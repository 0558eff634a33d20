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

VcpuIrqs::VcpuIrqs(VmIrqs& vm, VcpuIndex self, const VgicCaps& caps) : VcpuIrqs{} {
    vm_ = &vm;
    self_ = self;
    stale_ = static_cast<u16>((1U << caps.list_registers) - 1);
    caps_ = caps;
    control_stale_ = true;
    const Delivery ppi = fresh_delivery(self, caps.guest_group, Trigger::level);
    Delivery sgi = fresh_delivery(self, caps.guest_group, Trigger::edge);
    if (has_source(VIntid{0})) { // for good: QEMU's and most GICv2's ISENABLER0 is RAO there
        sgi = next(sgi, Event::enable);
    }
    for (u32 n = 0; n < own_.size(); ++n) {
        own_[n] = VIntid{n}.is_sgi() ? sgi : ppi;
    }
}

bool operator==(const VcpuIrqs& left, const VcpuIrqs& right) {
    bool equal = false;
    left.visit_bytes([&](const unsigned char* one, usize size) {
        right.visit_bytes([&](const unsigned char* other, usize) {
            equal = __builtin_memcmp(one, other, size) == 0;
        });
    });
    return equal;
}

void VcpuIrqs::map_hardware(VIntid vintid, PIntid pintid, Trigger trigger) {
    if (!vintid.is_private()) {
        vm_->map_hardware(vintid, pintid, trigger);
        return;
    }
    Delivery& word = own_[vintid.value()];
    word = word.with<Delivery::Hardware>(true).with<Delivery::Trig>(trigger);
    own_pintid_[vintid.value()] = static_cast<u16>(pintid.value());
}

// Two opposite changes before one entry: the later one stands.
void VcpuIrqs::change(PhysChange change, VIntid vintid) {
    changes_[static_cast<u8>(opposite(change))].remove(vintid);
    changes_[static_cast<u8>(change)].add(vintid);
    changed_words_ |= 1U << (vintid.value() / 32);
}

u16 VcpuIrqs::live_list_registers() const {
    u32 live = 0;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        live |= is_real(i) ? 1U << i : 0;
    }
    // The fast path writes the homes on its own; under the fault there is none.
    if (!caps_.quirk_no_reevaluation) {
        live |= 1U << timer_home.value | 1U << sgi_home.value;
        for (u32 n = 0; n < device_homes; ++n) {
            live |= device_home_[n] != 0 ? 1U << device_home(n).value : 0;
        }
    }
    return static_cast<u16>(live & ((1U << caps_.list_registers) - 1));
}

// The first forwarded SPIs to arrive get a home, as far as there are list registers.
void VcpuIrqs::settle_in(VIntid spi) {
    const u16 number = static_cast<u16>(spi.value());
    for (u32 n = 0; n < device_homes && device_home_[n] != number; ++n) {
        if (device_home_[n] == 0 && device_home(n).value < caps_.list_registers) {
            device_home_[n] = number;
            return;
        }
    }
}

u32 VcpuIrqs::needs_phys(const LrFile& file) const {
    u32 words = 0;
    for (u32 rest = file.live; rest != 0; rest &= rest - 1) {
        const ListReg& lr = file.regs[static_cast<unsigned>(__builtin_ctz(rest))];
        if (lr.is_valid() && is_hardware(lr.vintid())) {
            words |= 1U << (pintid_of(lr.vintid()).value() / 32);
        }
    }
    for (u32 rest = waiting_words_; rest != 0; rest &= rest - 1) {
        const unsigned word = static_cast<unsigned>(__builtin_ctz(rest));
        for_each_intid(word, owed_.word(word) | spilled_.word(word), [&](VIntid vintid) {
            words |= is_hardware(vintid) ? 1U << (pintid_of(vintid).value() / 32) : 0;
        });
    }
    return words;
}

void VcpuIrqs::sync(const LrFile& file, const PhysWords& phys) {
    for (u32 rest = file.live; rest != 0; rest &= rest - 1) {
        const u8 index = static_cast<u8>(__builtin_ctz(rest));
        absorb(index, file.regs[index]);
    }
    replay(file);
    close_groups(file.open_groups);
    if (phys.known != 0) {
        resample_listed(phys);
        resample_waiting(phys);
    }
    take_posts();
}

void VcpuIrqs::close_groups(u8 open) {
    if (open == open_groups_) {
        return;
    }
    open_groups_ = open;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        if (is_real(i) && !is_open(wanted_[i].group())) {
            withdraw_pending(wanted_[i].vintid());
        }
    }
    look_at_all();
}

// List register `index` was wanted_[index] at the last entry and is `now`.
void VcpuIrqs::absorb(u8 index, const ListReg& now) {
    const ListReg old = wanted_[index];
    // What an invalid one still says is of no account, unless it goes on asking (EISR).
    written_[index] = now.is_valid() || now.notify() == EoiNotify::yes ? now : ListReg{};
    const bool same = now.is_valid() && now.vintid() == old.vintid();
    if (old.is_pending() && !(same && now.is_pending())) {
        step(old.vintid(), Event::unforce); // it was delivered
    }
    if (old.is_valid() && !same) {
        unlist(index);
        if (is_hardware(old.vintid()) && !old.is_hardware()) {
            end_physical(old.vintid()); // listed by software, see describe()
        }
    }
    if (!now.is_valid()) {
        return;
    }
    wanted_[index] = now;
    listed_.add(now.vintid());
    step(now.vintid(), Event::hold, self_.value); // it may be the fast path that listed it
}

// The interrupt of list register `index` is over, as far as the list register goes.
void VcpuIrqs::unlist(u8 index) {
    const VIntid vintid = wanted_[index].vintid();
    wanted_[index] = ListReg{};
    listed_.remove(vintid);
    step(vintid, Event::release, self_.value);
}

// Each count is a deactivation that found no list register. With EOImode 0 a guest ends interrupts
// in reverse order of acknowledgement, so it was the highest priority among the spilled ones. With
// EOImode 1 the DIR was trapped, and a count says nothing: QEMU 7.2 counts the priority drop too.
void VcpuIrqs::replay(const LrFile& file) {
    u8 left = file.eoi_count;
    control_stale_ = control_stale_ || left != 0; // only a write of the control zeroes it
    if (file.split_eoi) {
        return;
    }
    for (VIntid vintid{0}; left != 0 && best_spilled(vintid); --left) {
        end_active(vintid);
    }
}

void VcpuIrqs::resample_listed(const PhysWords& phys) {
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const ListReg lr = wanted_[i];
        if (!is_real(i) || !is_hardware(lr.vintid()) || !phys.knows(pintid_of(lr.vintid()))) {
            continue;
        }
        const VIntid vintid = lr.vintid();
        const PIntid pintid = pintid_of(vintid);
        if (lr.is_active()) {
            if (!phys.is_active(pintid)) {
                unlist(i); // the guest did deactivate it
            }
        } else if (is_level(vintid) && !is_forced(vintid) && !phys.is_pending(pintid)) {
            unlist(i); // both or neither: its physical active bit goes with it
            change(PhysChange::clear_active, vintid);
        }
    }
}

void VcpuIrqs::resample_waiting(const PhysWords& phys) {
    for (u32 rest = waiting_words_; rest != 0; rest &= rest - 1) {
        const unsigned word = static_cast<unsigned>(__builtin_ctz(rest));
        for_each_intid(word, owed_.word(word), [&](VIntid vintid) {
            const PIntid pintid = pintid_of(vintid);
            const bool gone = phys.knows(pintid) && !phys.is_pending(pintid);
            if (gone && is_level(vintid) && !is_forced(vintid)) {
                disown(vintid);
            }
        });
        for_each_intid(word, spilled_.word(word), [&](VIntid vintid) {
            const PIntid pintid = pintid_of(vintid);
            if (is_hardware(vintid) && phys.knows(pintid) && !phys.is_active(pintid)) {
                spilled_.remove(vintid);
                step(vintid, Event::release, self_.value);
            }
        });
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
    step(vintid, Event::acknowledge);
    settle_disabled(vintid);
    if (!vintid.is_private() && !caps_.quirk_no_reevaluation) {
        settle_in(vintid);
    }
    return true;
}

void VcpuIrqs::mark_expired(VIntid vintid) {
    const Delivery now = at(vintid);
    // By ISPENDR it is latched physically, and only an acknowledge takes the latch away.
    if (now.is_held() || now.get<Delivery::Owed>() || !now.get<Delivery::Hardware>() ||
        !now.get<Delivery::Enabled>() || now.get<Delivery::Forced>()) {
        return;
    }
    step(vintid, Event::acknowledge);
    change(PhysChange::set_active, vintid);
}

VirtControl VcpuIrqs::on_maintenance() {
    // En = 0 silences every cause, a list register's own EOI request among them.
    written_control_ = VirtControl{};
    return written_control_;
}

} // namespace hyp
