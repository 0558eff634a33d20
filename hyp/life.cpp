// SPDX-License-Identifier: Apache-2.0
#include "hyp/life.hpp"

#include "hyp/baton.hpp"
#include "hyp/pause.hpp"
#include "hyp/terminal.hpp"
#include "hyp/world.hpp"

namespace hyp {

namespace {

constexpr bool is_state(u32 word, VmState state) {
    return word == static_cast<u32>(state);
}

// False: it was not `from`.
[[nodiscard]] bool change_state(Vm& vm, VmState from, VmState to) {
    u32 word = static_cast<u32>(from);
    return vm.state.replace(word, static_cast<u32>(to));
}

[[nodiscard]] EndStatus status_of(const Vm& vm) {
    switch (vm.end) {
    case VmEnd::powered_off: return vm.verdict == 0 ? EndStatus::good : EndStatus::bad_verdict;
    case VmEnd::stopped:
    case VmEnd::restarted: return EndStatus::good;
    case VmEnd::faulted:
    case VmEnd::unloadable: return EndStatus::guest_fault;
    case VmEnd::reset: return EndStatus::reset;
    }
    __builtin_unreachable();
}

[[nodiscard]] EndAction asked_action(const Vm& vm) {
    switch (vm.end) {
    case VmEnd::powered_off:
    case VmEnd::stopped:
    case VmEnd::unloadable: return EndAction::stop;
    case VmEnd::faulted: return vm.description->on_crash;
    case VmEnd::reset: return vm.description->on_reset;
    case VmEnd::restarted: return EndAction::restart;
    }
    __builtin_unreachable();
}

// The manifest limits the restarts that it asks for.
[[nodiscard]] EndAction decide_action(Vm& vm) {
    const EndAction action = asked_action(vm);
    if (action != EndAction::restart || vm.end == VmEnd::restarted) {
        return action;
    }
    const u32 limit = vm.description->restart_limit;
    if (limit != 0 && vm.restarts == limit) {
        return EndAction::stop;
    }
    ++vm.restarts;
    return action;
}

// Of several that are not good the lowest stays.
void note_status(EndStatus status) {
    const u32 mine = static_cast<u32>(status);
    u32 now = machine.status.load();
    while (mine != 0 && (now == 0 || mine < now) && !machine.status.replace(now, mine)) {
    }
}

// It is off before anyone may restart it.
void leave_off(Vm& vm) {
    const u32 self = 1U << vm.number;
    const u32 ended = machine.ended.fetch_or(self) | self;
    if (ended == (1U << machine.vm_count) - 1) {
        end_machine(static_cast<EndStatus>(machine.status.load()));
    }
    vm.state.store(static_cast<u32>(VmState::off));
}

// Nothing of its devices signals any more, and nothing is left active.
template <class G>
void silence_devices(G gic, Vm& vm) {
    for (unsigned word = 1; word < guest_words; ++word) {
        for_each_intid(word, vm.irqs.hardware_word(word), [&](VIntid vintid) {
            const PIntid pintid = vm.irqs.pintid_of(vintid);
            gic.set_enable(pintid, Enable::off);
            gic.complete(pintid); // or it could signal once more
            gic.set_trigger(pintid, vm.irqs.wired_trigger(vintid));
            gic.clear_pending(pintid);
            gic.clear_active(pintid);
        });
    }
}

// All its vCPUs are off their pCPUs, and its devices silent.
void finish_end(Vm& vm) {
    vm.halted.store(0);
    const EndAction action = decide_action(vm);
    if (action == EndAction::restart) {
        vm.state.store(static_cast<u32>(VmState::building));
        ask(*vm.vcpus[0], Ask::build);
        return;
    }
    note_status(status_of(vm));
    if (action == EndAction::halt) {
        end_machine(static_cast<EndStatus>(machine.status.load()));
    }
    leave_off(vm);
}

// It is not loaded any more. True: all its VM's vCPUs are off their pCPUs now.
[[nodiscard]] bool halt(Vcpu& vcpu) {
    this_pcpu().scheduler.stop(vcpu.slot);
    vcpu.left_at = now_ticks();
    vcpu.parked.is_parked = false;
    vcpu.paused = false;
    vcpu.resumes = false;
    vcpu.builds = false;
    Vm& vm = *vcpu.vm;
    const u32 self = 1U << vcpu.irqs.self().value;
    return (vm.halted.fetch_or(self) | self) == (1U << vm.irqs.vcpus()) - 1;
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
    vcpu.powered_down = false;
    vcpu.awaits = false;
    vcpu.remote.state.store(RemoteAccess::none);
    take_time(vcpu);
}

} // namespace

void begin_vm(Vm& vm) {
    const VmDescription& description = *vm.description;
    vm.paused.store(0);
    vm.away.store(0);
    vm.verdict = 0;
    skip_time(vm);
    reset_terminal(vm);
    vm.power.restart();
    // As one that comes back by its entry point.
    vm.power.suspend(VcpuIndex{0},
                     {description.entry.value(), place_guest(description).tree.base.value()});
    if (change_state(vm, VmState::building, VmState::running)) {
        ask(*vm.vcpus[0], Ask::start);
    }
}

bool end_vm(Vm& vm, VmEnd how) {
    if (!change_state(vm, VmState::running, VmState::ending) &&
        !change_state(vm, VmState::building, VmState::ending)) {
        return false;
    }
    vm.end = how;
    for (u32 n = 0; n < vm.irqs.vcpus(); ++n) {
        ask(*vm.vcpus[n], Ask::halt);
    }
    return true;
}

bool stop_vm(Vm& vm) {
    return end_vm(vm, VmEnd::stopped);
}

bool restart_vm(Vm& vm) {
    if (!change_state(vm, VmState::off, VmState::building)) {
        return end_vm(vm, VmEnd::restarted);
    }
    machine.ended.fetch_and(~(1U << vm.number));
    ask(*vm.vcpus[0], Ask::build);
    return true;
}

template <class G>
bool tend(G gic, Pcpu& cpu, Vcpu& vcpu) {
    const u32 asks = vcpu.asks.exchange(0);
    Vm& vm = *vcpu.vm;
    if ((asks & static_cast<u32>(Ask::move_in)) != 0) {
        cpu.scheduler.attach(vcpu.slot, vcpu.rank, vcpu.slice);
        cpu.scheduler.make_ready(vcpu.slot);
    }
    const bool halts = (asks & static_cast<u32>(Ask::halt)) != 0;
    const bool pauses = vm.paused.load() != 0;
    if (this_cpu().vcpu == &vcpu && (halts || pauses)) {
        unload(gic, cpu);
    }
    if (halts) {
        if (halt(vcpu)) {
            silence_devices(gic, vm);
            finish_end(vm);
        }
        return false;
    }
    const u32 state = vm.state.load();
    if ((asks & static_cast<u32>(Ask::build)) != 0 && is_state(state, VmState::building)) {
        begin_building(vcpu);
    }
    if (!is_state(state, VmState::running)) {
        return false;
    }
    settle(gic, vcpu);
    if ((asks & static_cast<u32>(Ask::start)) != 0) {
        start_vcpu(gic, cpu, vcpu);
    }
    if (pauses) {
        stay_away(vcpu);
    } else if (vcpu.paused) {
        come_back(vcpu);
    }
    return true;
}

template <class G>
void start_vcpu(G gic, Pcpu& cpu, Vcpu& vcpu) {
    PowerStart start;
    // Of a VM that ends, the vCPU has halted already, or is about to.
    if (!is_state(vcpu.vm->state.load(), VmState::running) ||
        !vcpu.vm->power.arrive(vcpu.irqs.self(), start)) {
        return;
    }
    if (this_cpu().vcpu == &vcpu) {
        unload(gic, cpu); // it was turned off and stayed
    }
    reset(vcpu, start);
    cpu.scheduler.make_ready(vcpu.slot);
}

template bool tend(HostGicV2, Pcpu&, Vcpu&);
template bool tend(HostGicV3, Pcpu&, Vcpu&);
template void start_vcpu(HostGicV2, Pcpu&, Vcpu&);
template void start_vcpu(HostGicV3, Pcpu&, Vcpu&);

} // namespace hyp
