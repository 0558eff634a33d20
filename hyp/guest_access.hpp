// SPDX-License-Identifier: Apache-2.0
// The answers to a guest's trapped loads, stores and system register accesses, the same for both
// GICs: what only the GIC itself can tell or do is asked for before (physical_words) or left over
// (Outcome::deactivation).
#pragma once

#include "hyp/pcpu.hpp"

namespace hyp {

[[nodiscard]] Device device_at(const Vcpu& vcpu, const GuestAccess& access);

// The words of physical state that a read needs: what read_physical() is to read.
[[nodiscard]] u32 physical_words(const Vcpu& vcpu, const Device& device, const GuestAccess& access);

enum class Outcome : u8 {
    absent,       // nothing is there: the guest gets the fault that the architecture gives
    done,         // a read gives `value`
    deactivation, // a write of DIR, `value` as the guest wrote it; see deactivate()
    again,        // the vCPU waits for a sibling's answer, and repeats the access then
};
struct Answer {
    Outcome outcome = Outcome::done;
    u64 value = 0;
};

// The emulated devices. The vCPU has been synced, `phys` holds physical_words().
[[nodiscard]] Answer access_device(Vcpu& vcpu, const Device& device, const GuestAccess& access,
                                   const PhysWords& phys);

void serve_access(Vcpu& owner, Vcpu& asker, const PhysWords& phys);
// By the home of `owner`, whom siblings have asked (Vcpu::askers) to make accesses to its redistributor.
// `read_phys` is as read_physical(), of nothing if the vCPU is not loaded.
template <class ReadPhys>
void serve_siblings(Vcpu& owner, ReadPhys read_phys) {
    for (u32 rest = owner.askers.load() == 0 ? 0 : owner.askers.exchange(0); rest != 0;
         rest &= rest - 1) {
        Vcpu& asker = *owner.vm->vcpus[static_cast<u32>(__builtin_ctz(rest))];
        serve_access(owner, asker,
                     read_phys(physical_words(owner, asker.remote.device, asker.remote.access)));
        notify(asker);
    }
}

// The trapped system registers. `value` is what a write writes. The vCPU has been synced.
[[nodiscard]] Answer access_system_register(Vcpu& vcpu, const SysRegExit& exit, u64 value);

// The loaded vCPU waits for a sibling; what it did is done again when there is an answer.
void await_answer(Vcpu& vcpu);

// The access that it repeats would not wait any more.
[[nodiscard]] inline bool has_answer(const Vcpu& vcpu) {
    return vcpu.awaits && !vcpu.irqs.is_asking() && vcpu.remote.state.load() != RemoteAccess::asked;
}

// Only a sibling's list registers tell: the vCPU repeats its access when they have. Interrupts that come
// meanwhile are taken first.
[[nodiscard]] bool must_wait(Vcpu& vcpu, const Device& device, const GuestAccess& access);

// The guest's DIR, where it traps: it counts only in EOImode 1 (VMCR.VEOIM, the same bit in both).
void deactivate(Vcpu& vcpu, u32 vmcr, u64 value);

} // namespace hyp
