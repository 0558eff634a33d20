// SPDX-License-Identifier: Apache-2.0
// T17, T18, T21, T22 and T24: vCPUs that share the timer's interrupt, by the product's put and load
// (core/vgic/apply.hpp) in the order of hyp/world.cpp. The idle flow: put, asleep while the deadline
// passes, loaded with the interrupt marked by software. The busy flow's other half: put and loaded
// while the guest is inside its handler.
#pragma once

#include "hyp/core/vtimer/vtimer.hpp"
#include "tests/target/lifecycle/checks_switch.hpp"

namespace hyp::lifecycle {

// What EL2 keeps of a vCPU that is not loaded.
struct Tenant {
    VmIrqs vm{};
    VcpuIrqs irqs{};
    VirtInterface interface {};
    TimerRegs timer{};
};

[[nodiscard]] inline u64 read_cntv_cval() {
    u64 value = 0;
    asm volatile("mrs %0, cntv_cval_el0" : "=r"(value));
    return value;
}

inline void write_cntv_cval(u64 value) {
    asm volatile("msr cntv_cval_el0, %0\n isb" ::"r"(value) : "memory");
}

template <class G>
void put_tenant(Bench<G>& b, Tenant& tenant, PrivateState& held) {
    Forwarder<G>& f = b.forwarder;
    f.sync();
    tenant.timer = {.ctl = read_cntv_ctl(), .cval = read_cntv_cval()};
    if (b.setting().mutation != Mutation::keep_timer) {
        stop_timer();
    }
    put_interrupts(f.gic, f.irqs, tenant.interface, held);
    tenant.vm = f.vm;
    tenant.irqs = f.irqs;
}

template <class G>
void load_tenant(Bench<G>& b, const Tenant& tenant, PrivateState& held) {
    Forwarder<G>& f = b.forwarder;
    f.vm = tenant.vm;
    f.irqs = tenant.irqs;
    f.irqs.rebind(f.vm);
    const u32 lines = fires(tenant.timer, 0, read_cntvct()) ? 1U << guest_vtimer.value() : 0;
    load_interrupts(f.gic, f.irqs, lines, tenant.interface, held);
    write_cntv_cval(tenant.timer.cval);
    asm volatile("msr cntv_ctl_el0, %0\n isb" ::"r"(tenant.timer.ctl) : "memory");
    f.enter();
}

// Two vCPUs with their timers' interrupt enabled; `other` is put, the second one is loaded.
template <class G>
void start_two(Bench<G>& b, Tenant& other, PrivateState& held) {
    b.start();
    put_tenant(b, other, held);
    b.forwarder.own_timer();
    (void)b.visit(Step::open, 0);
}

// A tick from the line to the end of its handler.
template <class G>
void take_tick(Bench<G>& b) {
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    (void)b.visit(Step::mask);
    (void)b.visit(Step::end, timer);
    b.expect("A after the tick", 0, b.probe.active());
}

// A timer that is on still has its line up then: under QEMU it may lag the counter.
inline void wait_past(u64 deadline) {
    const auto lags = [] { return (read_cntv_ctl() & 5) == 1; };
    while (read_cntvct() < deadline || lags()) {
    }
}

// The idle flow. Its deadline is EL2's to watch; nobody's interrupt arrives; awake, it has the tick,
// which was never acknowledged on the host, and the line does not make it exit.
template <class G>
void t17_idle(Bench<G>& b) {
    PrivateState held;
    Tenant sleeper;
    b.start();
    const u64 far = read_cntvct() + 1'000'000'000'000;
    (void)b.visit(Step::arm, far);
    put_tenant(b, sleeper, held);
    b.expect("CNTV_CTL asleep", b.setting().mutation == Mutation::keep_timer ? 1 : 0,
             read_cntv_ctl() & 1);
    b.expect("deadline", far, deadline(sleeper.timer, 0));
    // Now it has come, wherever it is kept.
    const u64 wake_up = read_cntvct();
    sleeper.timer.cval = wake_up;
    write_cntv_cval(wake_up);
    wait_past(wake_up);
    const Ack ack = b.forwarder.gic.acknowledge();
    b.expect("IAR asleep", spurious, ack.intid().value());
    if (!ack.is_spurious()) {
        b.forwarder.gic.drop_priority(ack);
        b.forwarder.gic.deactivate(ack);
    }
    const u32 acknowledged = b.forwarder.acks.timer;
    load_tenant(b, sleeper, held);
    wait_past(wake_up);
    b.expect("LR0's INTID", timer, b.registers.intid(0));
    b.expect("LR0.State", static_cast<u64>(State::pending), static_cast<u64>(b.registers.state(0)));
    b.expect("exits", 0, b.visit(Step::spin, million).exits);
    b.expect("A awake", 1, b.probe.active());
    b.expect("acknowledged", acknowledged, b.forwarder.acks.timer);
    b.expect("guest's IAR", timer, b.guest_iar());
    (void)b.visit(Step::mask);
    (void)b.visit(Step::end, timer);
    b.expect("A after the end", 0, b.probe.active());
}

// A masked timer wakes nobody, and neither does one that is off.
template <class G>
void t18_masked(Bench<G>& b) {
    PrivateState held;
    Tenant sleeper;
    b.start();
    (void)b.visit(Step::arm, read_cntvct() + 1'000'000'000'000);
    (void)b.visit(Step::mask);
    put_tenant(b, sleeper, held);
    b.expect("deadline", never, deadline(sleeper.timer, 0));
    load_tenant(b, sleeper, held);
    b.expect("A", 0, b.probe.active());
    b.expect("guest's IAR", spurious, b.guest_iar());
}

// Two that take turns: each its own tick, none the other's.
template <class G>
void t21_turns(Bench<G>& b) {
    constexpr u32 turns = 200;
    PrivateState held;
    Tenant tenants[2];
    start_two(b, tenants[0], held);
    put_tenant(b, tenants[1], held);
    u32 foreign = 0;
    for (u32 n = 0; n < turns; ++n) {
        Tenant& tenant = tenants[n % 2];
        load_tenant(b, tenant, held);
        foreign += b.guest_iar() != spurious ? 1U : 0U;
        if (n % 3 != 0) {
            take_tick(b);
        }
        put_tenant(b, tenant, held);
    }
    b.expect("foreign", 0, foreign);
}

// Preempted inside its handler: the other one has its ticks, then the end finds its own state again.
template <class G>
void t22_inside(Bench<G>& b) {
    PrivateState held;
    Tenant other;
    Tenant inside;
    start_two(b, other, held);
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    put_tenant(b, inside, held);
    load_tenant(b, other, held);
    b.expect("A of the other", 0, b.probe.active());
    take_tick(b);
    put_tenant(b, other, held);
    load_tenant(b, inside, held);
    b.expect("A back", 1, b.probe.active());
    b.expect_apr(apr_active);
    (void)b.visit(Step::mask);
    (void)b.visit(Step::end, timer);
    b.expect("A after the end", 0, b.probe.active());
    b.expect_apr(0);
}

// Killed inside its handler: its active bit goes with it, and the next one has its ticks.
template <class G>
void t24_killed(Bench<G>& b) {
    PrivateState held;
    Tenant next;
    Tenant killed;
    start_two(b, next, held);
    b.list_timer();
    b.expect("guest's IAR", timer, b.guest_iar());
    put_tenant(b, killed, held);
    load_tenant(b, next, held);
    b.expect("A of the next", 0, b.probe.active());
    b.expect_apr(0);
    take_tick(b);
    take_tick(b);
}

} // namespace hyp::lifecycle
