// SPDX-License-Identifier: Apache-2.0
// Part of machine.hpp: the invariants, by their names in the oracle where they have one.
#pragma once

#include "tests/unit/vgic/machine.hpp"

namespace hyp::test {

// At every entry to the guest.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_entry() const {
    check_listed();
    check_control();
    check_leak();
    for (unsigned i = 0; i < L; ++i) {
        const model::LrFields lr = model::decode_lr(gic.options().generation, gic.lr(0, i));
        // As the older document has it, one that the guest has ended may still look active.
        const bool ended = setup.survives && lr.state == model::LrState::active;
        if (lr.hw && lr.state != model::LrState::invalid && !ended) {
            require(gic.active(0, lr.pintid), "H3: listed by hardware, physically not active");
        }
    }
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::check_listed() const {
    for (unsigned i = 0; i < L; ++i) {
        const model::LrFields lr = model::decode_lr(gic.options().generation, gic.lr(0, i));
        require(!(lr.hw && lr.state == model::LrState::pending_active),
                "H1: pending and active with HW");
        for (unsigned k = 0; k < i && lr.state != model::LrState::invalid; ++k) {
            const model::LrFields other = model::decode_lr(gic.options().generation, gic.lr(0, k));
            require(other.state == model::LrState::invalid || other.vintid != lr.vintid,
                    "H2: one vINTID in two list registers");
        }
    }
}

// The conditions of a maintenance interrupt, from the state of the interrupts alone.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_control() const {
    bool pending_outside = false;
    bool active_outside = false;
    const PhysWords unknown{};
    for (unsigned word = 0; word < 3; ++word) {
        const u32 active = irqs.active_word(word);
        const u32 pending = irqs.pending_word(word, unknown);
        for_each_intid(word, active | pending, [&](VIntid vintid) {
            if (irqs.is_listed(vintid)) {
                return;
            }
            const bool spilled = (active & IntidSet::bit(vintid)) != 0;
            active_outside = active_outside || spilled;
            pending_outside = pending_outside || (!spilled && irqs.is_eligible(vintid) &&
                                                  irqs.is_open(irqs.group(vintid)));
        });
    }
    const VirtControl control = irqs.control();
    require(control.enable, "H13: En");
    require(control.no_pending == pending_outside, "H13: NPIE");
    require(control.entry_not_present == active_outside, "H13: LRENPIE");
    if (!setup.workaround) {
        require(control.underflow == ((pending_outside || active_outside) && L > 1), "H13: UIE");
    }
    require(control.trap_deactivate == (active_outside && !is_v2), "H13: TDIR");
}

// How many places hold a forwarded interrupt: list registers, by INTID, and EL2's two.
template <GicGeneration G, unsigned L>
unsigned Machine<G, L>::places_of(VIntid vintid) const {
    unsigned places = (irqs.is_owed(vintid) ? 1U : 0U) + (irqs.is_spilled(vintid) ? 1U : 0U);
    for (unsigned i = 0; i < L; ++i) {
        const model::LrFields lr = model::decode_lr(gic.options().generation, gic.lr(0, i));
        const bool reports_end = lr.eoi && !lr.hw; // ended; EL2 is about to be told
        const bool holds = lr.state != model::LrState::invalid || reports_end;
        places += holds && lr.vintid == vintid.value() ? 1U : 0U;
    }
    return places;
}

// H4, at any moment, with what is under way taken as arrived.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_leak() const {
    ModelGic<L> settled = gic;
    settled.deliver_all();
    for (const u32 intid : {timer, disk}) {
        const unsigned places = places_of(VIntid{intid});
        if (settled.active(0, intid)) {
            require(places == 1, "H4: physically active, not in exactly one place");
        } else {
            require(!irqs.is_owed(VIntid{intid}), "H4: owed, physically not active");
        }
    }
    require(!settled.active(0, 30), "H4: an INTID of nobody is active");
}

// The guest's view after a sync is what the guest itself did.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_synced() const {
    if (setup.lawless) {
        return;
    }
    for (unsigned word = 0; word < 2; ++word) {
        require(irqs.active_word(word) == ghost.active_word(word), "ISACTIVER is not the truth");
    }
    const u32 sgi = irqs.pending_word(0, PhysWords{}) >> self_sgi & 1U;
    const u32 spi = irqs.pending_word(1, PhysWords{}) >> (soft_spi % 32) & 1U;
    require((sgi != 0) == (ghost.sgi_due[self_sgi] != 0), "ISPENDR of the SGI is not the truth");
    require((spi != 0) == ghost.spi_due, "ISPENDR of the SPI is not the truth");
}

// H5: what can be acknowledged is in no list register.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_acknowledged(u32 pintid) const {
    if (setup.survives || (pintid != timer && pintid != disk)) {
        return;
    }
    for (unsigned i = 0; i < L; ++i) {
        const model::LrFields lr = model::decode_lr(gic.options().generation, gic.lr(0, i));
        require(lr.state == model::LrState::invalid || lr.vintid != pintid,
                "H5: acknowledged while listed");
    }
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::check_drained() const {
    Machine copy = *this;
    const bool owed = copy.irqs.is_eligible(VIntid{timer}) && copy.line_wanted;
    bool seen = false;
    copy.set_pmr(0xf0);
    unsigned idle_exits = 0;
    for (unsigned step = 0; step < 200 && copy.failure == nullptr; ++step) {
        while (copy.gic.deliverable() != 0) {
            copy.deliver(0);
        }
        if (copy.pending_exit()) {
            copy.require(++idle_exits < 4, "storm: exits without a guest step between");
            copy.interrupt();
            continue;
        }
        idle_exits = 0;
        if (copy.guest_signalled()) {
            if ((copy.acknowledge() & 0x3ffU) == timer) {
                seen = true;
                copy.line(timer, false); // the handler masks the timer
            }
        } else if (copy.ghost.taken_count != 0) {
            copy.end(copy.ghost.taken_count - 1U);
        } else {
            break;
        }
    }
    const auto idle = [&](u32 intid) { return copy.irqs.is_eligible(VIntid{intid}); };
    copy.require(seen || !owed, "lost: the timer's line is high and no tick came");
    copy.require(copy.ghost.disk_due == 0 || !idle(disk), "lost: H7, an edge");
    copy.require(copy.ghost.sgi_due[self_sgi] == 0 || !idle(self_sgi), "lost: an SGI");
    copy.require(!copy.ghost.spi_due || !idle(soft_spi), "lost: an SPI");
    copy.require(copy.ghost.taken_count == 0, "stuck: an interrupt cannot be ended");
    const bool timer_kept = copy.gic.active(0, timer) && !copy.irqs.is_owed(VIntid{timer});
    const bool disk_kept = copy.gic.active(0, disk) && !copy.irqs.is_owed(VIntid{disk});
    copy.require(!timer_kept && !disk_kept, "stuck: physically active at rest");
    require(copy.failure == nullptr, copy.failure);
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::check_fast_equals_slow() const {
    if (plan.timer_lr == 0 || gic.highest_pending(0) != timer) {
        return;
    }
    Machine quick = *this;
    Machine slow = *this;
    slow.setup.fast = false;
    quick.interrupt();
    require(quick.fast_ticks == fast_ticks + 1, "fast: the armed plan was not used");
    // The slow path takes along what else is pending; after the fast one it exits again for it.
    for (unsigned n = 0; n < 4 && quick.pending_exit(); ++n) {
        quick.interrupt();
    }
    slow.interrupt();
    // As the older document has it, the slow path also clears list registers that look active.
    require(setup.survives || quick.gic == slow.gic, "fast: the GIC differs at the entry");
    quick.trap([](VcpuIrqs&) {});
    slow.trap([](VcpuIrqs&) {});
    require(quick.gic == slow.gic, "fast: the GIC differs after the next exit");
    require(quick.irqs == slow.irqs, "fast: the vCPU differs after the next exit");
    require(quick.vm == slow.vm, "fast: the VM differs after the next exit");
    require(quick.ghost == slow.ghost, "fast: the guest is owed something else");
    require(quick.failure == nullptr, quick.failure);
    require(slow.failure == nullptr, slow.failure);
}

} // namespace hyp::test
