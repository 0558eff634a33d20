// SPDX-License-Identifier: Apache-2.0
// The answers to a guest's trapped loads, stores and system register accesses, the same for both
// GICs: what only the GIC itself can tell or do is asked for before (physical_words) or left over
// (Outcome::deactivation).
#pragma once

#include "hyp/core/vm/esr_decode.hpp"
#include "hyp/vm.hpp"

namespace hyp {

struct GuestAccess {
    Ipa ipa{};
    u8 size = 0; // bytes: 1, 2, 4 or 8
    Direction direction = Direction::read;
    u64 value = 0; // written
};

// What the guest finds at an address.
struct alignas(8) Device {
    enum class Kind : u8 { none, ignored, deactivation, distributor, console, forwarded };
    Kind kind = Kind::none;
    VdistFrame frame = VdistFrame::gicd;
    u32 offset = 0;    // within the frame
    VcpuIndex owner{}; // whose redistributor, or who looks at the distributor
};
[[nodiscard]] Device device_at(const Vcpu& vcpu, const GuestAccess& access);

// The words of physical state that a read needs: what read_physical() is to read.
[[nodiscard]] u32 physical_words(const Vcpu& vcpu, const Device& device, const GuestAccess& access);

enum class Outcome : u8 {
    absent,       // nothing is there: the guest gets the fault that the architecture gives
    done,         // a read gives `value`
    deactivation, // a write of DIR, `value` as the guest wrote it; see deactivate()
};
struct Answer {
    Outcome outcome = Outcome::done;
    u64 value = 0;
};

// The emulated devices. The vCPU has been synced, `phys` holds physical_words().
[[nodiscard]] Answer access_device(Vcpu& vcpu, const Device& device, const GuestAccess& access,
                                   const PhysWords& phys);

// The trapped system registers. `value` is what a write writes. The vCPU has been synced.
[[nodiscard]] Answer access_system_register(Vcpu& vcpu, const SysRegExit& exit, u64 value);

// The guest's DIR, where it traps: it counts only in EOImode 1 (VMCR.VEOIM, the same bit in both).
void deactivate(Vcpu& vcpu, u32 vmcr, u64 value);

} // namespace hyp
