// SPDX-License-Identifier: Apache-2.0
// Devices of the machine in a guest's hands: mapped into its address space where a page is all its
// own, else each access is made here for it. Their interrupts are forwarded as any hardware
// interrupt is.
#pragma once

#include "hyp/guest_access.hpp"
#include "hyp/platform/pass_device.hpp"

namespace hyp {

// Gives the vCPU's VM a device of its description, with its interrupt, which stays disabled until
// the guest enables it and comes to this pCPU, as all SPIs do (init_distributor). Refuses to boot when
// that cannot be. Returns the interrupt, whose trigger is the caller's to set.
[[nodiscard]] WiredInterrupt give_device(Vcpu& vcpu, const VmDescription& description,
                                         const Platform& platform, DeviceId id);

// Makes the guest's access to a device of its own, with its own size. Absent: there is no such
// device, or the access is none that it could answer: not aligned, 8 bytes wide, beyond its end.
[[nodiscard]] Answer forward_access(const Vm& vm, const GuestAccess& access);

} // namespace hyp
