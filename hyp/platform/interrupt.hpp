// SPDX-License-Identifier: Apache-2.0
// Interrupts as nodes of the tree name them: kept as found until the whole tree has been seen,
// since only then it is known which node is the GIC and how many cells it gives an interrupt.
#pragma once

#include "hyp/core/tree/tree_reader.hpp"
#include "hyp/platform/platform.hpp"

namespace hyp {

// A node's `interrupts` and the phandle of the controller in force there (0: none was named).
struct InterruptSource {
    TreeValue interrupts{};
    u32 parent = 0;
};

// What the GIC's own node says about interrupts that name it.
struct GicIdentity {
    u32 phandle = 0;
    u32 interrupt_cells = 3;
};

// Interrupt n of `source`; absent when there is none or another controller than the GIC has it.
[[nodiscard, gnu::noinline]] WiredInterrupt wired_interrupt(const InterruptSource& source, u32 n,
                                                            const GicIdentity& gic);

} // namespace hyp
