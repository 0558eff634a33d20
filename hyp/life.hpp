// SPDX-License-Identifier: Apache-2.0
// How vCPUs and VMs begin and end. A VM is ended by asking each of its vCPUs' homes to let it go;
// whoever lets the last one go does what the manifest says for that end. Nobody waits.
#pragma once

#include "hyp/irq.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

// Before the first guest is entered, or after the VM has ended: vCPU 0 is to start as the boot
// protocol says, the others when the guest turns them on.
void begin_vm(Vm& vm);

// By any pCPU; the first call counts. The caller's vCPU may be one of them: it is not entered again.
void end_vm(Vm& vm, VmEnd how);

// By the vCPU's home, which others have asked (Ask).
template <class G>
void start_vcpu(G gic, Pcpu& cpu, Vcpu& vcpu);
template <class G>
void halt_vcpu(G gic, Pcpu& cpu, Vcpu& vcpu);

} // namespace hyp
