// SPDX-License-Identifier: Apache-2.0
#pragma once
// The guest's interrupt controller, whichever generation the device tree names: one object that
// forwards to GicV2 or GicV3, and what both have in common for private interrupts (SGI, PPI).

#include "gicv2.hpp"
#include "gicv3.hpp"

namespace guest {

class Gic {
public:
    /** Brings the controller up with every PPI disabled. The machine must have a GIC. */
    void init(const Machine& machine, EoiMode mode = EoiMode::joint);

    [[nodiscard]] Ack acknowledge() const { return is_v3_ ? v3_.acknowledge() : v2_.acknowledge(); }
    void end(Ack ack) const { is_v3_ ? v3_.end(ack) : v2_.end(ack); }
    void deactivate(Ack ack) const { is_v3_ ? v3_.deactivate(ack) : v2_.deactivate(ack); }
    void set_eoi_mode(EoiMode mode) const {
        is_v3_ ? v3_.set_eoi_mode(mode) : v2_.set_eoi_mode(mode);
    }

    /** Enable or disable one SGI or PPI of this CPU; complete on return. */
    void enable(Intid intid) const;
    void disable(Intid intid) const;

    [[nodiscard]] bool is_enabled(Intid intid) const { return bit(GICD_ISENABLER, intid); }
    [[nodiscard]] bool is_pending(Intid intid) const { return bit(GICD_ISPENDR, intid); }
    [[nodiscard]] bool is_active(Intid intid) const { return bit(GICD_ISACTIVER, intid); }

    [[nodiscard]] bool is_v3() const { return is_v3_; }
    [[nodiscard]] std::uintptr_t private_block() const {
        return is_v3_ ? v3_.private_block() : v2_.private_block();
    }
    [[nodiscard]] std::uintptr_t distributor() const {
        return is_v3_ ? v3_.distributor() : v2_.distributor();
    }
    /** v3 only: this CPU's RD_base frame. */
    [[nodiscard]] std::uintptr_t redistributor() const { return v3_.redistributor(); }

private:
    [[nodiscard]] bool bit(std::uintptr_t offset, Intid intid) const {
        return ((read32(private_block() + offset) >> intid.value) & 1) != 0;
    }

    bool is_v3_ = false;
    GicV2 v2_;
    GicV3 v3_;
};

} // namespace guest
