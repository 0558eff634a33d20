// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, as the guest's registers read: every answer is what is true now.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

// Bit n: the word of INTID 32 * word + n has one of `bits`.
u32 VcpuIrqs::gather(unsigned word, u32 bits) const {
    u32 members = 0;
    for (u32 n = 0; n < 32; ++n) {
        members |= (at(VIntid{word * 32 + n}).raw() & bits) != 0 ? 1U << n : 0;
    }
    return members;
}

u32 VcpuIrqs::enabled_word(unsigned word) const {
    return gather(word, static_cast<u32>(Delivery::Enabled::mask));
}

u32 VcpuIrqs::group_word(unsigned word) const {
    return gather(word, static_cast<u32>(Delivery::Grp::mask));
}

u32 VcpuIrqs::edge_word(unsigned word) const {
    return gather(word, static_cast<u32>(Delivery::Trig::mask));
}

// Of its own list registers: those that are pending, or active, or both.
u32 VcpuIrqs::listed_as(LrState part, unsigned word) const {
    u32 found = 0;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const ListReg& lr = wanted_[i];
        const bool here = is_real(i) && lr.vintid().value() / 32 == word;
        const bool is = (static_cast<u32>(lr.state()) & static_cast<u32>(part)) != 0;
        found |= here && is ? IntidSet::bit(lr.vintid()) : 0;
    }
    return found;
}

u32 VcpuIrqs::own_active(unsigned word) const {
    return spilled_.word(word) | listed_as(LrState::active, word);
}

u32 VcpuIrqs::active_word(unsigned word) const {
    return own_active(word) | shown_by_siblings(word).active;
}

u32 VcpuIrqs::pending_word(unsigned word, const PhysWords& phys) const {
    u32 pending = 0;
    for (u32 n = 0; n < 32; ++n) {
        const VIntid vintid{word * 32 + n};
        const bool physical = is_hardware(vintid) && phys.knows(pintid_of(vintid)) &&
                              phys.is_pending(pintid_of(vintid));
        pending |= physical || at(vintid).is_pending() ? IntidSet::bit(vintid) : 0;
    }
    return pending | listed_as(LrState::pending, word) | shown_by_siblings(word).pending;
}

u32 VcpuIrqs::hardware_words(unsigned word) const {
    u32 words = 0;
    for_each_intid(word, gather(word, static_cast<u32>(Delivery::Hardware::mask)),
                   [&](VIntid vintid) { words |= 1U << (pintid_of(vintid).value() / 32); });
    return words;
}

Priority VcpuIrqs::best_pending() const {
    u8 best = 0xff;
    VIntid waiting{0};
    if (best_deliverable(waiting)) {
        best = priority(waiting);
    }
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        const bool candidate = is_real(i) && wanted_[i].state() == LrState::pending;
        if (candidate && wanted_[i].priority().value < best) {
            best = wanted_[i].priority().value;
        }
    }
    return Priority{best};
}

bool VcpuIrqs::nothing_waits() const {
    if (waiting_words_ != 0) {
        return false;
    }
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        if (is_real(i) && at(wanted_[i].vintid()).is_pending()) {
            return false;
        }
    }
    return true;
}

} // namespace hyp
