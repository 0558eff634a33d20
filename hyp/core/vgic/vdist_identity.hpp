// SPDX-License-Identifier: Apache-2.0
// What the emulated distributor says of itself: the first registers of GICD, which do not depend on
// any interrupt's state. The slow path and the fast one answer with the same functions.
#pragma once

#include "hyp/core/base/gic_generation.hpp"
#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/vgic/intid_set.hpp"

namespace hyp::vdist {

// Implementer Arm, whom Linux knows; a product number of our own.
[[nodiscard]] constexpr u32 iidr() {
    constexpr u32 implementer_arm = 0x43b;
    constexpr u32 product_baton = 0xba;
    return product_baton << 24U | implementer_arm;
}

[[nodiscard]] constexpr u32 typer(GicGeneration generation, u8 vcpus) {
    constexpr u32 id_bits = 10;
    const GicdTyper common = GicdTyper{}.with<GicdTyper::ItLinesNumber>(guest_words - 1);
    return generation == GicGeneration::v2 ? common.with<GicdTyper::CpuNumber>(vcpus - 1U).raw()
                                           : common.with<GicdTyper::IdBits>(id_bits - 1).raw();
}

// `groups`: bit 0 Group 0, bit 1 Group 1, as the guest enabled them.
[[nodiscard]] constexpr u32 ctlr(GicGeneration generation, u8 groups) {
    constexpr u32 are_ds = 1U << 4U | 1U << 6U; // one security state, no legacy operation
    return groups | (generation == GicGeneration::v2 ? 0 : are_ds);
}

} // namespace hyp::vdist
