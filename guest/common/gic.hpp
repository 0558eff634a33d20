// SPDX-License-Identifier: Apache-2.0
#pragma once
// The guest's interrupt controller, whichever generation the device tree names: one object that
// forwards to GicV2 or GicV3, and what both have in common for the state of one interrupt.

#include "gicv2.hpp"
#include "gicv3.hpp"

namespace guest {

class Gic {
public:
    /** Brings the controller up with every PPI disabled. The machine must have a GIC. */
    void init(const Machine& machine, EoiMode mode = EoiMode::joint);

    /** The share of a further CPU, on that CPU: the distributor is left as it is. */
    void init_further_cpu(const Machine& machine, EoiMode mode = EoiMode::joint);

    [[nodiscard]] Ack acknowledge() const { return is_v3_ ? v3_.acknowledge() : v2_.acknowledge(); }
    void end(Ack ack) const { is_v3_ ? v3_.end(ack) : v2_.end(ack); }
    void deactivate(Ack ack) const { is_v3_ ? v3_.deactivate(ack) : v2_.deactivate(ack); }
    void set_eoi_mode(EoiMode mode) const {
        is_v3_ ? v3_.set_eoi_mode(mode) : v2_.set_eoi_mode(mode);
    }

    /** Enable or disable one interrupt (a private one of this CPU); complete on return. */
    void enable(Intid intid) const;
    void disable(Intid intid) const;

    /** Readies a disabled SPI: Group 1 on v3, to this CPU, with this trigger; enable() is next. */
    void set_up_spi(Intid intid, Trigger trigger) const;

    /** 0 is the most urgent; at least the upper four bits count. */
    void set_priority(Intid intid, std::uint8_t priority) const {
        write8(block(intid) + GICD_IPRIORITYR + intid.value, priority);
    }

    /** Makes the interrupt pending, or not, as software may; complete on return. */
    void set_pending(Intid intid) const;
    void clear_pending(Intid intid) const;
    void clear_active(Intid intid) const;

    [[nodiscard]] bool is_enabled(Intid intid) const { return bit(GICD_ISENABLER, intid); }
    [[nodiscard]] bool is_pending(Intid intid) const { return bit(GICD_ISPENDR, intid); }
    [[nodiscard]] bool is_active(Intid intid) const { return bit(GICD_ISACTIVER, intid); }
    [[nodiscard]] Trigger trigger(Intid intid) const;

    /** HPPIR: what an acknowledge would return if priorities allowed it. Changes nothing. */
    [[nodiscard]] Intid highest_pending() const {
        return is_v3_ ? GicV3::highest_pending() : v2_.highest_pending();
    }

    [[nodiscard]] bool is_v3() const { return is_v3_; }
    [[nodiscard]] std::uintptr_t private_block() const {
        return is_v3_ ? v3_.private_block() : v2_.private_block();
    }
    [[nodiscard]] std::uintptr_t distributor() const {
        return is_v3_ ? v3_.distributor() : v2_.distributor();
    }
    /** Where the registers of `intid` are; their offsets are the same in both places. */
    [[nodiscard]] std::uintptr_t block(Intid intid) const {
        return intid.value < first_spi.value ? private_block() : distributor();
    }
    /** v2 only: the bit of this CPU in GICD_ITARGETSR. */
    [[nodiscard]] std::uint8_t v2_interface() const { return v2_.interface(); }
    /** v3 only: this CPU's RD_base frame. */
    [[nodiscard]] std::uintptr_t redistributor() const { return v3_.redistributor(); }

private:
    [[nodiscard]] bool bit(std::uintptr_t offset, Intid intid) const {
        return (read32(word(offset, intid)) & mask(intid)) != 0;
    }
    /** The word of a register with one bit an INTID, and the bit in it. */
    [[nodiscard]] std::uintptr_t word(std::uintptr_t offset, Intid intid) const {
        return block(intid) + offset + std::uintptr_t{intid.value} / 32 * 4;
    }
    [[nodiscard]] static constexpr std::uint32_t mask(Intid intid) {
        return 1U << (intid.value % 32);
    }
    /** The word of GICD_ICFGR, with two bits an INTID, and the upper one, which says "edge". */
    [[nodiscard]] std::uintptr_t config_word(Intid intid) const {
        return block(intid) + GICD_ICFGR + std::uintptr_t{intid.value} / 16 * 4;
    }
    [[nodiscard]] static constexpr std::uint32_t edge_mask(Intid intid) {
        return 2U << (2 * (intid.value % 16));
    }

    bool is_v3_ = false;
    GicV2 v2_;
    GicV3 v3_;
};

} // namespace guest
