// SPDX-License-Identifier: Apache-2.0
// Part of pair.hpp: the invariants H1 to H5 over both PEs, and nothing lost.
#pragma once

#include "tests/unit/vgic/hash.hpp"
#include "tests/unit/vgic/pair.hpp"

namespace hyp::test {

template <GicGeneration G>
bool Pair<G>::is_taken(unsigned who, u32 intid) const {
    for (unsigned i = 0; i < one_[who].taken_count; ++i) {
        if ((one_[who].taken[i] & 0x3ffU) == intid) {
            return true;
        }
    }
    return false;
}

// How many list registers of a PE hold it.
template <GicGeneration G>
unsigned Pair<G>::listed(VIntid vintid, unsigned who) const {
    unsigned count = 0;
    for (unsigned i = 0; i < list_registers; ++i) {
        const model::LrFields lr = model::decode_lr(gic_.options().generation, gic_.lr(pe(who), i));
        count += lr.state != model::LrState::invalid && lr.vintid == vintid.value() ? 1U : 0U;
    }
    return count;
}

template <GicGeneration G>
unsigned Pair<G>::places_of(VIntid vintid, unsigned who) const {
    return listed(vintid, who) + (irqs_[who].is_spilled(vintid) ? 1U : 0U);
}

template <GicGeneration G>
void Pair<G>::check() const {
    for (unsigned who = 0; who < 2; ++who) {
        for (unsigned i = 0; i < list_registers; ++i) {
            const model::LrFields lr =
                model::decode_lr(gic_.options().generation, gic_.lr(pe(who), i));
            if (lr.state == model::LrState::invalid) {
                continue;
            }
            require(!(lr.hw && lr.state == model::LrState::pending_active),
                    "H1: pending and active with HW");
            require(listed(VIntid{lr.vintid}, who) == 1, "H2: one vINTID in two list registers");
            require(!lr.hw || gic_.active(pe(who), lr.pintid),
                    "H3: listed by hardware, physically not active");
        }
        const Delivery word = irqs_[who].at(VIntid{timer});
        const unsigned places =
            places_of(VIntid{timer}, who) + (word.template get<Delivery::Owed>() ? 1U : 0U);
        require(!gic_.active(pe(who), timer) || places == 1,
                "H4, H17: physically active, not in exactly one place");
    }
    const bool owed = vm_.word(VIntid{disk}).template get<Delivery::Owed>();
    const unsigned places =
        places_of(VIntid{disk}, 0) + places_of(VIntid{disk}, 1) + (owed ? 1U : 0U);
    require(!gic_.active(0, disk) || places == 1, "H4: an SPI, not in exactly one place");
    require(!owed || gic_.active(0, disk), "H4: owed, physically not active");
    const unsigned soft = places_of(VIntid{soft_spi}, 0) + places_of(VIntid{soft_spi}, 1);
    require(soft <= 1, "H2: an SPI in list registers of two vCPUs");
}

template <GicGeneration G>
void Pair<G>::check_drained() const {
    Pair copy = *this;
    std::array<bool, 2> ticked{};
    bool busy = true;
    for (unsigned round = 0; busy && round < 100 && copy.failure == nullptr; ++round) {
        busy = false;
        for (u8 who = 0; who < 2; ++who) {
            One& one = copy.one_[who];
            if (copy.wants(who)) {
                copy.interrupt(who);
            } else if (one.kicked) {
                copy.perform({PairEvent::kick, who});
            } else if (copy.signalled(who)) {
                copy.acknowledge(who);
                const bool tick =
                    one.taken_count != 0 && (one.taken[one.taken_count - 1U] & 0x3ffU) == timer;
                if (tick) {
                    ticked[who] = true;
                    copy.perform({PairEvent::line_down, who});
                }
            } else if (one.taken_count != 0) {
                copy.end(who);
            } else {
                continue;
            }
            busy = true;
        }
    }
    copy.require(!busy, "storm: it does not come to rest");
    const bool disk_on = vm_.word(VIntid{disk}).template get<Delivery::Enabled>();
    copy.require(copy.edges_must_ == 0 || !disk_on, "lost: H7, an edge");
    copy.require(!copy.raised_, "lost: an SPI");
    for (u8 who = 0; who < 2; ++who) {
        copy.require(!copy.one_[who].sgi_due, "lost: an SGI");
        copy.require(ticked[who] || !one_[who].line,
                     "lost: the timer's line is high and no tick came");
        copy.require(!copy.gic_.active(copy.pe(who), timer), "stuck: physically active at rest");
    }
    const bool owed = copy.vm_.word(VIntid{disk}).template get<Delivery::Owed>();
    copy.require(!copy.gic_.active(0, disk) || owed, "stuck: physically active at rest");
    require(copy.failure == nullptr, copy.failure);
}

template <GicGeneration G>
u64 Pair<G>::hash() const {
    Hash hash{gic_.hash()};
    const auto mix = [&hash](u64 word) { hash.mix(word); };
    const auto mix_bytes = [&hash](const void* bytes, usize size) { hash.mix_bytes(bytes, size); };
    irqs_[0].visit_bytes(mix_bytes);
    irqs_[1].visit_bytes(mix_bytes);
    mix_bytes(&vm_, sizeof(vm_));
    for (const One& one : one_) {
        mix((one.line ? 1U : 0U) | (one.timer_due ? 2U : 0U) | (one.sgi_due ? 4U : 0U) |
            (one.kicked ? 8U : 0U) | (one.looks ? 16U : 0U) | u64{one.taken_count} << 8U |
            u64{one.sgis} << 16U);
        mix(one.active_seen[0] | u64{one.active_seen[1]} << 32U);
        mix(one.pending_seen[0] | u64{one.pending_seen[1]} << 32U);
        for (const u16 iar : one.taken) {
            mix(iar);
        }
    }
    mix(edges_due_ | (raised_ ? 0x100U : 0U) | u64{raises_} << 16U | u64{edges_must_} << 24U |
        u64{swapped_} << 32U);
    for (const PrivateState& held : held_) {
        mix(held.active | u64{held.enabled} << 32U);
    }
    return hash.value();
}

} // namespace hyp::test
