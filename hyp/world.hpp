// SPDX-License-Identifier: Apache-2.0
// The world switch: one vCPU leaves this pCPU, another one gets it. What is switched, trapped and
// hidden is listed in hyp/arch/README.md.
//
// Order: the timers of the old one off, so that its lines are down; its list registers; the physical
// private state of the new one, complete; its list registers (core/vgic/apply.hpp); its timers. Else an
// interrupt is pending that is nobody's, or a guest ends one whose active bit is written only later.
#pragma once

#include "hyp/irq.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

// VMCR.VPMR of the vCPU: GICv2 keeps bits 7:3 of it, at the same place.
[[nodiscard]] constexpr u8 priority_mask(u32 vmcr) {
    return static_cast<u8>(vmcr >> 24 & 0xf8);
}

// The loaded vCPU, if any, has been synced.
template <class G>
void switch_to(G gic, Pcpu& cpu, Vcpu& next);

// A vCPU that was put as words (core/fast/parked.hpp) is put as it would have been by unload(). Before
// anything is asked of its VcpuIrqs.
template <class G>
void settle(G gic, Vcpu& vcpu);

// Nobody is loaded afterwards.
template <class G>
void unload(G gic, Pcpu& cpu);

// When a vCPU that is about to wait has to be woken for its timers: the earliest deadline of those
// that could then interrupt it, in CNTPCT ticks.
[[nodiscard]] u64 wake_up_time(const Vcpu& vcpu);

} // namespace hyp
