// SPDX-License-Identifier: Apache-2.0
// T11 to T16, and the late interrupt that nobody owns: what software marks, lines that move at the
// wrong moment, and very many ticks.
#pragma once

#include "tests/target/lifecycle/checks_end.hpp"

namespace hyp::lifecycle {

inline constexpr u64 tick_count = 100'000;

// Sleeper's wake-up: nobody acknowledged, the physical active bit is software's. From there on it is
// T5 to T8 again.
template <class G>
void t11_marked_by_software(Bench<G>& b) {
    b.start();
    raise_timer();
    b.expect("P before", 1, b.probe.pending());
    b.expect("A before", 0, b.probe.active());
    b.expect("ISR.I before", 1, b.probe.signalled());
    b.forwarder.sync();
    b.forwarder.irqs.mark_expired(guest_vtimer);
    b.forwarder.enter();
    b.expect_physical(1, 1, 0);
    b.expect_lr(b.words().lr_pending);
    const Visit spun = b.visit(Step::spin, million);
    b.expect("exits", 0, spun.exits);
    if (spun.stop == Stop::overrun) {
        return;
    }
    b.expect("guest's IAR", timer, b.guest_iar());
    b.expect("LR0 acknowledged", b.words().lr_active, b.probe.lr0());
    b.expect("A acknowledged", 1, b.probe.active());
    b.expect("timer's interrupts", 0, b.forwarder.acks.timer);
    if (b.works_around()) {
        (void)b.visit(Step::end, timer);
        b.expect("timer's interrupts after", 1, b.forwarder.acks.timer);
        b.expect("guest's second IAR", timer, b.guest_iar());
    } else {
        expect_again(b, b.visit(Step::end, timer, Irqs::hold).stop);
    }
}

template <class G>
void t12_cleared_line_high(Bench<G>& b) {
    line_rises(b);
    b.forwarder.gic.drop_priority(b.forwarder.acknowledge());
    b.expect("ISR.I before", 0, b.probe.signalled());
    b.forwarder.gic.clear_active(host_vtimer);
    b.expect_physical(1, 0, 1);
}

// One more tick, from arming to idle, comes exactly once.
template <class G>
void expect_next_tick(Bench<G>& b) {
    const Visit armed = b.visit(Step::arm, 0);
    b.expect("exits of the next tick", 1, armed.exits);
    b.expect("next tick", timer, b.guest_iar());
    (void)b.visit(Step::mask);
    (void)b.visit(Step::end, timer);
    b.expect("IAR after the next tick", spurious, b.guest_iar());
    b.expect("A after the next tick", 0, b.probe.active());
}

// The guest masks its timer while the interrupt is pending for it, and EL2 does not hear of it: one
// acknowledge of the dead interrupt is allowed.
template <class G>
void t13_masked_unseen(Bench<G>& b) {
    b.start();
    b.list_timer();
    (void)b.visit(Step::mask);
    b.expect_physical(0, 1, 0);
    b.expect_lr(b.words().lr_pending);
    b.expect("guest's IAR", timer, b.guest_iar());
    (void)b.visit(Step::end, timer);
    expect_idle(b);
    b.expect("guest's second IAR", spurious, b.guest_iar());
    expect_next_tick(b);
}

// The same with a hypercall in between: list register and physical active bit go together.
template <class G>
void t13_masked_seen(Bench<G>& b) {
    b.start();
    b.list_timer();
    (void)b.visit(Step::mask);
    b.call();
    b.expect_physical(0, 0, 0);
    b.expect_lr(0);
    b.expect("guest's IAR", spurious, b.guest_iar());
    expect_next_tick(b);
}

template <class G>
void t13_masked_while_pending(Bench<G>& b) {
    t13_masked_unseen(b);
    t13_masked_seen(b);
}

// CVAL moves on while the interrupt is pending, then any exit: it comes at the new time, not before.
// False: the host was so busy that the new time had come already.
template <class G>
[[nodiscard]] bool move_deadline(Bench<G>& b) {
    b.start();
    b.list_timer();
    const u64 tenth = read_cntfrq() / 10;
    const u64 deadline = read_cntvct() + tenth;
    (void)b.visit(Step::arm, deadline);
    b.call();
    const u64 lr = b.probe.lr0();
    const u64 pending = b.probe.pending();
    const u64 active = b.probe.active();
    const u64 iar = b.guest_iar();
    if (read_cntvct() >= deadline) {
        return false;
    }
    b.expect("LR0", 0, lr);
    b.expect("P", 0, pending);
    b.expect("A", 0, active);
    b.expect("guest's IAR", spurious, iar);
    b.expect("tick", timer, b.visit(Step::await, deadline + 20 * tenth).value);
    b.expect("tick is not early", 1, read_cntvct() >= deadline ? 1 : 0);
    return true;
}

template <class G>
void t14_deadline_moved(Bench<G>& b) {
    constexpr unsigned tries = 10;
    bool moved = false;
    for (unsigned n = 0; n < tries && !moved; ++n) {
        moved = move_deadline(b);
    }
    b.expect("deadline still ahead", 1, moved ? 1 : 0);
    (void)b.visit(Step::mask);
    (void)b.visit(Step::end, timer);
    b.expect("A at the end", 0, b.probe.active());
}

// The handler arms its next tick in the past and then ends: two ticks.
template <class G>
void t15_late_tick(Bench<G>& b) {
    b.start();
    b.list_timer();
    b.expect("first tick", timer, b.visit(Step::late_tick).value);
    const u64 patience = read_cntfrq() / 10;
    b.expect("second tick", timer, b.visit(Step::await, read_cntvct() + patience).value);
    (void)b.visit(Step::mask);
    (void)b.visit(Step::end, timer);
    b.expect_physical(0, 0, 0);
    b.expect("third tick", spurious, b.guest_iar());
    b.expect("timer's interrupts", 2, b.forwarder.acks.timer);
}

// Each tick one exit; with the work-around one more.
template <class G>
void run_ticks(Bench<G>& b) {
    constexpr u32 limit = 4 * tick_count;
    const Visit run = b.visit(Step::ticks, tick_count, Irqs::forward, limit);
    const TickCount ticks{run.value};
    b.expect("ticks", tick_count, ticks.received);
    b.expect("others", 0, ticks.others);
    b.expect("exits", (b.works_around() ? 2 : 1) * tick_count, run.exits);
    b.expect("timer's interrupts", tick_count, b.forwarder.acks.timer);
    b.expect("other interrupts", 0, b.forwarder.acks.others);
    b.expect_physical(0, 0, 0);
}

template <class G>
void t16_many_ticks(Bench<G>& b) {
    b.start();
    run_ticks(b);
    b.expect("fast ticks", 0, b.forwarder.acks.fast);
}

template <class G>
void t16_many_ticks_fast(Bench<G>& b) {
    b.start(0, FastPath::allowed);
    run_ticks(b);
    b.expect("fast ticks", tick_count, b.forwarder.acks.fast);
}

// The interrupt arrives when its timer was stopped (IAR has nothing) or after its vCPU was put away
// (acknowledged, but nobody's): swallowed, nothing injected, and the owner's next tick comes.
template <class G>
void stale_interrupt(Bench<G>& b) {
    line_rises(b);
    stop_timer();
    b.forwarder.on_irq();
    b.expect("interrupts of a line gone", 0, b.forwarder.acks.timer);
    b.expect("LR0 of a line gone", 0, b.probe.lr0());
    b.expect("IAR of a line gone", spurious, b.guest_iar());

    line_rises(b);
    const Ack ack = b.forwarder.acknowledge();
    stop_timer();
    b.forwarder.disown_timer();
    b.forwarder.take(ack);
    b.forwarder.enter();
    b.expect_physical(0, 0, 0);
    b.expect_lr(0);
    b.expect("IAR without owner", spurious, b.guest_iar());
    b.forwarder.own_timer();
    expect_next_tick(b);
}

} // namespace hyp::lifecycle
