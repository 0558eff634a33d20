// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, before an entry: which interrupt gets which list register.
//
// Order when there are more interrupts than list registers: pending ones first, by priority, then
// active ones. A pending one outside can then never be more urgent than one inside, and 'no list
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
    if (hardware_.has(vintid) && lists_hardware()) {
        return ListReg::hardware(vintid, pintid_of(vintid), priority, group(vintid));
    }
    if (hardware_.has(vintid)) {
        return ListReg::software(vintid, priority, group(vintid), EoiNotify::yes);
    }
    if (has_source(vintid)) {
        const bool more = sources_[vintid.value()] != 0;
        return ListReg::sgi(vintid, source, priority, group(vintid),
                            more ? EoiNotify::yes : EoiNotify::no);
    }
    return ListReg::software(vintid, priority, group(vintid));
}

// Takes the pending state away from where it waited. The result goes to list().
ListReg VcpuIrqs::take_pending(VIntid vintid) {
    const Priority priority{priority_[vintid.value()]};
    owed_.remove(vintid);
    if (!has_source(vintid)) {
        latch_.remove(vintid);
        return describe(vintid, priority, 0);
    }
    u8& sources = sources_[vintid.value()];
    const u8 source = static_cast<u8>(__builtin_ctz(sources));
    sources = static_cast<u8>(sources & (sources - 1U));
    latch_.put(vintid, sources != 0);
    return describe(vintid, priority, source);
}

// If it has become pending again meanwhile, both go into the list register, for its deactivation
// will not exit. A GICv2 SGI's next sender waits; describe() asks for the exit.
ListReg VcpuIrqs::take_spilled(VIntid vintid) {
    spilled_.remove(vintid);
    const u8 source = has_source(vintid) ? spilled_source_[vintid.value()] : u8{0};
    const ListReg lr = describe(vintid, Priority{spilled_priority_[vintid.value()]}, source);
    if (has_source(vintid) || !latch_.has(vintid) || !is_eligible(vintid)) {
        return lr.in_state(LrState::active);
    }
    latch_.remove(vintid);
    return lr.in_state(LrState::pending_active);
}

void VcpuIrqs::list(u8 index, const ListReg& lr) {
    wanted_[index] = lr;
    listed_.add(lr.vintid());
    refresh(lr.vintid());
}

// Back from the list register to where it waits.
void VcpuIrqs::evict(u8 index) {
    const ListReg lr = wanted_[index];
    const VIntid vintid = lr.vintid();
    wanted_[index] = ListReg{};
    listed_.remove(vintid);
    if (lr.is_active()) {
        spilled_.add(vintid);
        spilled_priority_[vintid.value()] = lr.priority().value;
    }
    if (lr.is_active() && has_source(vintid)) {
        spilled_source_[vintid.value()] = lr.source();
    }
    if (lr.is_pending() && hardware_.has(vintid)) {
        owed_.add(vintid);
    } else if (lr.is_pending()) {
        latch_.add(vintid);
        if (has_source(vintid)) {
            u8& sources = sources_[vintid.value()];
            sources = static_cast<u8>(sources | 1U << lr.source());
        }
    }
    refresh(vintid);
}

// The most urgent; of equals the lowest INTID.
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

// The timer's home is list register 0, the SGIs' 1; others keep out of both while they can.
u8 VcpuIrqs::free_register(VIntid vintid) const {
    if (real_count() >= usable()) {
        return no_lr;
    }
    const u8 home = vintid == guest_vtimer ? 0 : vintid.is_sgi() ? 1 : no_lr;
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
    unsigned least = priority_[vintid.value()];
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
            evict(index);
        }
        list(index, take_pending(vintid));
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
// pending and active. For a GICv2 SGI the next sender waits, and the list register asks for an exit.
void VcpuIrqs::repend_listed() {
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const ListReg lr = wanted_[i];
        if (!is_real(i) || !latch_.has(lr.vintid())) {
            continue;
        }
        const VIntid vintid = lr.vintid();
        if (has_source(vintid)) {
            wanted_[i] =
                ListReg::sgi(vintid, lr.source(), lr.priority(), lr.group(), EoiNotify::yes)
                    .in_state(lr.state());
        } else if (lr.is_pending()) {
            latch_.remove(vintid);
        } else if (is_eligible(vintid)) {
            latch_.remove(vintid);
            wanted_[i] = lr.in_state(LrState::pending_active);
        }
    }
}

Entry VcpuIrqs::flush() {
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
        // An invalid one that asked for a maintenance interrupt goes on asking (EISR).
        const bool occupied = from.is_valid() || from.notify() == EoiNotify::yes;
        const bool other = from.is_valid() && to.is_valid() && from.vintid() != to.vintid();
        const bool clear = to.is_valid() ? other : occupied || stale;
        const bool write = to.is_valid() && (stale || to != from);
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
