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

template <GicGeneration G, unsigned L>
LrState Machine<G, L>::listed_state(u32 intid) const {
    for (unsigned i = 0; i < L; ++i) {
        const model::LrFields lr = model::decode_lr(gic.options().generation, gic.lr(0, i));
        if (lr.state != model::LrState::invalid && lr.vintid == intid) {
            return static_cast<LrState>(lr.state);
        }
    }
    return LrState::invalid;
}

// How many places hold a forwarded interrupt: list registers, by INTID, and EL2's two.
template <GicGeneration G, unsigned L>
unsigned Machine<G, L>::places_of(VIntid vintid) const {
    // Owed even while it is routed to nobody.
    const bool owed = irqs.at(vintid).template get<Delivery::Owed>();
    unsigned places = (owed ? 1U : 0U) + (irqs.is_spilled(vintid) ? 1U : 0U);
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
    if (gic.deliverable() == 0) {
        check_leak_in(gic);
        return;
    }
    ModelGic<L> settled = gic;
    settled.deliver_all();
    check_leak_in(settled);
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::check_leak_in(const ModelGic<L>& settled) const {
    for (const u32 intid : {timer, disk, uart}) {
        const unsigned places = places_of(VIntid{intid});
        if (settled.active(0, intid)) {
            require(places == 1, "H4: physically active, not in exactly one place");
        } else {
            require(!irqs.at(VIntid{intid}).template get<Delivery::Owed>(),
                    "H4: owed, physically not active");
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
    const auto pending = [this](u32 intid) {
        return (irqs.pending_word(intid / 32, PhysWords{}) >> (intid % 32) & 1U) != 0;
    };
    for (const u32 sgi : {self_sgi, other_sgi}) {
        require(pending(sgi) == (ghost.sgi_due[sgi] != 0), "ISPENDR of the SGI is not the truth");
    }
    require(pending(soft_spi) == ghost.spi_due, "ISPENDR of the SPI is not the truth");
    require(pending(soft_level) == (ghost.soft.wanted || ghost.soft.forced),
            "ISPENDR of the software line is not the truth");
}

// H5: what can be acknowledged is in no list register.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_acknowledged(u32 pintid) const {
    if (setup.survives || (pintid != timer && pintid != disk && pintid != uart)) {
        return;
    }
    for (unsigned i = 0; i < L; ++i) {
        const model::LrFields lr = model::decode_lr(gic.options().generation, gic.lr(0, i));
        require(lr.state == model::LrState::invalid || lr.vintid != pintid,
                "H5: acknowledged while listed");
    }
}

} // namespace hyp::test
