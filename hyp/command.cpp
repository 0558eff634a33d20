// SPDX-License-Identifier: Apache-2.0
#include "hyp/command.hpp"

#include "hyp/arch/sysreg.hpp"
#include "hyp/console.hpp"
#include "hyp/life.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

namespace {

[[nodiscard]] const char* state_of(const Vm& vm) {
    switch (static_cast<VmState>(vm.state.load())) {
    case VmState::off: return "off";
    case VmState::building: return "starting";
    case VmState::running: return vm.paused.load() != 0 ? "paused" : "running";
    case VmState::ending: return "ending";
    }
    return "";
}

[[nodiscard]] const char* state_of(const Scheduler& scheduler, VcpuSlot slot) {
    return scheduler.is_waiting(slot) ? "waiting" : scheduler.is_ready(slot) ? "ready" : "off";
}

void fill_vcpu(SystemView& view, const Report& report, const Vcpu& vcpu) {
    const u32 home = vcpu.home.load();
    view.set(Caption::vcpu_state, state_of(pcpu(home).scheduler, vcpu.slot));
    view.set(Figure::pcpu, home);
    const bool loaded = this_cpu().vcpu == &vcpu;
    view.set(Figure::cntv_ctl, loaded ? sysreg::read<SysReg::cntv_ctl>() : vcpu.vtimer.ctl);
    view.set(Figure::cntv_cval, loaded ? sysreg::read<SysReg::cntv_cval>() : vcpu.vtimer.cval);
    view.set(Figure::exits, vcpu.exits);
    view.set(Figure::acknowledged, vcpu.acknowledged);
    view.set(Figure::moves, vcpu.moves);
    view.list_registers = vcpu.irqs.caps().list_registers;
    view.list_register = vcpu.irqs.in_hardware(LrIndex{report.list_register()});
}

} // namespace

bool fill_view(SystemView& view, const Report& report) {
    if (report.verb() == Verb::doctor) {
        bool more = false;
        view.set(Caption::vm_name, Console::boot_line(report.vm() == 0, more));
        view.vms = static_cast<u8>(report.vm() + (more ? 2U : 1U));
        return true;
    }
    const Vm& vm = *machine.vms[report.vm()];
    view.vms = static_cast<u8>(machine.vm_count);
    view.vcpus = vm.irqs.vcpus();
    view.set(Caption::vm_name, vm.label);
    view.set(Caption::vm_state, state_of(vm));
    view.set(Figure::vcpus, view.vcpus);
    view.set(Figure::rank, vm.description->rank.value);
    view.set(Figure::now, sysreg::read<SysReg::cntpct>());
    view.set(Figure::deadline, never);
    if (report.vcpu() < view.vcpus) {
        fill_vcpu(view, report, *vm.vcpus[report.vcpu()]);
    }
    return true;
}

void carry_out(Session& session) {
    Vm& vm = *machine.vms[session.command().vm];
    const Verb verb = session.command().verb;
    bool done = false;
    if (verb == Verb::pause) {
        done = pause_vm(vm);
    } else if (verb == Verb::resume) {
        done = resume_vm(vm);
    } else {
        done = verb == Verb::stop ? stop_vm(vm) : restart_vm(vm);
    }
    if (!done) {
        session.say(vm.label, " is not in the state for it");
    }
}

} // namespace hyp
