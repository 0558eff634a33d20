// SPDX-License-Identifier: Apache-2.0
// Part of gic_model.hpp: construction, messages, and the physical CPU interface: which interrupt is
// signalled, IAR, EOIR, DIR (IHI 0048B GICC, IHI 0069 ICC).
#pragma once

#include "tests/model/gic_model.hpp"

namespace hyp::model {

HYP_GIC constexpr HYP_GIC_CLASS::Gic(const Options& options)
    : options_(options), distributor_(options) {
    for (unsigned pe = 0; pe < Pes; ++pe) {
        physical_[pe] = Interface{options.physical_priority_bits};
        virtual_[pe].interface = Interface{options.virtual_priority_bits};
    }
}

// --- messages

HYP_GIC void HYP_GIC_CLASS::set_line(unsigned pe, unsigned intid, bool level) {
    if (options_.timing == Timing::synchronous) {
        apply_line(pe, intid, level);
        return;
    }
    bool last = line(pe, intid); // as it will be when all messages have arrived
    Message message{
        .kind = MessageKind::line, .pe = static_cast<std::uint8_t>(pe), .target = intid};
    for (unsigned i = 0; i < queue_.size(); ++i) {
        last = queue_.at(i).same_source(message) ? queue_.at(i).value != 0 : last;
    }
    message.value = level ? 1 : 0;
    if (last != level) {
        enqueue(message);
    }
}

HYP_GIC void HYP_GIC_CLASS::enqueue(const Message& message) {
    if (queue_.full()) {
        apply(queue_.take(0));
    }
    queue_.push(message);
}

HYP_GIC void HYP_GIC_CLASS::apply(const Message& message) {
    switch (message.kind) {
    case MessageKind::none: return;
    case MessageKind::write:
        write_distributor(message.pe, message.frame, message.target, message.value, message.bytes);
        return;
    case MessageKind::deactivate: apply_deactivation(message.pe, message.target); return;
    case MessageKind::line: apply_line(message.pe, message.target, message.value != 0); return;
    }
}

HYP_GIC unsigned HYP_GIC_CLASS::deliverable() const {
    unsigned heads = 0;
    for (unsigned i = 0; i < queue_.size(); ++i) {
        heads += queue_.is_head(i) ? 1U : 0U;
    }
    return heads;
}

HYP_GIC void HYP_GIC_CLASS::deliver(unsigned index) {
    for (unsigned i = 0; i < queue_.size(); ++i) {
        if (queue_.is_head(i) && index-- == 0) {
            apply(queue_.take(i));
            return;
        }
    }
}

HYP_GIC void HYP_GIC_CLASS::deliver_all() {
    while (queue_.size() != 0) {
        apply(queue_.take(0));
    }
}

HYP_GIC void HYP_GIC_CLASS::synchronize(unsigned pe) {
    for (unsigned i = queue_.find(MessageKind::deactivate, pe); i != queue_.size();
         i = queue_.find(MessageKind::deactivate, pe)) {
        apply(queue_.take(i));
    }
}

HYP_GIC void HYP_GIC_CLASS::apply_line(unsigned pe, unsigned intid, bool level) {
    if (distributor_.exists(intid) && distributor_.set_line(options_, pe, intid, level)) {
        reevaluate();
    }
}

HYP_GIC void HYP_GIC_CLASS::apply_deactivation(unsigned pe, unsigned intid) {
    distributor_.deactivate(options_, pe, intid);
    if (quirk(Quirk::spi_active_per_pe) && distributor_.exists(intid) && active(pe, intid)) {
        witness(Quirk::spi_active_per_pe);
    }
}

// `by_guest`: through a list register, where one quirk forgets to look again.
HYP_GIC void HYP_GIC_CLASS::request_deactivation(unsigned pe, unsigned intid, bool by_guest) {
    if (options_.timing == Timing::asynchronous) { // without the staleness quirk
        enqueue({.kind = MessageKind::deactivate,
                 .pe = static_cast<std::uint8_t>(pe),
                 .target = intid});
        return;
    }
    apply_deactivation(pe, intid);
    if (!by_guest) {
        reevaluate();
    } else if (quirk(Quirk::stale_after_guest_deactivation) && compute_best(pe) != stale_[pe]) {
        witness(Quirk::stale_after_guest_deactivation);
    }
}

// --- what is signalled

HYP_GIC Candidate HYP_GIC_CLASS::compute_best(unsigned pe) const {
    const Candidate filtered = distributor_.best(options_, pe, distributor_.group_enable);
    if (!quirk(Quirk::best_ignores_group_enable)) {
        return filtered;
    }
    const Candidate any = distributor_.best(options_, pe, 3);
    if (any != filtered && distributor_.group_enable != 0) {
        witness(Quirk::best_ignores_group_enable);
    }
    return any;
}

HYP_GIC Candidate HYP_GIC_CLASS::best(unsigned pe) const {
    return quirk(Quirk::stale_after_guest_deactivation) ? stale_[pe] : compute_best(pe);
}

HYP_GIC void HYP_GIC_CLASS::reevaluate() {
    if (quirk(Quirk::spi_latch_per_pe) && Pes > 1 &&
        distributor_.spi_latch[0] != distributor_.spi_latch[Pes - 1]) {
        witness(Quirk::spi_latch_per_pe);
    }
    if (quirk(Quirk::stale_after_guest_deactivation)) {
        for (unsigned pe = 0; pe < Pes; ++pe) {
            stale_[pe] = compute_best(pe);
        }
    }
}

HYP_GIC bool HYP_GIC_CLASS::can_preempt(const Interface& interface, unsigned priority,
                                        unsigned group) const {
    const unsigned running = interface.running();
    const unsigned mask = interface.group_mask(group);
    if (!v2()) {
        return running == idle_priority || (priority & mask) < (running & mask);
    }
    const bool by_group = (priority & mask) < running;
    if (quirk(Quirk::preemption_by_full_priority) && by_group != (priority < running)) {
        witness(Quirk::preemption_by_full_priority);
        return priority < running;
    }
    return by_group;
}

// What GICC_HPPIR shows: 1023 none or masked, 1022 Group 1 without AckCtl, else the INTID.
HYP_GIC unsigned HYP_GIC_CLASS::visible_v2(unsigned pe) const {
    const Interface& interface = physical_[pe];
    const Candidate found = best(pe);
    if (distributor_.group_enable == 0 || interface.group_enable == 0 || found.intid == spurious ||
        found.priority >= interface.pmr) {
        return spurious;
    }
    return found.group == 1 && !interface.ack_ctl ? other_group : found.intid;
}

HYP_GIC bool HYP_GIC_CLASS::signals(unsigned pe, const Candidate& found) const {
    const Interface& interface = physical_[pe];
    return found.intid != spurious && found.priority < interface.pmr &&
           interface.enables(found.group) && (distributor_.group_enable >> found.group & 1) != 0 &&
           can_preempt(interface, found.priority, found.group);
}

HYP_GIC bool HYP_GIC_CLASS::fiq(unsigned pe) const {
    const Candidate found = best(pe);
    return found.group == 0 && (!v2() || physical_[pe].fiq_en) && signals(pe, found);
}

HYP_GIC bool HYP_GIC_CLASS::irq(unsigned pe) const {
    const Candidate found = best(pe);
    return (found.group == 1 || (v2() && !physical_[pe].fiq_en)) && signals(pe, found);
}

HYP_GIC unsigned HYP_GIC_CLASS::running_priority(unsigned pe) const {
    return physical_[pe].running();
}

HYP_GIC unsigned HYP_GIC_CLASS::highest_pending(unsigned pe, unsigned group) const {
    const Candidate found = best(pe);
    if (!v2()) {
        const bool shown =
            found.intid != spurious && found.group == group && physical_[pe].enables(group);
        return shown ? found.intid : spurious;
    }
    const unsigned intid = visible_v2(pe);
    if (intid >= sgi_count || found.source == 0) {
        return intid;
    }
    if (quirk(Quirk::hppir_without_source)) {
        witness(Quirk::hppir_without_source);
        return intid;
    }
    return intid | static_cast<unsigned>(found.source) << 10;
}

// --- IAR, EOIR, DIR

HYP_GIC unsigned HYP_GIC_CLASS::acknowledge_v2(unsigned pe) {
    const unsigned intid = visible_v2(pe);
    if (intid >= first_special) {
        return intid;
    }
    Interface& interface = physical_[pe];
    const Candidate found = best(pe);
    if (!can_preempt(interface, found.priority, found.group)) {
        return spurious;
    }
    if (!signals(pe, found)) { // its group is disabled
        if (!quirk(Quirk::ack_ignores_group_enable)) {
            return spurious;
        }
        witness(Quirk::ack_ignores_group_enable);
    }
    interface.raise(found.group, found.priority & interface.group_mask(found.group));
    const unsigned iar = distributor_.acknowledge(options_, pe, found);
    reevaluate();
    return iar;
}

HYP_GIC unsigned HYP_GIC_CLASS::acknowledge(unsigned pe, unsigned group) {
    if (v2()) {
        return acknowledge_v2(pe);
    }
    const Candidate found = best(pe);
    if (found.group != group || !signals(pe, found)) {
        return spurious;
    }
    physical_[pe].raise(group, found.priority & physical_[pe].group_mask(group));
    return distributor_.acknowledge(options_, pe, found);
}

HYP_GIC void HYP_GIC_CLASS::end_of_interrupt(unsigned pe, unsigned iar, unsigned group) {
    const unsigned intid = v2() ? iar & 0x3ff : iar & 0xffffff;
    Interface& interface = physical_[pe];
    const unsigned active_group = interface.highest_active_group();
    if (!distributor_.exists(intid) || active_group == 2) {
        return;
    }
    if (!v2() && active_group != group) {
        return; // CONSTRAINED UNPREDICTABLE: ignored
    }
    const unsigned own = distributor_.bank(pe, intid / 32).group >> (intid % 32) & 1;
    interface.drop(v2() ? own : group);
    if (!interface.eoi_mode) {
        request_deactivation(pe, intid, false);
    }
    reevaluate();
}

HYP_GIC void HYP_GIC_CLASS::deactivate(unsigned pe, unsigned iar) {
    const unsigned intid = v2() ? iar & 0x3ff : iar & 0xffffff;
    if (distributor_.exists(intid) && physical_[pe].eoi_mode) {
        request_deactivation(pe, intid, false);
    }
    reevaluate(); // the write itself makes a v2 distributor look
}

} // namespace hyp::model
