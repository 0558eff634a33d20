// SPDX-License-Identifier: Apache-2.0
// Part of pair.hpp: what one vCPU does about what the other has, and both change their PEs.
#pragma once

#include "tests/unit/vgic/pair.hpp"

namespace hyp::test {

// What is under way to the guest may still be taken.
template <GicGeneration G>
void Pair<G>::unpend(u8 who) {
    raised_ = false;
    edges_must_ = 0;
    trap(who,
         [](VcpuIrqs& v) { v.guest_clear_pending(1, 1U << (disk % 32) | 1U << (soft_spi % 32)); });
}

// The one that took it writes EOIR, this one DIR: on GICv3 without a trap nobody else could.
template <GicGeneration G>
void Pair<G>::end_theirs(u8 who) {
    One& other = one_[1 - who];
    const u16 iar = other.taken[--other.taken_count];
    other.taken[other.taken_count] = 0;
    observed([&] { gic_.guest_end_of_interrupt(pe(1 - who), iar); });
    trap(who, [&](VcpuIrqs& v) { v.on_deactivate(VIntid{iar & 0x3ffU}); });
}

// By the list registers as they are, by what is spilled, by word and distributor.
template <GicGeneration G>
void Pair<G>::note_truth(One& one) const {
    if (!one.looks) {
        return;
    }
    for (const u32 intid : {disk, soft_spi}) {
        bool active = false;
        bool pending = vm_.word(VIntid{intid}).is_pending() || gic_.pending(0, intid);
        for (unsigned who = 0; who < 2; ++who) {
            active = active || irqs_[who].is_spilled(VIntid{intid});
            for (unsigned i = 0; i < list_registers; ++i) {
                const model::LrFields lr =
                    model::decode_lr(gic_.options().generation, gic_.lr(pe(who), i));
                const u32 state = lr.vintid == intid ? static_cast<u32>(lr.state) : 0;
                active = active || (state & 2U) != 0;
                pending = pending || (state & 1U) != 0;
            }
        }
        one.active_seen[active ? 1 : 0] |= 1U << (intid % 32);
        one.pending_seen[pending ? 1 : 0] |= 1U << (intid % 32);
    }
}

// The first access asks, or finds that there is nothing to ask; the repeated one, which may not have
// to wait once more, reads what was true at some moment since.
template <GicGeneration G>
void Pair<G>::look(u8 who) {
    One& one = one_[who];
    const bool repeats = one.looks;
    constexpr u32 bits = 1U << (disk % 32) | 1U << (soft_spi % 32);
    bool waits = false;
    u32 active = 0;
    u32 pending = 0;
    one.looks = true;
    note_truth(one);
    trap(who, [&](VcpuIrqs& v) {
        waits = v.ask(1, ~0U);
        auto gic = driver(who);
        active = v.active_word(1) & bits;
        pending = v.pending_word(1, read_physical(gic, v.hardware_words(1))) & bits;
    });
    note_truth(one); // what the exit itself has learnt
    require(!waits || !repeats, "an access waits for ever");
    if (waits) {
        return;
    }
    const auto true_once = [&](u32 is, const std::array<u32, 2>& seen) {
        return (is & ~seen[1]) == 0 && (bits & ~is & ~seen[0]) == 0;
    };
    require(true_once(active, one.active_seen), "ISACTIVER: what it says was never true");
    require(true_once(pending, one.pending_seen), "ISPENDR: what it says was never true");
    one.looks = false;
    one.active_seen = one.pending_seen = {};
}

// H17: both leave, both come back, each on the other's PE.
template <GicGeneration G>
void Pair<G>::swap() {
    std::array<VirtInterface, 2> interface {};
    for (u8 who = 0; who < 2; ++who) {
        auto gic = driver(who);
        One& one = one_[who];
        const bool was_active = gic_.active(pe(who), timer);
        sync_from(gic, irqs_[who]);
        gic_.set_line(pe(who), timer, false);
        put_interrupts(gic, irqs_[who], interface[who], held_[pe(who)]);
        // Ended by EL2: the line would have outlasted it.
        one.timer_due = one.timer_due || (was_active && !gic_.active(pe(who), timer) && one.line);
    }
    swapped_ = !swapped_;
    for (u8 who = 0; who < 2; ++who) {
        auto gic = driver(who);
        load_interrupts(gic, irqs_[who], one_[who].line ? 1U << timer : 0, interface[who],
                        held_[pe(who)]);
        gic_.set_line(pe(who), timer, one_[who].line);
        take_kicks(who);
    }
    check();
}

} // namespace hyp::test
