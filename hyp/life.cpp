// SPDX-License-Identifier: Apache-2.0
#include "hyp/life.hpp"

#include "hyp/baton.hpp"
#include "hyp/terminal.hpp"
#include "hyp/world.hpp"

namespace hyp {

namespace {

[[nodiscard]] u32 all_vcpus(const Vm& vm) {
    return (1U << vm.irqs.vcpus()) - 1;
}

[[nodiscard]] EndStatus status_of(const Vm& vm) {
    switch (vm.end) {
    case VmEnd::powered_off: return vm.verdict == 0 ? EndStatus::good : EndStatus::bad_verdict;
    case VmEnd::stopped:
    case VmEnd::restarted: return EndStatus::good;
    case VmEnd::faulted: return EndStatus::guest_fault;
    case VmEnd::reset: return EndStatus::reset;
    }
    __builtin_unreachable();
}

[[nodiscard]] EndAction action_of(const Vm& vm) {
    switch (vm.end) {
    case VmEnd::powered_off:
    case VmEnd::stopped: return EndAction::stop;
    case VmEnd::faulted: return vm.description->on_crash;
    case VmEnd::reset: return vm.description->on_reset;
    case VmEnd::restarted: return EndAction::restart;
    }
    __builtin_unreachable();
}

// The first end that is not good stays.
void note_status(EndStatus status) {
    u32 none = 0;
    static_cast<void>(machine.status.replace(none, static_cast<u32>(status)));
}

void stop_vm(Vm& vm) {
    note_status(status_of(vm));
    vm.state.store(static_cast<u32>(VmState::off));
    const u32 ended = machine.ended.fetch_or(1U << vm.number) | 1U << vm.number;
    if (ended == (1U << machine.vm_count) - 1) {
        end_machine(static_cast<EndStatus>(machine.status.load()));
    }
}

// Nothing of its devices signals any more, and nothing is left active.
template <class G>
void silence_devices(G gic, Vm& vm) {
    for (unsigned word = 1; word < guest_words; ++word) {
        for_each_intid(word, vm.irqs.hardware_word(word), [&](VIntid vintid) {
            const PIntid pintid = vm.irqs.pintid_of(vintid);
            gic.set_enable(pintid, Enable::off);
            gic.clear_pending(pintid);
            gic.clear_active(pintid);
        });
    }
}

// True: all its VM's vCPUs are off their pCPUs now.
[[nodiscard]] bool leave(Vcpu& vcpu) {
    this_pcpu().scheduler.stop(vcpu.slot);
    vcpu.paused = false;
    Vm& vm = *vcpu.vm;
    const u32 self = 1U << vcpu.irqs.self().value;
    return (vm.halted.fetch_or(self) | self) == all_vcpus(vm);
}

void finish_end(Vm& vm) {
    switch (action_of(vm)) {
    case EndAction::stop: stop_vm(vm); break;
    case EndAction::halt:
        note_status(status_of(vm));
        end_machine(static_cast<EndStatus>(machine.status.load()));
    case EndAction::restart: break;
    }
}

// As PSCI CPU_ON leaves it.
[[gnu::noinline]] void reset(Vcpu& vcpu, const PowerStart& start) {
    vcpu.el1 = reset_context(start.entry);
    vcpu.frame = ExitFrame{};
    vcpu.frame.x[0] = start.context;
    vcpu.vtimer = TimerRegs{};
    vcpu.ptimer = TimerRegs{};
    vcpu.interface = VirtInterface{};
    vcpu.keys = PauthKeys{};
    vcpu.fp = FpState{};
}

} // namespace

void begin_vm(Vm& vm) {
    const VmDescription& description = *vm.description;
    vm.halted.store(0);
    vm.paused.store(0);
    reset_terminal(vm);
    vm.power.restart();
    // As one that comes back by its entry point.
    vm.power.suspend(VcpuIndex{0},
                     {description.entry.value(), place_guest(description).tree.base.value()});
    vm.state.store(static_cast<u32>(VmState::running));
    ask(*vm.vcpus[0], Ask::start);
}

void end_vm(Vm& vm, VmEnd how) {
    u32 state = static_cast<u32>(VmState::running);
    if (!vm.state.replace(state, static_cast<u32>(VmState::ending))) {
        return;
    }
    vm.end = how;
    for (u32 n = 0; n < vm.irqs.vcpus(); ++n) {
        ask(*vm.vcpus[n], Ask::halt);
    }
}

template <class G>
void start_vcpu(G gic, Pcpu& cpu, Vcpu& vcpu) {
    PowerStart start;
    // Of a VM that ends, the vCPU has halted already, or is about to.
    if (vcpu.vm->state.load() != static_cast<u32>(VmState::running) ||
        !vcpu.vm->power.arrive(vcpu.irqs.self(), start)) {
        return;
    }
    if (this_cpu().vcpu == &vcpu) {
        unload(gic, cpu); // it was turned off and stayed
    }
    reset(vcpu, start);
    cpu.scheduler.make_ready(vcpu.slot);
}

template <class G>
void halt_vcpu(G gic, Pcpu& cpu, Vcpu& vcpu) {
    if (this_cpu().vcpu == &vcpu) {
        unload(gic, cpu);
    }
    if (leave(vcpu)) {
        silence_devices(gic, *vcpu.vm);
        finish_end(*vcpu.vm);
    }
}

template void start_vcpu(HostGicV2, Pcpu&, Vcpu&);
template void start_vcpu(HostGicV3, Pcpu&, Vcpu&);
template void halt_vcpu(HostGicV2, Pcpu&, Vcpu&);
template void halt_vcpu(HostGicV3, Pcpu&, Vcpu&);

} // namespace hyp
