// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, before an entry: which interrupt gets which list register.
//
// Order when there are more interrupts than list registers: pending ones by priority, then active
// ones. A pending one outside can then never be more urgent than one inside, and 'no list
// register pending' (NPIE) cannot be true at the entry while one waits outside.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

bool VcpuIrqs::is_real(u8 index) const {
    return wanted_[index].is_valid() && wanted_[index].vintid().value() != dummy_vintid;
}

u8 VcpuIrqs::real_count() const {
    u8 count = 0;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        count = static_cast<u8>(count + (is_real(i) ? 1 : 0));
    }
    return count;
}

u8 VcpuIrqs::lr_of(VIntid vintid) const {
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        if (wanted_[i].is_valid() && wanted_[i].vintid() == vintid) {
            return i;
        }
    }
    return no_lr;
}

// A GICv2 SGI is listed for one sender at a time; while others wait, its deactivation must exit.
ListReg VcpuIrqs::describe(VIntid vintid, Priority priority, u8 source) const {
    const Delivery now = at(vintid);
    if (now.get<Delivery::Hardware>() && lists_hardware() && !now.get<Delivery::BySoftware>()) {
        return ListReg::hardware(vintid, pintid_of(vintid), priority, group(vintid));
    }
    if (now.get<Delivery::Hardware>()) {
        return ListReg::software(vintid, priority, group(vintid), EoiNotify::yes);
    }
    if (has_source(vintid)) {
        const bool more = sources_[vintid.value()] != 0;
        return ListReg::sgi(vintid, source, priority, group(vintid),
                            more ? EoiNotify::yes : EoiNotify::no);
    }
    // What is pending besides, a level by its line or for another vCPU, must be looked at again when
    // the guest ends it.
    return ListReg::software(vintid, priority, group(vintid),
                             now.is_pending() ? EoiNotify::yes : EoiNotify::no);
}

// Takes the interrupt from where it waited; `lr` goes to list(). False: it is not there any more.
bool VcpuIrqs::take_pending(VIntid vintid, ListReg& lr) {
    const Priority priority{at(vintid).priority()};
    step(vintid, Event::claim, self_.value);
    if (!at(vintid).is_held_by(self_)) {
        look(vintid); // another vCPU was faster
        return false;
    }
    u8 source = 0;
    if (has_source(vintid)) {
        u8& sources = sources_[vintid.value()];
        source = static_cast<u8>(__builtin_ctz(sources));
        sources = static_cast<u8>(sources & (sources - 1U));
        if (sources != 0) {
            step(vintid, Event::raise);
        }
    }
    lr = describe(vintid, priority, source);
    return true;
}

// If it has become pending again meanwhile, both go into the list register, for its deactivation
// will not exit. A GICv2 SGI's next sender waits; describe() asks for the exit.
ListReg VcpuIrqs::take_spilled(VIntid vintid) {
    spilled_.remove(vintid);
    const u8 source = has_source(vintid) ? spilled_source_[vintid.value()] : u8{0};
    const LrState state = takes_second(vintid) ? LrState::pending_active : LrState::active;
    return describe(vintid, Priority{spilled_priority_[vintid.value()]}, source).in_state(state);
}

// Software raised it again while it is active: both go into its list register. (Not GICv2's SGIs,
// of which each sender's is one of its own.)
bool VcpuIrqs::takes_second(VIntid vintid) {
    const bool second =
        at(vintid).get<Delivery::Latch>() && !has_source(vintid) && is_eligible(vintid);
    if (second) {
        step(vintid, Event::merge);
    }
    return second;
}

void VcpuIrqs::list(u8 index, const ListReg& lr) {
    wanted_[index] = lr;
    listed_.add(lr.vintid());
    look(lr.vintid());
}

// Back from the list register to where it waits.
void VcpuIrqs::evict(u8 index) {
    const ListReg lr = wanted_[index];
    const VIntid vintid = lr.vintid();
    wanted_[index] = ListReg{};
    listed_.remove(vintid);
    if (lr.is_pending() && has_source(vintid)) {
        u8& sources = sources_[vintid.value()];
        sources = static_cast<u8>(sources | 1U << lr.source());
    }
    if (!lr.is_active()) {
        step(vintid, Event::put_back, self_.value);
        return;
    }
    spilled_.add(vintid);
    spilled_priority_[vintid.value()] = lr.priority().value;
    if (has_source(vintid)) {
        spilled_source_[vintid.value()] = lr.source();
    }
    if (lr.is_pending()) {
        step(vintid, Event::raise);
    }
    look(vintid);
}

// The most urgent that the guest lets through; of equals the lowest INTID.
bool VcpuIrqs::best_deliverable(VIntid& best) const {
    unsigned found = 0x100;
    for (u32 words = waiting_words_; words != 0; words &= words - 1) {
        const unsigned word = static_cast<unsigned>(__builtin_ctz(words));
        for_each_intid(word, deliverable_.word(word), [&](VIntid vintid) {
            if (priority_[vintid.value()] < found) {
                found = priority_[vintid.value()];
                best = vintid;
            }
        });
    }
    return found != 0x100;
}

bool VcpuIrqs::best_spilled(VIntid& best) const {
    unsigned found = 0x100;
    for (u32 words = waiting_words_; words != 0; words &= words - 1) {
        const unsigned word = static_cast<unsigned>(__builtin_ctz(words));
        for_each_intid(word, spilled_.word(word), [&](VIntid vintid) {
            if (spilled_priority_[vintid.value()] < found) {
                found = spilled_priority_[vintid.value()];
                best = vintid;
            }
        });
    }
    return found != 0x100;
}

u8 VcpuIrqs::home_of(VIntid vintid) const {
    for (u32 n = 0; n < device_homes; ++n) {
        if (device_home_[n] == vintid.value() && !vintid.is_private()) {
            return device_home(n).value;
        }
    }
    return vintid == guest_vtimer ? timer_home.value : vintid.is_sgi() ? sgi_home.value : no_lr;
}

// Whoever has no home takes what is free from the top down, away from the timer's and the SGIs'.
u8 VcpuIrqs::free_register(VIntid vintid) const {
    if (real_count() >= usable()) {
        return no_lr;
    }
    const u8 home = home_of(vintid);
    if (home < caps_.list_registers && !is_real(home)) {
        return home;
    }
    for (u8 i = caps_.list_registers; i != 0; --i) {
        if (!is_real(static_cast<u8>(i - 1))) {
            return static_cast<u8>(i - 1);
        }
    }
    return no_lr;
}

// Which list register a pending interrupt may take: the least urgent active one, else the least
// urgent pending one if that is less urgent still.
u8 VcpuIrqs::victim_for(VIntid vintid) const {
    u8 victim = no_lr;
    unsigned least = priority(vintid);
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        constexpr unsigned any_active = 0x100; // less urgent than any pending one
        const ListReg& lr = wanted_[i];
        const unsigned rank = lr.priority().value + (lr.is_active() ? any_active : 0);
        if (is_real(i) && rank > least) {
            least = rank;
            victim = i;
        }
    }
    return victim;
}

void VcpuIrqs::fill() {
    VIntid vintid{0};
    while (best_deliverable(vintid)) {
        u8 index = free_register(vintid);
        if (index == no_lr) {
            index = victim_for(vintid);
            if (index == no_lr) {
                return;
            }
        }
        ListReg lr;
        if (take_pending(vintid, lr)) {
            if (is_real(index)) {
                evict(index);
            }
            list(index, lr);
        }
    }
    while (best_spilled(vintid)) {
        const u8 index = free_register(vintid);
        if (index == no_lr) {
            return;
        }
        list(index, take_spilled(vintid));
    }
}

// A software interrupt that became pending again while listed: pending merges, active becomes
// pending and active. For a GICv2 SGI the next sender waits, and the list register asks for an exit;
// so it does for a line that is high, to be looked at again.
void VcpuIrqs::repend_listed() {
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const ListReg lr = wanted_[i];
        if (!is_real(i) || !at(lr.vintid()).is_pending()) {
            continue;
        }
        const VIntid vintid = lr.vintid();
        LrState state = lr.state();
        if (lr.is_pending() && !has_source(vintid)) {
            step(vintid, Event::merge);
        } else if (takes_second(vintid)) {
            state = LrState::pending_active;
        }
        wanted_[i] = describe(vintid, lr.priority(), lr.source()).in_state(state);
    }
}

Entry VcpuIrqs::flush() {
    take_posts();
    repend_listed();
    if (waiting_words_ != 0) {
        fill();
    }
    place_dummy();
    Entry entry;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const ListReg& to = wanted_[i];
        const ListReg& from = written_[i];
        const u32 bit = 1U << i;
        const bool stale = (stale_ & bit) != 0;
        if (to == from && !stale) {
            continue;
        }
        // An invalid one that asked for a maintenance interrupt goes on asking (EISR).
        const bool occupied = from.is_valid() || from.notify() == EoiNotify::yes;
        const bool other = from.is_valid() && to.is_valid() && from.vintid() != to.vintid();
        const bool clear = to.is_valid() ? other : occupied || stale;
        const bool write = to.is_valid();
        entry.clear = static_cast<u16>(entry.clear | (clear ? bit : 0));
        entry.write = static_cast<u16>(entry.write | (write ? bit : 0));
        written_[i] = to;
    }
    stale_ = 0;
    entry.physical = changed_words_ != 0;
    entry.control = decide_control();
    entry.control_changed = control_stale_ || entry.control != written_control_;
    written_control_ = entry.control;
    control_stale_ = false;
    return entry;
}

bool VcpuIrqs::take_change(PhysChange& change, PIntid& pintid) {
    for (unsigned kind = 0; kind < changes_.size(); ++kind) {
        for (unsigned rest = changed_words_; rest != 0; rest &= rest - 1) {
            const unsigned word = static_cast<unsigned>(__builtin_ctz(rest));
            u32& bits = changes_[kind].word(word);
            if (bits != 0) {
                change = static_cast<PhysChange>(kind);
                pintid = pintid_of(VIntid{word * 32 + static_cast<u32>(__builtin_ctz(bits))});
                bits &= bits - 1;
                return true;
            }
        }
    }
    changed_words_ = 0;
    return false;
}

} // namespace hyp
