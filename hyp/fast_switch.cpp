// SPDX-License-Identifier: Apache-2.0
#include "hyp/fast_switch.hpp"

#include "hyp/baton.hpp"
#include "hyp/core/vm/psci.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

constexpr u32 cntv_ctl = static_cast<u32>(SysReg::cntv_ctl);
constexpr u32 cntv_cval = static_cast<u32>(SysReg::cntv_cval);
constexpr u32 cntp_cval = static_cast<u32>(SysReg::cntp_cval);
constexpr u32 ich_vmcr = static_cast<u32>(SysReg::ich_vmcr);
constexpr u32 ich_ap1r0 = static_cast<u32>(SysReg::ich_ap1r0);
constexpr u32 ich_ap0r0 = static_cast<u32>(SysReg::ich_ap0r0);
constexpr u32 cntp_ctl = static_cast<u32>(SysReg::cntp_ctl);
constexpr u32 cntpct = static_cast<u32>(SysReg::cntpct);
constexpr u32 cnthp_ctl = static_cast<u32>(SysReg::cnthp_ctl);
constexpr u32 cnthp_cval = static_cast<u32>(SysReg::cnthp_cval);

// VMCR and the active priorities; five bits of them are one word (Machine::can_park).
template <class G>
[[gnu::always_inline]] inline void save_interface(G gic, VirtInterface& to) {
    if constexpr (G::generation == GicGeneration::v3) {
        to.vmcr = static_cast<u32>(reg::read<ich_vmcr>());
        to.apr[0] = static_cast<u32>(reg::read<ich_ap1r0>());
        to.apr0[0] = static_cast<u32>(reg::read<ich_ap0r0>());
    } else {
        to = gic.save_interface();
    }
}
template <class G>
[[gnu::always_inline]] inline void load_interface(G gic, const VirtInterface& from) {
    if constexpr (G::generation == GicGeneration::v3) {
        reg::write<ich_vmcr>(from.vmcr);
        reg::write<ich_ap1r0>(from.apr[0]);
        reg::write<ich_ap0r0>(from.apr0[0]);
    } else {
        gic.load_interface(from);
    }
}

template <class G>
[[gnu::always_inline]] inline void read_lists(G gic, std::array<u64, 4>& words) {
    words[0] = gic.read_lr_word(LrIndex{0});
    words[1] = gic.read_lr_word(LrIndex{1});
    words[2] = gic.read_lr_word(LrIndex{2});
    words[3] = gic.read_lr_word(LrIndex{3});
}
template <class G>
[[gnu::always_inline]] inline void write_lists(G gic, const std::array<u64, 4>& words) {
    gic.write_lr_word(LrIndex{0}, words[0]);
    gic.write_lr_word(LrIndex{1}, words[1]);
    gic.write_lr_word(LrIndex{2}, words[2]);
    gic.write_lr_word(LrIndex{3}, words[3]);
}

[[gnu::always_inline]] inline void set_alarm(Pcpu& cpu, u64 deadline) {
    if (cpu.alarm == deadline) {
        return;
    }
    cpu.alarm = deadline;
    if (deadline == never) {
        reg::write<cnthp_ctl>(0);
        return;
    }
    reg::write<cnthp_cval>(deadline);
    reg::write<cnthp_ctl>(1);
}

// `next` was put as words, and nothing has come for it since but time. CNTP of both is off: only the
// virtual timer is looked at here.
[[nodiscard, gnu::always_inline]] inline bool can_take_over(const Pcpu& cpu, const Vcpu& next) {
    return next.parked.is_parked && next.vm->irqs.mailbox(next.irqs.self()).is_empty() &&
           next.enabled_ppis == cpu.private_state.enabled && (next.ptimer.ctl & 1) == 0 &&
           (reg::read<cntp_ctl>() & 1) == 0;
}

// Whether the virtual timer's interrupt is active in the distributor: as long as it is listed.
template <class G>
[[gnu::always_inline]] inline void set_active(G gic, Pcpu& cpu, bool was, bool is) {
    if (is == was) {
        return;
    }
    if (is) {
        gic.set_active(host_vtimer);
    } else {
        gic.clear_active(host_vtimer);
    }
    cpu.private_state.active = is ? 1U << host_vtimer.value() : 0;
}

[[gnu::always_inline]] inline void put_timers(Vcpu& old) {
    old.vtimer = {.ctl = reg::read<cntv_ctl>(), .cval = reg::read<cntv_cval>()};
    old.ptimer = {.ctl = reg::read<cntp_ctl>(), .cval = reg::read<cntp_cval>()};
    reg::write<cntv_ctl>(0);
    barrier::isb(); // the line is down before the physical state that it changes is written
}
[[gnu::always_inline]] inline void load_timers(const Vcpu& next) {
    reg::write<cntp_cval>(next.ptimer.cval);
    reg::write<cntp_ctl>(next.ptimer.ctl);
    reg::write<cntv_cval>(next.vtimer.cval);
    barrier::isb(); // in force before it is compared
    reg::write<cntv_ctl>(next.vtimer.ctl);
}

// The order is that of hyp/world.hpp.
template <class G>
[[gnu::always_inline]] inline void park(G gic, Vcpu& old) {
    put_timers(old);
    read_lists(gic, old.parked.words);
    old.parked.is_parked = true;
    save_interface(gic, old.interface);
    save_el1(old.el1);
    fp_put(old.fp);
    pauth_put(old.keys);
}

// Nobody is loaded afterwards: `old` can be switched to by words when its turn comes.
template <class G>
[[gnu::noinline]] void park_alone(G gic, Pcpu& cpu, Vcpu& old) {
    if ((reg::read<cntp_ctl>() & 1) != 0) {
        return;
    }
    park(gic, old);
    gic.write_control(VirtControl{});
    write_lists(gic, {});
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
    set_active(gic, cpu, !G::is_empty_word(old.parked.words[timer_home.value]),
               !G::is_empty_word(home));
    load_el1(next.el1, next.confinement);
    Vcpu*& last = cpu.last_of_vm[next.vm->number];
    if (last != &next) {
        forget_translations_of_vm();
        last = &next;
    }
    load_interface(gic, next.interface);
    write_lists(gic, next.parked.words);
    next.parked.is_parked = false;
    load_timers(next);
    if (next.rank != old.rank) {
        cpu.mask = mask_of(next.rank);
        gic.set_priority_mask(cpu.mask);
    }
    this_cpu().vcpu = &next;
    this_cpu().plan = next.plan;
    return &next.frame;
}

// Whom the scheduler wants; `old` stays if it is that one. Null: resume() is to decide, and `old` may
// not be loaded any more.
template <class G>
[[gnu::noinline]] ExitFrame* reschedule(G gic, Pcpu& cpu, Vcpu& old) {
    const u64 now = reg::read<cntpct>();
    const Decision decision = cpu.scheduler.decide(now);
    set_alarm(cpu, decision.alarm);
    if (decision.next == no_slot) {
        return nullptr;
    }
    Vcpu& next = *machine.vcpus[decision.next.value];
    if (&next == &old) {
        return &old.frame;
    }
    if (can_take_over(cpu, next)) {
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
    reg::write<cnthp_ctl>(0);
    barrier::isb();    // the line is down,
    barrier::dsb_sy(); // at the distributor, too, before the deactivation: it would signal again
    gic.deactivate(ack);
    return reschedule(gic, cpu, old);
}

template <class G>
ExitFrame* fast_yield(G gic) {
    Pcpu& cpu = this_pcpu();
    Vcpu& old = *this_cpu().vcpu;
    old.frame.x[0] = psci_success;
    cpu.scheduler.yield(old.slot);
    return reschedule(gic, cpu, old);
}

template <class G>
FastWait fast_wait(G gic) {
    Pcpu& cpu = this_pcpu();
    Vcpu& old = *this_cpu().vcpu;
    std::array<u64, 4> words;
    read_lists(gic, words);
    const auto is_pending = [](u64 word) {
        return state_of_word(G::generation, word) == LrState::pending;
    };
    const bool any = is_pending(words[0]) || is_pending(words[1]) || is_pending(words[2]) ||
                     is_pending(words[3]);
    const TimerRegs timer{.ctl = reg::read<cntv_ctl>(), .cval = reg::read<cntv_cval>()};
    if (any || this_cpu().plan.timer_lr == 0 || (reg::read<cntp_ctl>() & 1) != 0) {
        return {FastWait::declined, nullptr};
    }
    reg::write<reg::elr_el2>(reg::read<reg::elr_el2>() + 4);
    // What the guest has already does not wake it.
    const bool held = !G::is_empty_word(words[timer_home.value]);
    cpu.scheduler.sleep(old.slot, held ? never : deadline(timer, old.confinement.cntvoff_el2));
    ExitFrame* frame = reschedule(gic, cpu, old);
    return {frame != nullptr ? FastWait::done : FastWait::asleep, frame};
}

template ExitFrame* fast_alarm(PlainGicV2, Ack);
template ExitFrame* fast_alarm(PlainGicV3, Ack);
template ExitFrame* fast_yield(PlainGicV2);
template ExitFrame* fast_yield(PlainGicV3);
template FastWait fast_wait(PlainGicV2);
template FastWait fast_wait(PlainGicV3);

} // namespace hyp
