// SPDX-License-Identifier: Apache-2.0
// Synchronous exits that the vector did not finish: MMIO, calls, system registers, WFI. Every one
// has an answer by table or by architecture; nothing that a guest does is an error of EL2.
#include "hyp/baton.hpp"
#include "hyp/common_register.hpp"
#include "hyp/core/vm/esr_decode.hpp"
#include "hyp/core/vm/guest_exception.hpp"
#include "hyp/core/vm/psci.hpp"
#include "hyp/fast_switch.hpp"
#include "hyp/guest_access.hpp"
#include "hyp/irq.hpp"
#include "hyp/life.hpp"
#include "hyp/run.hpp"
#include "hyp/self_crash.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

// The instruction that trapped is done. AArch32's may have two bytes.
void skip_instruction() {
    const EsrEl2 esr{static_cast<u32>(reg::read<reg::esr_el2>())};
    reg::write<reg::elr_el2>(reg::read<reg::elr_el2>() + instruction_length(esr));
}

// EL1 takes `fault` at the instruction where the guest stopped.
void inject(GuestFault fault) {
    const u64 spsr = reg::read<reg::spsr_el2>();
    const PstateFeatures features{.pan = (reg::read<reg::id_aa64mmfr1_el1>() >> 20 & 0xf) != 0,
                                  .ssbs = (reg::read<reg::id_aa64pfr1_el1>() >> 4 & 0xf) != 0};
    const GuestException entry =
        make_guest_exception(fault, spsr, reg::read<reg::sctlr_el1>(), features);
    reg::write<reg::elr_el1>(reg::read<reg::elr_el2>());
    reg::write<reg::spsr_el1>(spsr);
    reg::write<reg::esr_el1>(entry.esr);
    reg::write<reg::far_el1>(reg::read<reg::far_el2>());
    reg::write<reg::elr_el2>(reg::read<reg::vbar_el1>() + entry.vector_offset);
    reg::write<reg::spsr_el2>(entry.spsr);
}

// A fetch that fails at the very vector that would report it can never end: the VM is dead.
void on_instruction_abort(Vcpu& vcpu) {
    const u64 pc = reg::read<reg::elr_el2>();
    const u64 offset = pc - reg::read<reg::vbar_el1>();
    if (offset < 0x800 && offset % 0x80 == 0) {
        baton.console.print("\nbaton: VM %s, vCPU %u: guest fault: its exception vector at %lx "
                            "cannot be fetched\n",
                            vcpu.vm->label, vcpu.irqs.self().value, pc);
        end_vm(*vcpu.vm, VmEnd::faulted);
        return;
    }
    inject(GuestFault::instruction_abort);
}

// An exit, decoded: what it is and what of the GIC's state must be read for it.
struct Exit {
    EsrEl2 esr;
    ExitClass what;
    DataAbortExit abort{}; // the rest for data aborts only
    GuestAccess access{};
    Device device{};
    u32 physical_words = 0;
};

// Can it be told what the guest wanted, and may a device be behind the address?
[[nodiscard]] bool is_device_access(const DataAbortExit& exit) {
    return !exit.cache_maintenance && exit.syndrome_valid && !exit.abort.on_stage1_walk &&
           exit.abort.far_valid && exit.abort.status.kind == FaultKind::translation;
}

[[nodiscard]] Exit describe_exit(const Vcpu& vcpu) {
    const EsrEl2 esr{static_cast<u32>(reg::read<reg::esr_el2>())};
    trace(TraceEvent::exit_sync(static_cast<u32>(esr.raw()), reg::read<reg::elr_el2>()));
    Exit exit{esr, exit_class(esr)};
    if (exit.what != ExitClass::data_abort) {
        return exit;
    }
    exit.abort = decode_data_abort(esr);
    if (is_device_access(exit.abort)) {
        const Ipa ipa = fault_ipa(reg::read<reg::hpfar_el2>(), reg::read<reg::far_el2>());
        const MmioAccess& access = exit.abort.access;
        exit.access = {ipa, access.size, access.direction, vcpu.frame.read(access.rt.number)};
        exit.device = device_at(vcpu, exit.access);
        exit.physical_words = physical_words(vcpu, exit.device, exit.access);
    }
    return exit;
}

// What is left to do by the GIC's driver.
enum class Rest : u8 { nothing, wait, await, deactivate };
struct Handled {
    Rest rest = Rest::nothing;
    u64 value = 0; // of DIR
};

// A read's value goes to `rt`, or `fault` to a guest that touched what is not there.
[[nodiscard]] Handled finish_access(Vcpu& vcpu, const Answer& answer, Direction direction,
                                    GuestRegister rt, GuestFault fault) {
    if (answer.outcome == Outcome::absent) {
        inject(fault);
        return {};
    }
    if (answer.outcome == Outcome::again) {
        return {Rest::await};
    }
    if (direction == Direction::read) {
        vcpu.frame.write(rt.number, answer.value);
    }
    skip_instruction();
    return {answer.outcome == Outcome::deactivation ? Rest::deactivate : Rest::nothing,
            answer.value};
}

[[nodiscard]] TraceEvent access_event(const Exit& exit, const Answer& answer) {
    const GuestAccess& access = exit.access;
    const bool is_write = access.direction == Direction::write;
    const bool known = exit.device.kind == Device::Kind::distributor;
    return TraceEvent::access(known ? static_cast<TraceFrame>(exit.device.frame)
                                    : TraceFrame::elsewhere,
                              known ? exit.device.offset : static_cast<u32>(access.ipa.value()),
                              access.size, is_write, is_write ? access.value : answer.value);
}

[[nodiscard]] Handled on_data_abort(Vcpu& vcpu, const Exit& exit, const PhysWords& phys) {
    if (exit.abort.cache_maintenance) {
        skip_instruction(); // there is nothing behind the address to maintain
        return {};
    }
    const MmioAccess& access = exit.abort.access;
    const bool is_read = access.direction == Direction::read;
    Answer answer = access_device(vcpu, exit.device, exit.access, phys);
    trace(access_event(exit, answer));
    if (is_read) {
        answer.value = loaded_value(access, answer.value);
    }
    return finish_access(vcpu, answer, access.direction, access.rt,
                         is_read ? GuestFault::load_abort : GuestFault::store_abort);
}

[[nodiscard]] Handled on_system_register(Vcpu& vcpu, EsrEl2 esr) {
    const SysRegExit exit = decode_system_register(esr);
    if (is_pauth_key(exit.reg) && has_pauth()) {
        pauth_trap(vcpu.keys);
        return {}; // it tries again
    }
    const u64 written = vcpu.frame.read(exit.rt.number);
    const Answer answer = access_system_register(vcpu, exit, written);
    const bool is_write = exit.direction == Direction::write;
    trace(TraceEvent::register_use(exit.reg, is_write, is_write ? written : answer.value));
    return finish_access(vcpu, answer, exit.direction, exit.rt, GuestFault::undefined);
}

[[nodiscard]] Handled on_call(Vcpu& vcpu) {
    u64* x = vcpu.frame.x;
    if constexpr (is_checked_build) {
        crash_at_call(x[0]);
    }
    Vm& vm = *vcpu.vm;
    const CpuIds ids{reg::read<reg::id_aa64pfr0_el1>(), reg::read<reg::id_aa64pfr1_el1>(),
                     reg::read<reg::id_aa64mmfr1_el1>()};
    const Caller caller{vm.power, vcpu.irqs.self(), vm.description->ram(), ids};
    const CallOutcome outcome = guest_call(caller, x[0], x[1], x[2], x[3]);
    const u64 verdict = x[1];
    x[0] = outcome.value;
    switch (outcome.action) {
    case CallAction::answer: break;
    case CallAction::wait: return {Rest::wait};
    case CallAction::start_cpu: ask(*vm.vcpus[outcome.target.value], Ask::start); break;
    case CallAction::cpu_off: this_pcpu().scheduler.stop(vcpu.slot); break;
    case CallAction::suspend_power_down: vcpu.powered_down = true; return {Rest::wait};
    case CallAction::yield: this_pcpu().scheduler.yield(vcpu.slot); break;
    case CallAction::verdict: vm.verdict = verdict; break;
    case CallAction::system_off: end_vm(vm, VmEnd::powered_off); break;
    case CallAction::reset: end_vm(vm, VmEnd::reset); break;
    }
    return {};
}

// Another one's turn, if there is another one; WFIT and WFET wake at a time at the latest.
[[nodiscard]] Handled on_wait(Vcpu& vcpu, EsrEl2 esr) {
    skip_instruction();
    if (decode_wait(esr).is_wfe()) {
        this_pcpu().scheduler.yield(vcpu.slot);
        return {};
    }
    return {Rest::wait};
}

// The vCPU has been synced; `phys` holds what the exit asked for.
[[nodiscard]] Handled handle(Vcpu& vcpu, const Exit& exit, const PhysWords& phys) {
    switch (exit.what) {
    case ExitClass::hvc64: return on_call(vcpu);
    case ExitClass::smc64: skip_instruction(); return on_call(vcpu);
    case ExitClass::system_register: return on_system_register(vcpu, exit.esr);
    case ExitClass::data_abort: return on_data_abort(vcpu, exit, phys);
    case ExitClass::instruction_abort: on_instruction_abort(vcpu); return {};
    case ExitClass::wfx: return on_wait(vcpu, exit.esr);
    case ExitClass::fp: fp_trap(vcpu.fp); return {};
    case ExitClass::pauth: pauth_trap(vcpu.keys); return {};
    case ExitClass::unknown:
    case ExitClass::illegal_state:
    case ExitClass::other: break;
    }
    inject(GuestFault::undefined);
    return {};
}

template <class G>
[[nodiscard]] bool trapped_with_dir(G gic, Vcpu& vcpu, const Exit& exit) {
    if (exit.what != ExitClass::system_register ||
        !common_register(gic, vcpu, decode_system_register(exit.esr))) {
        return false;
    }
    skip_instruction();
    return true;
}

template <class G>
[[nodiscard, gnu::noinline]] ExitFrame& guest_sync(G gic, Vcpu& vcpu) {
    const Exit exit = describe_exit(vcpu);
    sync_from(gic, vcpu.irqs);
    watch_exit(vcpu);
    if (must_wait(vcpu, exit.device, exit.access)) {
        return resume(gic);
    }
    const Handled handled = trapped_with_dir(gic, vcpu, exit)
                                ? Handled{}
                                : handle(vcpu, exit, read_physical(gic, exit.physical_words));
    switch (handled.rest) {
    case Rest::nothing: break;
    case Rest::wait: wait_for_interrupt(gic, vcpu); break;
    case Rest::await: await_answer(vcpu); break;
    case Rest::deactivate: deactivate(vcpu, gic.read_vmcr(), handled.value); break;
    }
    return resume(gic);
}

// The exit was handled by words, but whom to enter is to be decided.
template <class G>
[[nodiscard, gnu::noinline]] ExitFrame& decide_anew(G gic) {
    if (Vcpu* vcpu = this_cpu().vcpu; vcpu != nullptr) {
        sync_from(gic, vcpu->irqs);
    }
    return resume(gic);
}

// What can be done without a look at the vCPU's interrupts is.
template <class G>
[[nodiscard, gnu::always_inline]] inline ExitFrame* take_exit(G gic) {
    Vcpu& vcpu = *this_cpu().vcpu;
    const EsrEl2 esr{static_cast<u32>(reg::read<reg::esr_el2>())};
    const ExceptionClass what = esr.get<EsrEl2::Ec>();
    const bool calls = what == ExceptionClass::hvc64 &&
                       static_cast<u32>(vcpu.frame.x[0]) == static_cast<u32>(Call::baton_yield);
    const bool waits = what == ExceptionClass::wfx && IssWfx{esr.raw()}.get<IssWfx::Ti>() == 0;
    if ((!calls && !waits) || !vcpu.is_quiet || !this_pcpu().inbox.is_empty() ||
        machine.idle.load() != 0) {
        return &guest_sync(gic, vcpu);
    }
    if (calls) {
        ExitFrame* const frame = fast_yield(gic.plain());
        return frame != nullptr ? frame : &decide_anew(gic);
    }
    const FastWait wait = fast_wait(gic.plain());
    switch (wait.outcome) {
    case FastWait::declined: return &guest_sync(gic, vcpu);
    case FastWait::asleep: return &decide_anew(gic);
    case FastWait::done: break;
    }
    return wait.frame;
}

} // namespace

extern "C" ExitFrame* on_guest_sync_v2(ExitFrame*);
extern "C" ExitFrame* on_guest_sync_v3(ExitFrame*);

extern "C" ExitFrame* on_guest_sync_v2(ExitFrame* /*frame*/) {
    return take_exit(HostGicV2{{}, {}});
}
extern "C" ExitFrame* on_guest_sync_v3(ExitFrame* /*frame*/) {
    return take_exit(HostGicV3{{}, {}});
}

} // namespace hyp
