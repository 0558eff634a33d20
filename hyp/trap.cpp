// SPDX-License-Identifier: Apache-2.0
// Synchronous exits that the vector did not finish: MMIO, calls, system registers, WFI. Every one
// has an answer by table or by architecture; nothing that a guest does is an error of EL2.
#include "hyp/baton.hpp"
#include "hyp/core/vm/esr_decode.hpp"
#include "hyp/core/vm/guest_exception.hpp"
#include "hyp/core/vm/psci.hpp"
#include "hyp/guest_access.hpp"
#include "hyp/irq.hpp"

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

[[noreturn]] void end_vm(const Vm& vm, EndStatus status) {
    end_machine(status == EndStatus::good && vm.verdict != 0 ? EndStatus::bad_verdict : status);
}

// A fetch that fails at the very vector that would report it can never end: the VM is dead.
void on_instruction_abort(Vcpu& vcpu) {
    const u64 pc = reg::read<reg::elr_el2>();
    const u64 offset = pc - reg::read<reg::vbar_el1>();
    if (offset < 0x800 && offset % 0x80 == 0) {
        baton.console.print("\nbaton: VM %s: guest fault: its exception vector at %lx cannot be "
                            "fetched; stopped\n",
                            vcpu.vm->label, pc);
        end_vm(*vcpu.vm, EndStatus::guest_fault);
    }
    inject(GuestFault::instruction_abort);
}

// A virtual interrupt does not wake EL2's own WFI (DDI 0487, WFI wake-up events), and while it is
// listed its physical one cannot signal: with one pending the guest goes on at once, whatever
// PSTATE.I says. Physical interrupts wake though EL2 masks them; a spurious return is allowed.
template <class G>
void wait_for_interrupt(G gic, const Vcpu& vcpu) {
    // VMCR.VPMR: GICv2 keeps bits 7:3 of it, at the same place.
    const u32 priority_mask = gic.save_interface().vmcr >> 24 & 0xf8;
    if (vcpu.irqs.best_pending().value < priority_mask) {
        return;
    }
    gic.poke();
    barrier::dsb_sy(); // the guest's stores are out before the core stops
    asm volatile("wfi" ::: "memory");
}

template <class G>
void on_call(G gic, Vcpu& vcpu) {
    u64* x = vcpu.frame.x;
    const CallOutcome outcome = one_vcpu_call(x[0], x[1], x[2]);
    switch (outcome.action) {
    case CallAction::answer: break;
    case CallAction::wait: wait_for_interrupt(gic, vcpu); break;
    case CallAction::verdict: vcpu.vm->verdict = x[1]; break;
    case CallAction::power_off: end_vm(*vcpu.vm, EndStatus::good);
    case CallAction::reset: end_vm(*vcpu.vm, EndStatus::reset);
    }
    x[0] = outcome.value;
}

// Can it be told what the guest wanted, and may a device be behind the address?
[[nodiscard]] bool is_device_access(const DataAbortExit& exit) {
    return !exit.cache_maintenance && exit.syndrome_valid && !exit.abort.on_stage1_walk &&
           exit.abort.far_valid && exit.abort.status.kind == FaultKind::translation;
}

[[nodiscard]] GuestAccess guest_access(const Vcpu& vcpu, const MmioAccess& access) {
    // HPFAR_EL2.FIPA is bits 47:12 of the IPA at 43:4.
    const Ipa ipa{(reg::read<reg::hpfar_el2>() & ~u64{0xf}) << 8 |
                  (reg::read<reg::far_el2>() & 0xfff)};
    return {ipa, access.size, access.direction, vcpu.frame.read(access.rt.number)};
}

void finish_data_abort(Vcpu& vcpu, const DataAbortExit& exit, std::optional<u64> answer) {
    const bool is_read = exit.access.direction == Direction::read;
    if (!answer.has_value() && !exit.cache_maintenance) {
        inject(is_read ? GuestFault::load_abort : GuestFault::store_abort);
        return;
    }
    if (answer.has_value() && is_read) {
        vcpu.frame.write(exit.access.rt.number, loaded_value(exit.access, *answer));
    }
    skip_instruction(); // also where there is nothing behind the address to maintain
}

template <class G>
void on_data_abort(G gic, Vcpu& vcpu, EsrEl2 esr) {
    const DataAbortExit exit = decode_data_abort(esr);
    std::optional<u64> answer;
    if (is_device_access(exit)) {
        answer = access_device(gic, vcpu, guest_access(vcpu, exit.access));
    }
    finish_data_abort(vcpu, exit, answer);
}

void finish_system_register(Vcpu& vcpu, const SysRegExit& exit, std::optional<u64> answer) {
    if (!answer.has_value()) {
        inject(GuestFault::undefined);
        return;
    }
    if (exit.direction == Direction::read) {
        vcpu.frame.write(exit.rt.number, *answer);
    }
    skip_instruction();
}

template <class G>
void on_system_register(G gic, Vcpu& vcpu, EsrEl2 esr) {
    const SysRegExit exit = decode_system_register(esr);
    const u64 value = vcpu.frame.read(exit.rt.number);
    finish_system_register(vcpu, exit, access_system_register(gic, vcpu, exit, value));
}

template <class G>
[[nodiscard]] ExitFrame& guest_sync(G gic) {
    Vcpu& vcpu = *this_cpu().vcpu;
    sync_from(gic, vcpu.irqs);
    const EsrEl2 esr{static_cast<u32>(reg::read<reg::esr_el2>())};
    switch (exit_class(esr)) {
    case ExitClass::hvc64: on_call(gic, vcpu); break;
    case ExitClass::smc64:
        on_call(gic, vcpu);
        skip_instruction();
        break;
    case ExitClass::system_register: on_system_register(gic, vcpu, esr); break;
    case ExitClass::data_abort: on_data_abort(gic, vcpu, esr); break;
    case ExitClass::instruction_abort: on_instruction_abort(vcpu); break;
    case ExitClass::wfx:
        if (!decode_wait(esr).is_wfe()) {
            wait_for_interrupt(gic, vcpu);
        }
        skip_instruction();
        break;
    case ExitClass::fp:
    case ExitClass::unknown:
    case ExitClass::illegal_state:
    case ExitClass::other: inject(GuestFault::undefined); break;
    }
    return enter_guest(gic, vcpu);
}

} // namespace

extern "C" ExitFrame* on_guest_sync_v2(ExitFrame*);
extern "C" ExitFrame* on_guest_sync_v3(ExitFrame*);

extern "C" ExitFrame* on_guest_sync_v2(ExitFrame* /*frame*/) {
    return &guest_sync(HostGicV2{{}, {}});
}
extern "C" ExitFrame* on_guest_sync_v3(ExitFrame* /*frame*/) {
    return &guest_sync(HostGicV3{{}, {}});
}

} // namespace hyp
