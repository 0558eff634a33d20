// SPDX-License-Identifier: Apache-2.0
// Part of pair.hpp: what each step does, and the invariants.
#pragma once

#include "tests/unit/vgic/pair.hpp"

namespace hyp::test {

template <GicGeneration G>
Pair<G>::Pair(bool split_eoi) : split_{split_eoi} {
    VgicCaps caps;
    caps.generation = G;
    caps.list_registers = list_registers;
    caps.guest_group = is_v2 ? Group::group0 : Group::group1;
    require(driver(0).init_distributor().ok(), "boot");
    vm_ = VmIrqs{2, caps.guest_group};
    vm_.map_hardware(VIntid{disk}, PIntid{disk}, Trigger::edge);
    driver(0).set_trigger(PIntid{disk}, Trigger::edge);
    vm_.step(VIntid{soft_spi}, Event::to_edge);
    for (u8 who = 0; who < 2; ++who) {
        auto gic = driver(who);
        require(gic.init_cpu().ok(), "boot");
        gic.set_enable(PIntid{model::maintenance_intid}, Enable::on);
        irqs_[who] = VcpuIrqs{vm_, VcpuIndex{who}, caps};
        irqs_[who].map_hardware(VIntid{timer}, PIntid{timer}, Trigger::level);
    }
    for (u8 who = 0; who < 2; ++who) {
        VcpuIrqs& irqs = irqs_[who];
        for (const u32 intid : {timer, disk, self_sgi, soft_spi}) {
            irqs.guest_set_priority(VIntid{intid}, 0xa0);
            irqs.guest_enable(intid / 32, 1U << (intid % 32));
        }
        irqs.set_group_enables(3);
        if constexpr (is_v2) {
            gic_.write(who, model::Frame::gicv, model::gicc::ctlr, split_ ? 0x201 : 1);
            gic_.write(who, model::Frame::gicv, model::gicc::pmr, 0xf0);
        } else {
            gic_.guest_write(who, model::Sysreg::icc_igrpen1, 1);
            gic_.guest_write(who, model::Sysreg::icc_ctlr, split_ ? 2 : 0);
            gic_.guest_write(who, model::Sysreg::icc_pmr, 0xf0);
        }
        enter(who);
    }
    for (u8 who = 0; who < 2; ++who) {
        trap(who, [](VcpuIrqs&) {});
        one_[who].kicked = false;
    }
}

template <GicGeneration G>
Pair<G>& Pair<G>::operator=(const Pair& other) {
    gic_ = other.gic_;
    vm_ = other.vm_;
    irqs_ = other.irqs_;
    irqs_[0].rebind(vm_);
    irqs_[1].rebind(vm_);
    one_ = other.one_;
    edges_due_ = other.edges_due_;
    raises_ = other.raises_;
    raised_ = other.raised_;
    edges_must_ = other.edges_must_;
    split_ = other.split_;
    swapped_ = other.swapped_;
    held_ = other.held_;
    failure = other.failure;
    return *this;
}

template <GicGeneration G>
template <class Change>
void Pair<G>::observed(Change change) {
    const Model before = gic_;
    change();
    for (u8 who = 0; who < 2; ++who) {
        const u8 at = pe(who);
        const bool rose = gic_.line(at, timer) && !before.line(at, timer);
        const bool ended = before.active(at, timer) && !gic_.active(at, timer);
        one_[who].timer_due = one_[who].timer_due || rose || (ended && gic_.line(at, timer));
    }
    if (gic_.pending(0, disk) && !before.pending(0, disk)) {
        ++edges_due_;
        ++edges_must_;
    }
}

template <GicGeneration G>
void Pair<G>::enter(u8 who) {
    auto gic = driver(who);
    apply(gic, irqs_[who], irqs_[who].flush());
    take_kicks(who);
}

template <GicGeneration G>
void Pair<G>::take_kicks(u8 who) {
    const u32 kicks = irqs_[who].take_kicks();
    require((kicks & ~3U) == 0, "a kick of nobody");
    one_[1 - who].kicked = one_[1 - who].kicked || (kicks >> (1 - who) & 1U) != 0;
}

template <GicGeneration G>
template <class Operation>
void Pair<G>::trap(u8 who, Operation operation) {
    observed([&] {
        auto gic = driver(who);
        sync_from(gic, irqs_[who]);
        operation(irqs_[who]);
        enter(who);
    });
    check();
}

template <GicGeneration G>
void Pair<G>::interrupt(u8 who) {
    observed([&] {
        auto gic = driver(who);
        sync_from(gic, irqs_[who]);
        for (Ack ack = gic.acknowledge(); !ack.is_spurious(); ack = gic.acknowledge()) {
            const u32 pintid = ack.intid().value();
            // H5: the other's list registers, too, for an SPI has one physical active bit.
            const bool here = listed(VIntid{pintid}, who) != 0;
            const bool there = pintid == disk && listed(VIntid{disk}, 1 - who) != 0;
            require(!here && !there, "H5: acknowledged while listed");
            gic.drop_priority(ack);
            if (pintid == model::maintenance_intid) {
                gic.write_control(irqs_[who].on_maintenance());
                gic.deactivate(ack);
            } else if (!irqs_[who].on_physical(ack.intid())) {
                gic.deactivate(ack);
            }
        }
        enter(who);
    });
    check();
}

template <GicGeneration G>
void Pair<G>::acknowledge(u8 who) {
    const u32 iar = gic_.guest_acknowledge(pe(who));
    const u32 intid = iar & 0x3ffU;
    if (intid >= model::first_special) {
        return;
    }
    One& one = one_[who];
    require(!is_taken(who, intid), "an active interrupt was delivered again");
    if (intid == timer) {
        require(one.timer_due, "H6: level interrupt delivered once too often");
        one.timer_due = false;
    } else if (intid == disk) {
        require(!is_taken(1 - who, disk), "an SPI is active on two vCPUs");
        require(edges_due_ != 0, "H7: edge delivered once too often");
        edges_due_ = static_cast<u8>(edges_due_ - (edges_due_ != 0 ? 1 : 0));
        edges_must_ = static_cast<u8>(edges_must_ - (edges_must_ != 0 ? 1 : 0));
    } else if (intid == soft_spi) {
        require(!is_taken(1 - who, soft_spi), "an SPI is active on two vCPUs");
        require(raises_ != 0, "SPI delivered that nobody raised");
        raises_ = static_cast<u8>(raises_ - (raises_ != 0 ? 1 : 0));
        raised_ = false;
    } else {
        require(intid == self_sgi && one.sgis != 0, "SGI delivered that nobody sent");
        one.sgis = static_cast<u8>(one.sgis - (one.sgis != 0 ? 1 : 0));
        require(!is_v2 || (iar >> 10U & 7U) == 1U - who, "SGI of another sender");
        one.sgi_due = false;
    }
    require(one.taken_count < one.taken.size(), "more nesting than the test has room for");
    one.taken[one.taken_count++] = static_cast<u16>(iar);
}

template <GicGeneration G>
void Pair<G>::end(u8 who) {
    One& one = one_[who];
    const u16 iar = one.taken[--one.taken_count];
    one.taken[one.taken_count] = 0;
    observed([&] { gic_.guest_end_of_interrupt(pe(who), iar); });
    if (split_ &&
        (is_v2 || irqs_[who].control().trap_deactivate || irqs_[who].control().watch_deactivate)) {
        trap(who, [&](VcpuIrqs& v) { v.on_deactivate(VIntid{iar & 0x3ffU}); });
    } else if (split_) {
        observed([&] { gic_.guest_deactivate(pe(who), iar); });
    }
    check();
}

template <GicGeneration G>
bool Pair<G>::can(PairStep step) const {
    const One& one = one_[step.who];
    switch (step.event) {
    case PairEvent::interrupt: return wants(step.who);
    case PairEvent::kick: return one.kicked;
    case PairEvent::acknowledge: return signalled(step.who);
    case PairEvent::end: return one.taken_count != 0;
    case PairEvent::line_up: return !one.line;
    case PairEvent::line_down: return one.line;
    case PairEvent::edge: return step.who == 0 && edges_due_ < 2;
    case PairEvent::swap: return step.who == 0;
    case PairEvent::look: return !irqs_[step.who].is_asking();
    case PairEvent::end_theirs: {
        const One& other = one_[1 - step.who];
        const bool any = split_ && other.taken_count != 0;
        return any && (other.taken[other.taken_count - 1U] & 0x3ffU) >= 32;
    }
    case PairEvent::unpend:
    case PairEvent::sgi:
    case PairEvent::raise:
    case PairEvent::route:
    case PairEvent::toggle: return true;
    case PairEvent::count: break;
    }
    return false;
}

// Whoever does it, both SPIs are sent to the other than before, or the disk's enable is turned.
template <GicGeneration G>
void Pair<G>::configure(u8 who, PairEvent event) {
    trap(who, [&](VcpuIrqs& v) {
        const Delivery word = vm_.word(VIntid{disk});
        constexpr u32 bit = 1U << (disk % 32);
        if (event == PairEvent::route) {
            const u8 to = word.template get<Delivery::Target>() == 0 ? 1 : 0;
            v.set_route(VIntid{disk}, VcpuIndex{to});
            v.set_route(VIntid{soft_spi}, VcpuIndex{to});
        } else if (word.template get<Delivery::Enabled>()) {
            v.guest_disable(1, bit);
        } else {
            v.guest_enable(1, bit);
        }
    });
}

template <GicGeneration G>
void Pair<G>::perform(PairStep step) {
    One& one = one_[step.who];
    const u8 other = static_cast<u8>(1 - step.who);
    switch (step.event) {
    case PairEvent::interrupt: interrupt(step.who); break;
    case PairEvent::kick:
        one.kicked = false;
        trap(step.who, [](VcpuIrqs&) {});
        break;
    case PairEvent::acknowledge: acknowledge(step.who); break;
    case PairEvent::end: end(step.who); break;
    case PairEvent::line_up:
    case PairEvent::line_down:
        one.line = step.event == PairEvent::line_up;
        observed([&] { gic_.set_line(pe(step.who), timer, one.line); });
        break;
    case PairEvent::edge:
        observed([&] {
            gic_.set_line(0, disk, true);
            gic_.set_line(0, disk, false);
        });
        break;
    case PairEvent::sgi:
        one_[other].sgi_due = true;
        one_[other].sgis = static_cast<u8>(one_[other].sgis < 2 ? one_[other].sgis + 1 : 2);
        trap(step.who, [&](VcpuIrqs& v) {
            v.post_sgi(VcpuIndex{other}, VIntid{self_sgi},
                       is_v2 ? static_cast<u8>(1U << step.who) : u8{2});
        });
        break;
    case PairEvent::raise:
        raised_ = true;
        raises_ = static_cast<u8>(raises_ < 2 ? raises_ + 1 : 2);
        trap(step.who, [](VcpuIrqs& v) { v.raise(VIntid{soft_spi}); });
        break;
    case PairEvent::route:
    case PairEvent::toggle: configure(step.who, step.event); break;
    case PairEvent::unpend: unpend(step.who); break;
    case PairEvent::end_theirs: end_theirs(step.who); break;
    case PairEvent::look: look(step.who); break;
    case PairEvent::swap: swap(); break;
    case PairEvent::count: break;
    }
    for (One& each : one_) {
        note_truth(each);
    }
}

} // namespace hyp::test
