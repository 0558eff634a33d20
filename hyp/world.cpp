// SPDX-License-Identifier: Apache-2.0
#include "hyp/world.hpp"

#include "hyp/baton.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

[[nodiscard]] TimerRegs read_vtimer() {
    return {.ctl = reg::read<SysReg::cntv_ctl>(), .cval = reg::read<SysReg::cntv_cval>()};
}
[[nodiscard]] TimerRegs read_ptimer() {
    return {.ctl = reg::read<SysReg::cntp_ctl>(), .cval = reg::read<SysReg::cntp_cval>()};
}

template <class G>
void put(G gic, Pcpu& cpu, Vcpu& vcpu) {
    vcpu.vtimer = read_vtimer();
    vcpu.ptimer = read_ptimer();
    reg::write<SysReg::cntv_ctl>(0);
    reg::write<SysReg::cntp_ctl>(0);
    barrier::isb(); // both lines are down before the physical state that they change is written
    put_interrupts(gic, vcpu.irqs, vcpu.interface, cpu.private_state);
    save_world(vcpu.el1);
    fp_put(vcpu.fp);
    pauth_put(vcpu.keys);
}

// Which of its timers' lines will be up once they run again.
[[nodiscard]] u32 lines_of(const Vcpu& vcpu, u64 now) {
    const u64 offset = vcpu.confinement.cntvoff_el2;
    return (fires(vcpu.vtimer, offset, now) ? 1U << guest_vtimer.value() : 0) |
           (fires(vcpu.ptimer, 0, now) ? 1U << guest_ptimer.value() : 0);
}

// CVAL before CTL: else a moment of the old one's would fire.
void load_timers(const Vcpu& vcpu) {
    reg::write<SysReg::cntv_cval>(vcpu.vtimer.cval);
    reg::write<SysReg::cntp_cval>(vcpu.ptimer.cval);
    barrier::isb(); // in force before they are compared
    reg::write<SysReg::cntv_ctl>(vcpu.vtimer.ctl);
    reg::write<SysReg::cntp_ctl>(vcpu.ptimer.ctl);
}

template <class G>
void load(G gic, Pcpu& cpu, Vcpu& vcpu) {
    settle(gic, vcpu);
    load_world(vcpu.el1, vcpu.confinement);
    Vcpu*& last = cpu.last_of_vm[vcpu.vm->number];
    if (last != &vcpu) {
        forget_translations_of_vm(); // of another vCPU's, or of the VM's last life
        last = &vcpu;
    }
    load_interrupts(gic, vcpu.irqs, lines_of(vcpu, reg::read<SysReg::cntpct>()), vcpu.interface,
                    cpu.private_state);
    load_timers(vcpu);
    this_cpu().vcpu = &vcpu;
}

} // namespace

// Its list registers alone say what the guest did: the distributor's private words are another's now.
template <class G>
void settle(G gic, Vcpu& vcpu) {
    if (vcpu.parked.is_parked == 0) {
        return;
    }
    vcpu.parked.is_parked = 0;
    LrFile file;
    file.live = vcpu.irqs.live_list_registers();
    for (u32 n = 0; n < parked_list_registers; ++n) {
        file.regs[n] = G::lr_of(vcpu.parked.words[n]);
    }
    vcpu.interface.vmcr = static_cast<u32>(vcpu.parked.vmcr);
    vcpu.interface.apr[0] = static_cast<u32>(vcpu.parked.apr);
    vcpu.interface.apr0[0] = static_cast<u32>(vcpu.parked.apr0);
    file.set_interface(vcpu.interface.vmcr);
    vcpu.irqs.sync(file, PhysWords{});
    vcpu.irqs.forget_private_changes();
    apply_changes(gic, vcpu.irqs);
    static_cast<void>(vcpu.irqs.put());
}

template <class G>
void unload(G gic, Pcpu& cpu) {
    if (Vcpu* old = this_cpu().vcpu; old != nullptr) {
        put(gic, cpu, *old);
        this_cpu().vcpu = nullptr;
    }
}

template <class G>
void switch_to(G gic, Pcpu& cpu, Vcpu& next) {
    unload(gic, cpu);
    load(gic, cpu, next);
}

template void settle(HostGicV2, Vcpu&);
template void settle(HostGicV3, Vcpu&);
template void unload(HostGicV2, Pcpu&);
template void unload(HostGicV3, Pcpu&);
template void switch_to(HostGicV2, Pcpu&, Vcpu&);
template void switch_to(HostGicV3, Pcpu&, Vcpu&);

u64 wake_up_time(const Vcpu& vcpu) {
    const auto time_of = [&](VIntid vintid, TimerRegs timer, u64 offset) {
        // What the guest has already, or does not want, does not wake it.
        const bool held = (vcpu.irqs.present_word(0) >> vintid.value() & 1U) != 0;
        return !held && vcpu.irqs.is_eligible(vintid) ? deadline(timer, offset) : never;
    };
    const bool loaded = this_cpu().vcpu == &vcpu;
    const u64 vtime =
        time_of(guest_vtimer, loaded ? read_vtimer() : vcpu.vtimer, vcpu.confinement.cntvoff_el2);
    const u64 ptime = time_of(guest_ptimer, loaded ? read_ptimer() : vcpu.ptimer, 0);
    return vtime < ptime ? vtime : ptime;
}

} // namespace hyp
