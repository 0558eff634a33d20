// SPDX-License-Identifier: Apache-2.0
// How vCPUs and VMs begin and end. A VM is ended by asking each of its vCPUs' homes to let it go;
// whoever lets the last one go does what the manifest says for that end. Nobody waits.
//
//     building --begin_vm--> running --end_vm--> ending --last vCPU has left--> off, or building
//
// A VM is built by its vCPU 0, in that one's place among the vCPUs of its home: it is ready, and
// when its turn comes EL2 does a piece of the work, takes interrupts and decides again whose turn it is.
#pragma once

#include "hyp/irq.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

// What is built starts: vCPU 0 as the boot protocol says, the others when the guest turns them on.
void begin_vm(Vm& vm);

// By any pCPU; of several calls the first counts. The caller's vCPU may be one of the VM's: it is not
// entered again. False: the VM neither runs nor is built.
bool end_vm(Vm& vm, VmEnd how);

// By any pCPU, which does not wait until it has happened. False: the VM is not in the state for it.
// Time stands still for a paused or stopped VM whose manifest says so.
bool pause_vm(Vm& vm);
bool resume_vm(Vm& vm);
bool stop_vm(Vm& vm);
bool restart_vm(Vm& vm); // one that is off, too

// By the vCPU's home: does what others have asked of it. False: its VM does not run, and nothing else
// of the vCPU is to be looked at.
template <class G>
[[nodiscard]] bool tend(G gic, Pcpu& cpu, Vcpu& vcpu);
template <class G>
void start_vcpu(G gic, Pcpu& cpu, Vcpu& vcpu);

// hyp/rebuild.cpp, by the home of vCPU 0, whose VM is `building`; then each time that its turn comes.
void begin_building(Vcpu& first);
void build_step(Pcpu& cpu, Vcpu& first);

} // namespace hyp
