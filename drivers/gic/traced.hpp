// SPDX-License-Identifier: Apache-2.0
// A GIC driver that tells the trace what it is asked to do: every list register as it is written
// and as it is found, every acknowledge and deactivation, every change of the physical distributor.
// All slow paths of a running guest use it; vectors, boot and self-tests the plain one.
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/core/trace/event.hpp"
#include "hyp/core/vgic/apply.hpp"

namespace hyp {

// Sink::event(TraceEvent) records, or decides not to: one test where tracing is off.
template <class G, class Sink>
class TracedGic : public G {
public:
    using G::G;
    explicit constexpr TracedGic(const G& gic) : G{gic} {}
    [[nodiscard]] G plain() const { return *this; }

    // With the acknowledge, which the vector did for the first one of an exit.
    [[gnu::always_inline]] void drop_priority(Ack ack) {
        Sink::event(TraceEvent::acknowledge(ack.raw()));
        G::drop_priority(ack);
    }
    [[gnu::always_inline]] void deactivate(Ack ack) {
        Sink::event(TraceEvent::deactivate(ack.raw()));
        G::deactivate(ack);
    }

    // One copy of each in the image: some way from an interrupt's shortest path, and long.
    [[gnu::noinline]] void write_lr(LrIndex n, const ListReg& lr) {
        const u64 word = G::lr_word(lr);
        Sink::event(TraceEvent::lr_write(G::generation, n, word));
        G::write_lr_word(n, word);
    }
    [[nodiscard, gnu::noinline]] ListReg read_lr(LrIndex n) {
        const u64 word = G::read_lr_word(n);
        Sink::event(TraceEvent::lr_found(G::generation, n, word));
        return G::lr_of(word);
    }
};

// The changes of the physical distributor, at the one place where they are made.
template <class G, class Sink>
void apply_change(TracedGic<G, Sink>& gic, PhysChange change, PIntid pintid) {
    Sink::event(TraceEvent::physical(change, pintid));
    apply_change(static_cast<G&>(gic), change, pintid);
}

} // namespace hyp
