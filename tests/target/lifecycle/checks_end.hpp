// SPDX-License-Identifier: Apache-2.0
// T1 to T10: one level interrupt from its line to the guest's deactivation, every state looked at.
#pragma once

#include "tests/target/lifecycle/bench.hpp"

namespace hyp::lifecycle {

inline constexpr u64 timer = 27;
inline constexpr u64 million = 1'000'000;

// The line rises at EL1; nobody has acknowledged yet.
template <class G>
void line_rises(Bench<G>& b, u64 eoi_mode = 0) {
    b.start(eoi_mode);
    const Visit held = b.visit(Step::arm, 0, Irqs::hold);
    b.expect("IRQ exit", static_cast<u64>(Stop::irq), static_cast<u64>(held.stop));
}

template <class G>
void t1_line_high(Bench<G>& b) {
    line_rises(b);
    b.expect_physical(1, 0, 1);
    b.expect_elrsr(all_empty);
}

template <class G>
void t2_acknowledged(Bench<G>& b) {
    line_rises(b);
    const Ack ack = b.forwarder.acknowledge();
    b.expect("IAR", timer, ack.raw());
    b.expect("P", 1, b.probe.pending());
    b.expect("A", 1, b.probe.active());
}

template <class G>
void t3_priority_dropped(Bench<G>& b) {
    line_rises(b);
    b.forwarder.gic.drop_priority(b.forwarder.acknowledge());
    b.expect_physical(1, 1, 0);
}

template <class G>
void t4_listed(Bench<G>& b) {
    line_rises(b);
    b.forwarder.sync();
    b.forwarder.take(b.forwarder.acknowledge());
    b.forwarder.enter();
    b.expect_physical(1, 1, 0);
    b.expect_lr(b.words().lr_pending);
    b.expect_elrsr(first_used);
    b.expect_apr(0);
    (void)b.go_on();
    b.expect("EL1's ISR.I", 1, b.visit(Step::is_pending).value);
}

// The same by the fast path: the memo, not the slow path, writes the list register.
template <class G>
void t4_listed_fast(Bench<G>& b) {
    b.start(0, FastPath::allowed);
    (void)b.visit(Step::arm, 0, Irqs::hold);
    b.forwarder.on_irq();
    b.expect("fast ticks", 1, b.forwarder.acks.fast);
    b.expect_physical(1, 1, 0);
    b.expect_lr(b.words().lr_pending);
    b.expect_elrsr(first_used);
}

// Active, it cannot be signalled again, whether the guest has acknowledged or not.
template <class G>
void t5_silent(Bench<G>& b) {
    b.start();
    b.list_timer();
    b.expect("exits", 0, b.visit(Step::spin, million).exits);
    b.expect_physical(1, 1, 0);
    b.expect_lr(b.words().lr_pending);
    b.expect("guest's IAR", timer, b.guest_iar());
    b.expect("exits while active", 0, b.visit(Step::spin, million).exits);
    b.expect_lr(b.words().lr_active);
}

template <class G>
void t6_guest_acknowledged(Bench<G>& b) {
    b.start();
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    b.expect_physical(1, 1, 0);
    b.expect_lr(b.words().lr_active);
    b.expect_elrsr(first_used);
    b.expect_apr(apr_active);
}

// It is all over, and stays so.
template <class G>
void expect_idle(Bench<G>& b) {
    b.expect_physical(0, 0, 0);
    b.expect_lr(b.words().lr_done);
    b.expect_elrsr(all_empty);
    b.expect_apr(0);
}

template <class G>
void t7_ended_line_low(Bench<G>& b) {
    b.start();
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    (void)b.visit(Step::mask);
    b.expect("P after the mask", 0, b.probe.pending());
    (void)b.visit(Step::end, timer);
    expect_idle(b);
    b.expect("timer's interrupts", 1, b.forwarder.acks.timer);
}

// Ended with the line high: signalled at once, without the work-around. With the fault of QEMU's
// GICv2 the distributor keeps still until something makes it look; nothing but that may be wrong.
template <class G>
void expect_again(Bench<G>& b, Stop stop) {
    if (b.setting().no_reevaluation) {
        b.expect("exit", static_cast<u64>(Stop::done), static_cast<u64>(stop));
        b.expect("exits of a stuck line", 0, b.visit(Step::spin, million / 10).exits);
        b.expect_physical(1, 0, 0);
        b.expect("HPPIR before the poke", spurious, b.probe.hppir());
        b.forwarder.gic.poke();
    } else {
        b.expect("exit", static_cast<u64>(Stop::irq), static_cast<u64>(stop));
    }
    b.expect_physical(1, 0, 1);
    b.expect_lr(b.words().lr_done);
    b.expect("HPPIR", timer, b.probe.hppir());
    b.expect("IAR", timer, b.forwarder.acknowledge().raw());
}

template <class G>
void t8_ended_line_high(Bench<G>& b) {
    b.start();
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    if (!b.works_around()) {
        expect_again(b, b.visit(Step::end, timer, Irqs::hold).stop);
        return;
    }
    // The maintenance interrupt makes the distributor look, and both are there in one exit.
    const Visit ended = b.visit(Step::end, timer);
    b.expect("exits", 1, ended.exits);
    b.expect("maintenance interrupts", 1, b.forwarder.acks.maintenance);
    b.expect("timer's interrupts", 2, b.forwarder.acks.timer);
    b.expect_physical(1, 1, 0);
    b.expect_lr(b.words().lr_pending);
    b.expect("guest's second IAR", timer, b.guest_iar());
}

// EOImode 1 of the guest: EOIR drops the priority, DIR alone deactivates. A visit to EL2 while the
// interrupt is active and its line high changes nothing: a second pending belongs in the distributor.
template <class G>
void t9_split_end(Bench<G>& b) {
    b.start(1);
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    b.call();
    b.expect_lr(b.words().lr_active);
    (void)b.visit(Step::mask);
    (void)b.visit(Step::end, timer);
    b.expect("A after EOIR", 1, b.probe.active());
    b.expect("LR0 after EOIR", b.words().lr_active, b.probe.lr0());
    b.expect("vAPR after EOIR", 0, b.probe.apr());
    (void)b.visit(Step::deactivate, timer);
    expect_idle(b);
    b.expect("phantom IAR", spurious, b.guest_iar());
}

template <class G>
void t10_joint_end_ignores_dir(Bench<G>& b) {
    b.start();
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    (void)b.visit(Step::mask);
    (void)b.visit(Step::deactivate, timer);
    b.expect_physical(0, 1, 0);
    b.expect_lr(b.words().lr_active);
    b.expect_apr(apr_active);
    (void)b.visit(Step::end, timer);
    expect_idle(b);
}

} // namespace hyp::lifecycle
