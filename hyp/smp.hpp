// SPDX-License-Identifier: Apache-2.0
// The machine's other pCPUs: how they come to run at EL2, each with its own page, stacks, map,
// redistributor and CPU interface. Once they run, none waits for another.
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/core/base/pcpu.hpp"
#include "hyp/platform/platform.hpp"

namespace hyp {

// By the boot pCPU, when the distributor is on. Starts platform.pcpus, waits for them for a bounded time, says on the
// console how many run and which do not, and why; who comes too late stays out.
void start_secondaries(const Platform& platform);

// Bit n: pCPU n runs. Constant after start_secondaries().
[[nodiscard]] u32 running_pcpus();

// For send_sgi() and route(). `pcpu` runs.
[[nodiscard]] const GicTarget& gic_target(u32 pcpu);

// The calling pCPU is initialised, its interrupts masked by PSTATE, its priority mask open. On the
// stack that is the pCPU's for every exit. Waits until the VMs are built (hyp/start.cpp).
[[noreturn]] void run_secondary(GicGeneration generation);

} // namespace hyp
