// SPDX-License-Identifier: Apache-2.0
#pragma once
// What both GIC generations share: the acknowledge value, the two ways to end an interrupt, the two
// triggers, and the registers with a field for each INTID. Those of SGIs and PPIs v2 has in the
// distributor and v3 in the redistributor at the same offsets.

#include "machine.hpp"

namespace guest {

/** What an acknowledge returned, whole: GICv2 wants an SGI's source CPU back at its end. */
struct Ack {
    std::uint32_t raw;

    /** The interrupt taken; LPIs (v3, 8192 and up) are not used by these guests. */
    [[nodiscard]] constexpr Intid intid() const { return Intid{raw & 0x3ff}; }
};

/** GICC_CTLR.EOImode, ICC_CTLR_EL1.EOImode. */
enum class EoiMode : std::uint8_t {
    joint, // EOIR drops the priority and deactivates
    split, // EOIR drops the priority, DIR deactivates
};

/** GICD_ICFGR: what makes the interrupt pending. */
enum class Trigger : std::uint8_t { level, edge };

/** Registers with one bit, two bits or one byte per INTID, relative to Gic::block(). */
enum : std::uintptr_t {
    GICD_IGROUPR = 0x080,
    GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180,
    GICD_ISPENDR = 0x200,
    GICD_ICPENDR = 0x280,
    GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380,
    GICD_IPRIORITYR = 0x400,
    GICD_ICFGR = 0xc00,
};

} // namespace guest
