// SPDX-License-Identifier: Apache-2.0
// Which of the machine's CPUs are Baton's pCPUs.
#pragma once

#include "hyp/platform/platform.hpp"

namespace hyp {

// MPIDR_EL1's affinity fields. PSCI's too: QEMU refuses an MPIDR with its RES1 bit 31.
inline constexpr u64 mpidr_affinity = 0xff'00ff'ffff;

// Fills platform.pcpus: first the CPU of this affinity, which executes, whether the tree has it or
// not; then, in the tree's order, those that can be started, until there are max_pcpus.
void choose_pcpus(Platform& platform, u64 boot_affinity);

} // namespace hyp
