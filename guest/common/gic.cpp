// SPDX-License-Identifier: Apache-2.0
// What is the same on both GIC generations.

#include "gic.hpp"

namespace guest {

void Gic::init(const Machine& machine, EoiMode mode) {
    is_v3_ = machine.gic == GicVersion::v3;
    if (is_v3_) {
        v3_.init(machine, mode);
    } else {
        v2_.init(machine, mode);
    }
}

void Gic::init_further_cpu(const Machine& machine, EoiMode mode) {
    is_v3_ = machine.gic == GicVersion::v3;
    if (is_v3_) {
        v3_.init_further_cpu(machine, mode);
    } else {
        v2_.init_further_cpu(machine, mode);
    }
}

void Gic::enable(Intid intid) const {
    constexpr std::uint8_t middle_priority = 0xa0; // what Linux gives every interrupt
    set_priority(intid, middle_priority);
    write32(word(GICD_ISENABLER, intid), mask(intid));
    dsb();
}

void Gic::disable(Intid intid) const {
    write32(word(GICD_ICENABLER, intid), mask(intid));
    dsb();
    if (is_v3_) {
        v3_.wait_for_disable(intid);
    }
}

void Gic::set_up_spi(Intid intid, Trigger trigger) const {
    if (is_v3_) {
        const std::uintptr_t group = word(GICD_IGROUPR, intid);
        write32(group, read32(group) | mask(intid)); // Group 1: IRQ, not FIQ
        v3_.route_here(intid);
    } else {
        v2_.route_here(intid);
    }
    // IHI 0048B, GICD_ICFGR: only while the interrupt is disabled.
    const std::uintptr_t config = config_word(intid);
    const std::uint32_t rest = read32(config) & ~edge_mask(intid);
    write32(config, rest | (trigger == Trigger::edge ? edge_mask(intid) : 0));
    dsb();
}

void Gic::set_pending(Intid intid) const {
    write32(word(GICD_ISPENDR, intid), mask(intid));
    dsb();
}

void Gic::clear_pending(Intid intid) const {
    write32(word(GICD_ICPENDR, intid), mask(intid));
    dsb();
}

void Gic::clear_active(Intid intid) const {
    write32(word(GICD_ICACTIVER, intid), mask(intid));
    dsb();
}

Trigger Gic::trigger(Intid intid) const {
    return (read32(config_word(intid)) & edge_mask(intid)) != 0 ? Trigger::edge : Trigger::level;
}

} // namespace guest
