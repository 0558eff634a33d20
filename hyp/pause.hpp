// SPDX-License-Identifier: Apache-2.0
// VMs whose vCPUs stay away from their pCPUs for a while, and the time that passes meanwhile: for a VM
// whose manifest says so CNTVCT and CNTPCT stand still while it is paused, stopped or built.
#pragma once

#include "hyp/arch/sysreg.hpp"
#include "hyp/vm.hpp"

namespace hyp {

[[nodiscard]] inline u64 now_ticks() {
    return sysreg::read<SysReg::cntpct>();
}

// Such a VM has not lived since the last of its vCPUs left. None of them runs.
void skip_time(Vm& vm);

// By the home of a vCPU that is not loaded: its counter and its timers are the VM's from now on.
void take_time(Vcpu& vcpu);

// By its home: the VM is paused, and the vCPU is not loaded; it is not paused any more.
void stay_away(Vcpu& vcpu);
void come_back(Vcpu& vcpu);

} // namespace hyp
