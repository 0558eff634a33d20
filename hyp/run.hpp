// SPDX-License-Identifier: Apache-2.0
// What each pCPU does between two runs of a guest: look at what was posted, choose a vCPU, switch to
// it if it is another, fill its list registers, enter; or sleep until there is one.
#pragma once

#include "hyp/irq.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

// Every slow path ends here, once the exit has been handled. The loaded vCPU, if there is one, has
// been synced. Returns the frame to resume.
template <class G>
[[nodiscard]] ExitFrame& resume(G gic);

// Acknowledged interrupts, one after the other, beginning with `first`, until there is none.
template <class G>
void take_interrupts(G gic, Ack first);

// The loaded vCPU waits for an interrupt (WFI, CPU_SUSPEND), unless one is there already.
template <class G>
void wait_for_interrupt(G gic, Vcpu& vcpu);

} // namespace hyp
