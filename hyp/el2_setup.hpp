// SPDX-License-Identifier: Apache-2.0
// EL2's controls of a guest that stay as they are while it runs: what is trapped, what it sees of its
// CPU, its address space. By the boot pCPU, before the first entry.
#pragma once

#include "hyp/core/base/gic_generation.hpp"
#include "hyp/vm.hpp"

namespace hyp {

enum class WfiTrap : u8 { no, yes };

// Reads the ID registers that HCR_EL2.TID3 traps and keeps what the guest may see of them.
void read_id_registers(Vm& vm, GicGeneration gic, u32 address_bits);

// Writes the controls. Afterwards the guest's stage 2 translates and nothing older does.
void configure_el2(const Vm& vm, GicGeneration gic, WfiTrap wfi);

} // namespace hyp
