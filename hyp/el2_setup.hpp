// SPDX-License-Identifier: Apache-2.0
// EL2's controls of a guest that stay as they are while it runs: what is trapped, what it sees of its
// CPU, its address space. Those of the pCPU are the same for every vCPU; a vCPU's are a value that is
// loaded with it. hyp/arch/README.md lists what is switched, trapped and hidden.
#pragma once

#include "hyp/arch/el1_context.hpp"
#include "hyp/core/base/gic_generation.hpp"
#include "hyp/vm.hpp"

namespace hyp {

enum class WfiTrap : u8 { no, yes };

// Reads the ID registers that HCR_EL2.TID3 traps and keeps what the guest may see of them.
void read_id_registers(Vm& vm, GicGeneration gic, u32 address_bits);

// What holds on the executing pCPU whichever vCPU is loaded: once, before the first is. Afterwards
// its timers are off, FP is closed and its TLB holds nothing of a guest.
void configure_pcpu();

// What vCPU `number` of `vm` is loaded with, `vmid` being the VM's own. Depends on the CPU that it is
// asked on, which all CPUs of a machine are like.
[[nodiscard]] Confinement confinement_of(const Vm& vm, u16 vmid, GicGeneration gic, u32 number,
                                         WfiTrap wfi);

} // namespace hyp
