// SPDX-License-Identifier: Apache-2.0
// GICv2 set-up. What every interrupt needs is in the header.

#include "gicv2.hpp"

namespace guest {

void GicV2::init(const Machine& machine, EoiMode mode) {
    distributor_ = machine.distributor;
    write32(distributor_ + GICD_CTLR, 0);
    init_further_cpu(machine, mode);
    write32(distributor_ + GICD_CTLR, 1);
}

void GicV2::init_further_cpu(const Machine& machine, EoiMode mode) {
    distributor_ = machine.distributor;
    cpu_ = machine.cpu_interface;
    write32(distributor_ + GICD_ICENABLER, 0xffff0000); // no PPI; SGIs cannot be disabled anyway
    write32(cpu_ + GICC_PMR, 0xf0); // the idle priority: every usable one is more urgent
    set_eoi_mode(mode);
}

void GicV2::set_eoi_mode(EoiMode mode) const {
    constexpr std::uint32_t enable = 1U << 0;
    constexpr std::uint32_t eoi_mode = 1U << 9; // GICC_CTLR.EOImode
    write32(cpu_ + GICC_CTLR, enable | (mode == EoiMode::split ? eoi_mode : 0));
}

} // namespace guest
