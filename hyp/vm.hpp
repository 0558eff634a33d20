// SPDX-License-Identifier: Apache-2.0
// A virtual machine and its vCPU, as EL2 keeps them. The pCPU that has the vCPU loaded owns it.
#pragma once

#include "hyp/arch/frame.hpp"
#include "hyp/core/base/addr.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/core/manifest/manifest.hpp"
#include "hyp/core/mm/stage2.hpp"
#include "hyp/core/vgic/vcpu_irqs.hpp"
#include "hyp/core/vgic/vdist.hpp"
#include "hyp/core/vgic/vm_irqs.hpp"
#include "hyp/core/vm/id_registers.hpp"
#include "hyp/core/vm/power.hpp"
#include "hyp/core/watch/stuck_watch.hpp"
#include "hyp/platform/pass_device.hpp"

namespace hyp {

struct Vm {
    Vm(GicGeneration generation, const VgicCaps& caps)
        : irqs{1, caps.guest_group}, distributor{irqs, generation} {}

    VmIrqs irqs;
    Vdist distributor;
    VmPower power{1};
    const char* label = "";
    Stage2 stage2{};
    PaRange ram{};                            // behind guest_ram_base, contiguous
    u64 id_registers[id_register_count]{};    // what TID3 traps answer
    ForwardedFrame forwarded[device_count]{}; // by DeviceId
    u64 verdict = 0;                          // the guest's last verdict: 0, or something is wrong
};

struct Vcpu {
    Vcpu(Vm& owner, VcpuIndex number, const VgicCaps& caps)
        : vm{&owner},
          irqs{owner.irqs, number, caps},
          affinity{Affinity::of_mpidr(guest_affinity(caps.generation, number.value))} {}

    u64 vector_scratch[16]{}; // the C++ vectors push below `frame`
    ExitFrame frame{};        // SP_EL2 while the guest runs
    Vm* vm;
    VcpuIrqs irqs;
    StuckWatch* watch = nullptr; // of `irqs`, if there is a watchdog
    Affinity affinity;           // what the guest reads in MPIDR_EL1
};

// The guest's physical address map: QEMU's virt, so that what is built for it runs unmodified.
namespace guest_map {

inline constexpr IpaRange flash{Ipa{0}, 128 * mib}; // reads as zero, writes are ignored
inline constexpr IpaRange gicd_v2{Ipa{0x0800'0000}, 4 * kib};
inline constexpr IpaRange gicd_v3{Ipa{0x0800'0000}, 64 * kib};
inline constexpr IpaRange gicc{Ipa{0x0801'0000}, 4 * kib};     // GICV's first page
inline constexpr IpaRange gicc_dir{Ipa{0x0801'1000}, 4 * kib}; // its second: trapped
inline constexpr IpaRange gicr{Ipa{0x080a'0000}, 128 * kib};   // one vCPU

} // namespace guest_map
} // namespace hyp
