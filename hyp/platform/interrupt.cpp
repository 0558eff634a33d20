// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/interrupt.hpp"

namespace hyp {

namespace {

// Linux Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml: the first cell is the
// kind, the second the number among its kind, the third the flags (low 4 bits: 1 rising edge, 2
// falling edge, 4 level high, 8 level low).
constexpr u32 kind_spi = 0;
constexpr u32 kind_ppi = 1;
constexpr u32 spi_count = 1020 - 32;
constexpr u32 ppi_count = 16;
constexpr u32 edge_flags = 3;

} // namespace

WiredInterrupt wired_interrupt(const InterruptSource& source, u32 n, const GicIdentity& gic) {
    const bool to_gic = source.parent == 0 || source.parent == gic.phandle;
    const u32 cells = gic.interrupt_cells;
    // 3 cells, or 4 where PPIs are partitioned between kinds of core (RK3399); the rest is no GIC.
    if (!to_gic || (cells != 3 && cells != 4) || n >= source.interrupts.cells() / cells) {
        return {};
    }
    const u32 kind = source.interrupts.cell(n * cells);
    const u32 number = source.interrupts.cell(n * cells + 1);
    const u32 flags = source.interrupts.cell(n * cells + 2);
    const Trigger trigger = (flags & edge_flags) != 0 ? Trigger::edge : Trigger::level;
    if (kind == kind_spi && number < spi_count) {
        return {true, PIntid::spi(number), trigger};
    }
    if (kind == kind_ppi && number < ppi_count) {
        return {true, PIntid::ppi(number), trigger};
    }
    return {};
}

} // namespace hyp
