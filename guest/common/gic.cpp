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

void Gic::enable(Intid intid) const {
    constexpr std::uint8_t middle_priority = 0xa0; // what Linux gives every interrupt
    write8(private_block() + GICD_IPRIORITYR + intid.value, middle_priority);
    write32(private_block() + GICD_ISENABLER, 1U << intid.value);
    dsb();
}

void Gic::disable(Intid intid) const {
    write32(private_block() + GICD_ICENABLER, 1U << intid.value);
    dsb();
}

} // namespace guest
