// SPDX-License-Identifier: Apache-2.0
// Writes the device tree that a guest gets: the part of QEMU's `virt` that Baton gives it.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/gic_generation.hpp"
#include "hyp/core/base/result.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/manifest/devices.hpp"

namespace hyp {

struct GuestMachine {
    GicGeneration gic = GicGeneration::v3;
    u32 vcpus = 1;
    IpaRange ram{};
    IpaRange initrd{}; // size 0: none
    const char* bootargs = "";
    DeviceSet devices{}; // with the PL011 that a console looks like: guest_devices()
};

// VMPIDR_EL1 affinity of vCPU n as QEMU's virt numbers CPUs: 8 a cluster with GICv2, 16 with GICv3.
// The same value belongs in GICR_TYPER and in the vCPU's VMPIDR_EL2.
[[nodiscard]] constexpr u64 guest_affinity(GicGeneration gic, u32 vcpu) {
    const u32 cluster = gic == GicGeneration::v2 ? 8 : 16;
    return u64{vcpu / cluster} << 8 | vcpu % cluster;
}

// Writes the tree of `machine` into `buffer` (8-byte aligned) and gives its size in bytes; fails
// when `size` bytes do not hold it.
[[nodiscard]] Result<usize> write_guest_tree(void* buffer, usize size, const GuestMachine& machine);

} // namespace hyp
