// SPDX-License-Identifier: Apache-2.0
// A GIC driver that tells the trace what it is asked to do: every list register as it is written and
// as it is found, every acknowledge, priority drop and deactivation, every change of the physical
// distributor. All slow paths of a running guest use it; vectors, boot and self-tests the plain one.
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/core/trace/event.hpp"

namespace hyp {

// Sink::event(Event) records, or decides not to: one test where tracing is off.
template <class G, class Sink>
class TracedGic : public G {
public:
    using G::G;
    explicit constexpr TracedGic(const G& gic) : G{gic} {}

    [[nodiscard, gnu::always_inline]] Ack acknowledge() {
        const Ack ack = G::acknowledge();
        Sink::event(Event::acknowledge(ack.raw()));
        return ack;
    }
    [[gnu::always_inline]] void drop_priority(Ack ack) {
        Sink::event(Event::drop(ack.raw()));
        G::drop_priority(ack);
    }
    [[gnu::always_inline]] void deactivate(Ack ack) {
        Sink::event(Event::deactivate(ack.raw()));
        G::deactivate(ack);
    }

    void set_enable(PIntid pintid, Enable enable) {
        changed(enable == Enable::on ? PhysChange::enable : PhysChange::disable, pintid);
        G::set_enable(pintid, enable);
    }
    void set_trigger(PIntid pintid, Trigger trigger) {
        changed(trigger == Trigger::edge ? PhysChange::edge : PhysChange::level, pintid);
        G::set_trigger(pintid, trigger);
    }
    void set_active(PIntid pintid) {
        changed(PhysChange::set_active, pintid);
        G::set_active(pintid);
    }
    void clear_active(PIntid pintid) {
        changed(PhysChange::clear_active, pintid);
        G::clear_active(pintid);
    }
    void set_pending(PIntid pintid) {
        changed(PhysChange::set_pending, pintid);
        G::set_pending(pintid);
    }
    void clear_pending(PIntid pintid) {
        changed(PhysChange::clear_pending, pintid);
        G::clear_pending(pintid);
    }

    [[gnu::always_inline]] void write_lr(LrIndex n, const ListReg& lr) {
        const u64 word = G::lr_word(lr);
        Sink::event(Event::lr_write(G::generation, n, word));
        G::write_lr_word(n, word);
    }
    [[nodiscard, gnu::always_inline]] ListReg read_lr(LrIndex n) {
        const u64 word = G::read_lr_word(n);
        Sink::event(Event::lr_found(G::generation, n, word));
        return G::lr_of(word);
    }
    [[gnu::always_inline]] void write_control(VirtControl control) {
        Sink::event(Event::control(control));
        G::write_control(control);
    }

private:
    static void changed(PhysChange change, PIntid pintid) {
        Sink::event(Event::physical(change, pintid));
    }
};

} // namespace hyp
