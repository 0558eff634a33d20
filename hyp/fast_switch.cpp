// SPDX-License-Identifier: Apache-2.0
#include "hyp/fast_switch.hpp"

#include "hyp/baton.hpp"
#include "hyp/core/vm/psci.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

// Two registers at a time, by their place in the vCPU: one base reaches all.
template <usize Offset>
[[gnu::always_inline]] inline void store_pair(Vcpu& vcpu, u64 first, u64 second) {
    asm volatile("stp %1, %2, [%0, %3]" ::"r"(&vcpu.confinement), "r"(first), "r"(second),
                 "i"(Offset - offsetof(Vcpu, confinement))
                 : "memory");
}
struct Pair {
    u64 first;
    u64 second;
};
template <usize Offset>
[[nodiscard, gnu::always_inline]] inline Pair load_pair(const Vcpu& vcpu) {
    Pair pair;
    asm volatile("ldp %0, %1, [%2, %3]"
                 : "=&r"(pair.first), "=&r"(pair.second)
                 : "r"(&vcpu.confinement), "i"(Offset - offsetof(Vcpu, confinement))
                 : "memory");
    return pair;
}
constexpr usize words_at = offsetof(Vcpu, parked.words);
constexpr usize vmcr_at = offsetof(Vcpu, parked.vmcr);
constexpr usize apr0_at = offsetof(Vcpu, parked.apr0);
constexpr usize vtimer_at = offsetof(Vcpu, vtimer);
constexpr usize ptimer_at = offsetof(Vcpu, ptimer);

// List registers, VMCR and the active priorities; five bits of them are one word (Machine::can_park).
template <class G>
[[gnu::always_inline]] inline void read_interface(G gic, Vcpu& to) {
    store_pair<words_at>(to, gic.read_lr_word(LrIndex{0}), gic.read_lr_word(LrIndex{1}));
    store_pair<words_at + 16>(to, gic.read_lr_word(LrIndex{2}), gic.read_lr_word(LrIndex{3}));
    if constexpr (G::generation == GicGeneration::v3) {
        store_pair<vmcr_at>(to, reg::read<SysReg::ich_vmcr>(), reg::read<SysReg::ich_ap1r0>());
        store_pair<apr0_at>(to, reg::read<SysReg::ich_ap0r0>(), 1);
    } else {
        const VirtInterface interface = gic.save_interface();
        to.parked.vmcr = interface.vmcr;
        to.parked.apr = interface.apr[0];
        to.parked.is_parked = 1;
    }
}
template <class G>
[[gnu::always_inline]] inline void write_interface(G gic, Vcpu& from) {
    const Pair low = load_pair<words_at>(from);
    gic.write_lr_word(LrIndex{0}, low.first);
    gic.write_lr_word(LrIndex{1}, low.second);
    const Pair high = load_pair<words_at + 16>(from);
    gic.write_lr_word(LrIndex{2}, high.first);
    gic.write_lr_word(LrIndex{3}, high.second);
    from.parked.is_parked = 0;
    if constexpr (G::generation == GicGeneration::v3) {
        const Pair state = load_pair<vmcr_at>(from);
        reg::write<SysReg::ich_vmcr>(state.first);
        reg::write<SysReg::ich_ap1r0>(state.second);
        reg::write<SysReg::ich_ap0r0>(from.parked.apr0);
    } else {
        VirtInterface interface;
        interface.vmcr = static_cast<u32>(from.parked.vmcr);
        interface.apr[0] = static_cast<u32>(from.parked.apr);
        gic.load_interface(interface);
    }
}

// One that is set for an earlier time stays: then it is decided anew, and nothing else.
[[gnu::always_inline]] inline void set_alarm(Pcpu& cpu, u64 deadline) {
    if (cpu.alarm <= deadline && deadline != never) {
        return;
    }
    cpu.alarm = deadline;
    if (deadline == never) {
        reg::write<SysReg::cnthp_ctl>(0);
        return;
    }
    reg::write<SysReg::cnthp_cval>(deadline);
    reg::write<SysReg::cnthp_ctl>(1);
}

// `next` was put as words, and nothing has come for it since but time. CNTP of both is off: only the
// virtual timer is looked at here.
[[nodiscard, gnu::always_inline]] inline bool can_take_over(const Vcpu& old, const Vcpu& next) {
    return next.parked.is_parked != 0 && next.vm->irqs.mailbox(next.irqs.self()).is_empty() &&
           next.shape == old.shape && (next.ptimer.ctl & 1) == 0 &&
           (reg::read<SysReg::cntp_ctl>() & 1) == 0;
}

// Whether the virtual timer's interrupt is active in the distributor: as long as it is listed.
template <class G>
[[gnu::always_inline]] inline void set_active(G gic, Pcpu& cpu, u64 was, u64 is) {
    if (G::is_empty_word(was | is) || !G::is_empty_word(was) == !G::is_empty_word(is)) {
        return;
    }
    if (!G::is_empty_word(is)) {
        gic.set_active(host_vtimer);
        cpu.private_state.active = 1U << host_vtimer.value();
    } else {
        gic.clear_active(host_vtimer);
        cpu.private_state.active = 0;
    }
}

[[gnu::always_inline]] inline void put_timers(Vcpu& old) {
    store_pair<vtimer_at>(old, reg::read<SysReg::cntv_ctl>(), reg::read<SysReg::cntv_cval>());
    store_pair<ptimer_at>(old, reg::read<SysReg::cntp_ctl>(), reg::read<SysReg::cntp_cval>());
    reg::write<SysReg::cntv_ctl>(0);
    barrier::isb(); // the line is down before the physical state that it changes is written
}
[[gnu::always_inline]] inline void load_timers(const Vcpu& next) {
    const Pair ptimer = load_pair<ptimer_at>(next);
    reg::write<SysReg::cntp_cval>(ptimer.second);
    reg::write<SysReg::cntp_ctl>(ptimer.first);
    const Pair vtimer = load_pair<vtimer_at>(next);
    reg::write<SysReg::cntv_cval>(vtimer.second);
    barrier::isb(); // in force before it is compared
    reg::write<SysReg::cntv_ctl>(vtimer.first);
}

// The order is that of hyp/world.hpp.
template <class G>
[[gnu::always_inline]] inline void park(G gic, Vcpu& old) {
    put_timers(old);
    read_interface(gic, old);
    save_el1(old.el1);
    fp_put(old.fp);
    pauth_put(old.keys);
}

// Nobody is loaded afterwards: `old` can be switched to by words when its turn comes.
template <class G>
[[gnu::noinline]] void park_alone(G gic, Pcpu& cpu, Vcpu& old) {
    if ((reg::read<SysReg::cntp_ctl>() & 1) != 0) {
        return;
    }
    park(gic, old);
    gic.write_control(VirtControl{});
    for (u8 n = 0; n < parked_list_registers; ++n) {
        gic.write_lr_word(LrIndex{n}, 0);
    }
    const bool active = !G::is_empty_word(old.parked.words[timer_home.value]);
    cpu.private_state.active = active ? 1U << host_vtimer.value() : 0;
    this_cpu().vcpu = nullptr;
}

template <class G>
[[gnu::always_inline]] inline ExitFrame* switch_by_words(G gic, Pcpu& cpu, Vcpu& old, Vcpu& next,
                                                         u64 now) {
    u64& home = next.parked.words[timer_home.value];
    const LrState state = state_of_word(G::generation, home);
    const bool line = fires(next.vtimer, next.confinement.cntvoff_el2, now);
    if (!load_timer_word(home, state, line, next.plan.timer_lr)) {
        return nullptr;
    }
    park(gic, old);
    set_active(gic, cpu, old.parked.words[timer_home.value], home);
    load_el1(next.el1, next.confinement);
    Vcpu*& last = cpu.last_of_vm[next.vm->number];
    if (last != &next) {
        forget_translations_of_vm();
        last = &next;
    }
    write_interface(gic, next);
    load_timers(next);
    if (next.rank != old.rank) {
        cpu.mask = mask_of(next.rank);
        gic.set_priority_mask(cpu.mask);
    }
    this_cpu().vcpu = &next;
    set_plan(next.plan);
    return &next.frame;
}

// As decided; `old` stays if it is that one. Null: resume() is to decide, and `old` may not be loaded
// any more.
template <class G>
[[gnu::noinline]] ExitFrame* carry_out(G gic, Pcpu& cpu, Vcpu& old, Decision decision, u64 now) {
    set_alarm(cpu, decision.alarm);
    if (decision.next == no_slot) {
        return nullptr;
    }
    Vcpu& next = *machine.vcpus[decision.next.value];
    if (&next == &old) {
        return &old.frame;
    }
    if (can_take_over(old, next)) {
        return switch_by_words(gic, cpu, old, next, now);
    }
    park_alone(gic, cpu, old);
    return nullptr;
}

} // namespace

template <class G>
ExitFrame* fast_alarm(G gic, Ack ack) {
    Pcpu& cpu = this_pcpu();
    Vcpu& old = *this_cpu().vcpu;
    gic.drop_priority(ack);
    cpu.alarm = never;
    reg::write<SysReg::cnthp_ctl>(0);
    barrier::isb();    // the line is down,
    barrier::dsb_sy(); // at the distributor, too, before the deactivation: it would signal again
    gic.deactivate(ack);
    const u64 now = reg::read<SysReg::cntpct>();
    return carry_out(gic, cpu, old, cpu.scheduler.decide(now), now);
}

template <class G>
ExitFrame* fast_yield(G gic) {
    Pcpu& cpu = this_pcpu();
    Vcpu& old = *this_cpu().vcpu;
    old.frame.x[0] = psci_success;
    const u64 now = reg::read<SysReg::cntpct>();
    if (cpu.scheduler.still(now)) {
        return carry_out(gic, cpu, old, cpu.scheduler.pass_on(old.slot, now), now);
    }
    cpu.scheduler.yield(old.slot);
    return carry_out(gic, cpu, old, cpu.scheduler.decide(now), now);
}

template <class G>
FastWait fast_wait(G gic) {
    Pcpu& cpu = this_pcpu();
    Vcpu& old = *this_cpu().vcpu;
    const u64 words[] = {gic.read_lr_word(LrIndex{0}), gic.read_lr_word(LrIndex{1}),
                         gic.read_lr_word(LrIndex{2}), gic.read_lr_word(LrIndex{3})};
    const auto is_pending = [](u64 word) {
        return state_of_word(G::generation, word) == LrState::pending;
    };
    const bool any = is_pending(words[0]) || is_pending(words[1]) || is_pending(words[2]) ||
                     is_pending(words[3]);
    const TimerRegs timer{.ctl = reg::read<SysReg::cntv_ctl>(),
                          .cval = reg::read<SysReg::cntv_cval>()};
    if (any || old.plan.timer_lr == 0 || (reg::read<SysReg::cntp_ctl>() & 1) != 0) {
        return {FastWait::declined, nullptr};
    }
    reg::write<reg::elr_el2>(reg::read<reg::elr_el2>() + 4);
    // What the guest has already does not wake it.
    const bool held = !G::is_empty_word(words[timer_home.value]);
    cpu.scheduler.sleep(old.slot, held ? never : deadline(timer, old.confinement.cntvoff_el2));
    const u64 now = reg::read<SysReg::cntpct>();
    ExitFrame* frame = carry_out(gic, cpu, old, cpu.scheduler.decide(now), now);
    return {frame != nullptr ? FastWait::done : FastWait::asleep, frame};
}

template ExitFrame* fast_alarm(PlainGicV2, Ack);
template ExitFrame* fast_alarm(PlainGicV3, Ack);
template ExitFrame* fast_yield(PlainGicV2);
template ExitFrame* fast_yield(PlainGicV3);
template FastWait fast_wait(PlainGicV2);
template FastWait fast_wait(PlainGicV3);

} // namespace hyp
