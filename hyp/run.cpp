// SPDX-License-Identifier: Apache-2.0
#include "hyp/run.hpp"

#include "drivers/timer/el2_timer.hpp"
#include "hyp/baton.hpp"
#include "hyp/guest_access.hpp"
#include "hyp/life.hpp"
#include "hyp/migrate.hpp"
#include "hyp/smp.hpp"
#include "hyp/terminal.hpp"
#include "hyp/world.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

constexpr El2Timer<TargetSysReg> alarm_clock{TargetSysReg{}};

// A WFI of this vCPU is over, whatever its PSTATE.I says (DDI 0487, WFI wake-up events). A virtual
// interrupt does not wake EL2's own WFI, and while it is listed its physical one cannot signal.
template <class G>
[[nodiscard]] bool has_wake_up(G gic, const Vcpu& vcpu) {
    const u32 vmcr = this_cpu().vcpu == &vcpu ? gic.read_vmcr() : vcpu.interface.vmcr;
    return vcpu.irqs.best_pending().value < priority_mask(vmcr);
}

template <class G>
void wake_if_due(G gic, Pcpu& cpu, Vcpu& vcpu) {
    if (cpu.scheduler.is_waiting(vcpu.slot) && (has_answer(vcpu) || has_wake_up(gic, vcpu))) {
        cpu.scheduler.make_ready(vcpu.slot);
    }
}

void set_alarm(Pcpu& cpu, u64 deadline) {
    if (cpu.alarm == deadline) {
        return;
    }
    cpu.alarm = deadline;
    if (deadline == never) {
        alarm_clock.stop();
    } else {
        alarm_clock.arm(deadline);
    }
}

// Who runs next, and the alarm for it. The terminal has its time, too, but nobody more urgent is
// disturbed for it.
[[nodiscard, gnu::noinline]] VcpuSlot choose(Pcpu& cpu) {
    const u64 now = alarm_clock.now();
    const u64 terminal = serve_terminal_here(now);
    cpu.terminal_waits = terminal != never;
    const Decision decision = cpu.scheduler.decide(now);
    const Rank rank =
        decision.next == no_slot ? Rank{ranks} : machine.vcpus[decision.next.value]->rank;
    set_alarm(cpu,
              terminal < decision.alarm && may_serve_terminal(rank) ? terminal : decision.alarm);
    return decision.next;
}

template <class G>
void set_mask(G gic, Pcpu& cpu, u8 mask) {
    if (cpu.mask != mask) {
        cpu.mask = mask;
        gic.set_priority_mask(mask);
    }
}

// Whom notify() has found to be elsewhere: an SGI each, of the rank that it is for.
template <class G>
void send_kicks(G gic, Vcpu* vcpu, PerCpu& self) {
    for (u32 rest = vcpu != nullptr ? vcpu->irqs.take_kicks() : 0; rest != 0; rest &= rest - 1) {
        notify(*vcpu->vm->vcpus[static_cast<u32>(__builtin_ctz(rest))]);
    }
    for (u64 rest = self.kicks; rest != 0; rest &= rest - 1) {
        const u32 bit = static_cast<u32>(__builtin_ctzll(rest));
        gic.send_sgi(gic_target(bit % max_pcpus), PIntid{bit / max_pcpus});
    }
    self.kicks = 0;
}

// Somebody left something for this vCPU, which may have left itself.
template <class G>
void look_at(G gic, Pcpu& cpu, Vcpu& vcpu) {
    if (vcpu.home.load() != cpu.number) {
        notify(vcpu);
        return;
    }
    if (!tend(gic, cpu, vcpu)) {
        return;
    }
    vcpu.irqs.take_posts();
    serve_siblings(
        vcpu, [&](u32 words) { return read_physical(gic, this_cpu().vcpu == &vcpu ? words : 0); });
    if (this_cpu().vcpu != &vcpu) {
        vcpu.irqs.forget_private_changes();
        apply_changes(gic, vcpu.irqs); // a device must not wait until the vCPU runs again
    }
    send_kicks(gic, &vcpu, this_cpu());
    wake_if_due(gic, cpu, vcpu);
    if (cpu.scheduler.is_waiting(vcpu.slot)) { // a sibling may have enabled its timer's interrupt
        cpu.scheduler.sleep(vcpu.slot, wake_up_time(vcpu));
    }
}

template <class G>
void look_at_inbox(G gic, Pcpu& cpu) {
    this_cpu().posted_here = false;
    if (cpu.inbox.is_empty()) {
        return;
    }
    for (u64 rest = cpu.inbox.take(); rest != 0; rest &= rest - 1) {
        look_at(gic, cpu, *machine.vcpus[__builtin_ctzll(rest)]);
    }
}

template <class G>
void let_in(G gic, Pcpu& cpu) {
    take_interrupts(gic, gic.acknowledge());
    if (Vcpu* loaded = this_cpu().vcpu; loaded != nullptr) {
        wake_if_due(gic, cpu, *loaded);
    }
}

// EL2 masks interrupts always; a physical one wakes it all the same. What this pCPU has put into its
// own inbox sends none.
template <class G>
void sleep(G gic, Pcpu& cpu) {
    send_kicks(gic, nullptr, this_cpu());
    if (!cpu.inbox.is_empty()) {
        return;
    }
    const u32 self = 1U << cpu.number;
    if (machine.may_move) {
        machine.idle.fetch_or(self);
    }
    set_mask(gic, cpu, open_mask);
    gic.poke();
    trace(TraceEvent::sleep());
    barrier::dsb_sy(); // a guest's stores, and ours, are out before the core stops
    asm volatile("wfi" ::: "memory");
    trace(TraceEvent::wake(reg::read<SysReg::isr_el1>()));
    if (machine.may_move) {
        machine.idle.fetch_and(~self);
    }
    let_in(gic, cpu);
}

// The vCPU's turn is spent on building its VM. What may interrupt it does so between two steps.
template <class G>
void build(G gic, Pcpu& cpu, Vcpu& vcpu) {
    set_mask(gic, cpu, mask_of(vcpu.rank));
    build_step(cpu, vcpu);
    send_kicks(gic, nullptr, this_cpu());
    let_in(gic, cpu);
}

// A forwarded SPI, on whatever pCPU it arrived. The guest's end of interrupt deactivates it.
void hand_to_vm(Vcpu* loaded, Vm& owner, PIntid intid) {
    if (loaded != nullptr && loaded->vm == &owner) {
        static_cast<void>(loaded->irqs.on_physical(intid));
        ++loaded->acknowledged;
        return;
    }
    for (u32 rest = owner.irqs.on_physical(intid); rest != 0; rest &= rest - 1) {
        notify(*owner.vcpus[static_cast<u32>(__builtin_ctz(rest))]);
    }
}

template <class G>
void take_one(G gic, Pcpu& cpu, Ack ack) {
    Vcpu* vcpu = this_cpu().vcpu;
    gic.drop_priority(ack);
    const PIntid intid = ack.intid();
    if (intid == baton.maintenance && vcpu != nullptr) {
        if (is_tracing()) { // a look at the device
            trace(TraceEvent::maintenance(gic.maintenance_status()));
        }
        // Written before the deactivation, or the level would signal again at once.
        gic.write_control(vcpu->irqs.on_maintenance());
    } else if (intid == baton.hyp_timer) {
        set_alarm(cpu, never);
        barrier::dsb_sy(); // down at the distributor, for the same reason
    } else if (intid.is_private()) {
        if (vcpu != nullptr && vcpu->irqs.on_physical(intid)) {
            ++vcpu->acknowledged;
            return; // the guest's own end of interrupt deactivates it
        }
    } else if (is_terminal(intid)) {
        serve_terminal();
        barrier::dsb_sy();
    } else if (Vm* owner = machine.owner_of(intid); owner != nullptr) {
        hand_to_vm(vcpu, *owner, intid);
        return;
    }
    if (intid.is_sgi()) {
        barrier::dsb_sy(); // a kick: the inbox is not read before it. litmus: kick-idle
        if (intid.value() >= bell_sgi(Rank{0})) {
            answer_bell();
        }
    }
    gic.deactivate(ack); // EL2's own, or nobody's: a line that went down late
}

// The vCPU is about to be entered: its list registers, and what the fast path may do.
template <class G>
void prepare(G gic, Pcpu& cpu, Vcpu& vcpu) {
    const Entry entry = vcpu.irqs.flush();
    apply(gic, vcpu.irqs, entry);
    if (entry.physical) { // a PPI may be enabled now, or disabled
        cpu.private_state.enabled = vcpu.irqs.private_state().enabled;
    }
    if constexpr (is_checked_build) {
        check_entry(gic.plain(), vcpu);
    }
    set_mask(gic, cpu, mask_of(vcpu.rank));
    FastPath fast = is_checked_build ? FastPath::withdrawn : FastPath::allowed;
    if (is_tracing()) {
        fast = FastPath::withdrawn;
        const u64 watch = watch_entry(vcpu);
        set_alarm(cpu, watch < cpu.alarm ? watch : cpu.alarm);
        trace(TraceEvent::enter(reg::read<reg::elr_el2>()));
    }
    make_plan(vcpu.plan, vcpu.irqs, fast, vcpu.affinity,
              vcpu.is_alone ? bell_sgi(vcpu.rank) : no_bell);
    vcpu.is_quiet =
        fast == FastPath::allowed && machine.can_park && !cpu.terminal_waits && is_quiet(vcpu.irqs);
    vcpu.shape = cpu.private_state.enabled | static_cast<u32>(vcpu.irqs.control().watch_deactivate);
    set_plan(vcpu.plan);
}

} // namespace

template <class G>
void take_interrupts(G gic, Ack first) {
    Pcpu& cpu = this_pcpu();
    for (Ack ack = first; !ack.is_spurious(); ack = gic.acknowledge()) {
        take_one(gic, cpu, ack);
    }
}

template <class G>
void wait_for_interrupt(G gic, Vcpu& vcpu) {
    if (!has_wake_up(gic, vcpu)) {
        this_pcpu().scheduler.sleep(vcpu.slot, wake_up_time(vcpu));
    }
}

template <class G>
ExitFrame& resume(G gic) {
    PerCpu& self = this_cpu();
    Pcpu& cpu = this_pcpu();
    if (Vcpu* loaded = self.vcpu; loaded != nullptr) {
        ++loaded->exits;
        send_kicks(gic, loaded, self);
        wake_if_due(gic, cpu, *loaded);
    }
    for (;;) {
        look_at_inbox(gic, cpu);
        const VcpuSlot chosen = choose(cpu);
        if (chosen == no_slot) {
            sleep(gic, cpu);
            continue;
        }
        Vcpu& next = *machine.vcpus[chosen.value];
        if (next.builds) {
            build(gic, cpu, next);
            continue;
        }
        if (next.powered_down) {
            next.powered_down = false;
            start_vcpu(gic, cpu, next);
            continue;
        }
        if (self.vcpu != &next) {
            switch_to(gic, cpu, next);
        }
        share_load(gic, cpu, chosen);
        prepare(gic, cpu, next);
        send_kicks(gic, &next, self);
        // What others post meanwhile has an SGI that ends the run, if it is urgent enough.
        if (!self.posted_here) {
            next.awaits = false;
            return next.frame;
        }
    }
}

template ExitFrame& resume(HostGicV2);
template ExitFrame& resume(HostGicV3);
template void take_interrupts(HostGicV2, Ack);
template void take_interrupts(HostGicV3, Ack);
template void wait_for_interrupt(HostGicV2, Vcpu&);
template void wait_for_interrupt(HostGicV3, Vcpu&);

} // namespace hyp
