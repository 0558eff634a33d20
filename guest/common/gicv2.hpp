// SPDX-License-Identifier: Apache-2.0
#pragma once
// GICv2 as a guest drives it (IHI 0048B): distributor and CPU interface, both in memory. Under
// Baton the distributor is emulated and the "CPU interface" is the GIC's virtual one, so that
// acknowledging and ending an interrupt never leaves the guest.

#include "gic_types.hpp"
#include "mmio.hpp"

namespace guest {

class GicV2 {
public:
    /** Brings up distributor and CPU interface; every interrupt is still disabled. */
    void init(const Machine& machine, EoiMode mode);

    /** The banked registers and the CPU interface alone. */
    void init_further_cpu(const Machine& machine, EoiMode mode);

    /** GICC_IAR: takes the most urgent pending interrupt; it becomes active. */
    [[nodiscard]] Ack acknowledge() const { return Ack{read32(cpu_ + GICC_IAR)}; }

    /** GICC_EOIR: drops the running priority and, unless EOIs are split, deactivates. */
    void end(Ack ack) const { write32(cpu_ + GICC_EOIR, ack.raw); }

    /** GICC_DIR: deactivates. Only for EoiMode::split. */
    void deactivate(Ack ack) const { write32(cpu_ + GICC_DIR, ack.raw); }

    /** GICC_HPPIR: the most urgent pending interrupt, left alone. */
    [[nodiscard]] Intid highest_pending() const { return Ack{read32(cpu_ + GICC_HPPIR)}.intid(); }

    /** GICD_ITARGETSR: this SPI to this CPU, whose mask the banked first byte holds. */
    void route_here(Intid intid) const {
        write8(distributor_ + GICD_ITARGETSR + intid.value, read8(distributor_ + GICD_ITARGETSR));
    }

    /** This CPU's bit in GICD_ITARGETSR; the register is zero where there is one CPU. */
    [[nodiscard]] std::uint8_t interface() const {
        const std::uint8_t mask = read8(distributor_ + GICD_ITARGETSR);
        return mask != 0 ? mask : std::uint8_t{1};
    }

    /** Chooses whether end() also deactivates. */
    void set_eoi_mode(EoiMode mode) const;

    /** The block that holds enable, pending, active and priority of SGIs and PPIs. */
    [[nodiscard]] std::uintptr_t private_block() const { return distributor_; }

    [[nodiscard]] std::uintptr_t distributor() const { return distributor_; }

private:
    enum : std::uintptr_t {
        GICD_CTLR = 0x000,
        GICD_ITARGETSR = 0x800,
        GICC_CTLR = 0x0000,
        GICC_PMR = 0x0004,
        GICC_IAR = 0x000c,
        GICC_EOIR = 0x0010,
        GICC_HPPIR = 0x0018,
        GICC_DIR = 0x1000,
    };

    std::uintptr_t distributor_ = 0;
    std::uintptr_t cpu_ = 0;
};

} // namespace guest
