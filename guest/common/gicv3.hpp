// SPDX-License-Identifier: Apache-2.0
#pragma once
// GICv3 as a guest drives it (IHI 0069): distributor and redistributor in memory, CPU interface
// in system registers. Under Baton both memory parts are emulated and the ICC registers reach the
// GIC's virtual CPU interface, so that acknowledging and ending an interrupt never leaves the
// guest.

#include "gic_types.hpp"
#include "mmio.hpp"

namespace guest {

class GicV3 {
public:
    /** Brings up distributor, this CPU's redistributor and CPU interface. */
    void init(const Machine& machine, EoiMode mode);

    /** The redistributor and the CPU interface alone. */
    void init_further_cpu(const Machine& machine, EoiMode mode);

    /** ICC_IAR1_EL1: takes the most urgent pending interrupt; it becomes active. */
    [[nodiscard]] Ack acknowledge() const {
        return Ack{static_cast<std::uint32_t>(IccIar1::read())};
    }

    /** ICC_EOIR1_EL1: drops the running priority and, unless EOIs are split, deactivates. */
    void end(Ack ack) const {
        IccEoir1::write(ack.raw);
        isb(); // the drop takes effect before interrupts are unmasked
    }

    /** ICC_DIR_EL1: deactivates. Only for EoiMode::split. */
    void deactivate(Ack ack) const {
        IccDir::write(ack.raw);
        isb();
    }

    /** ICC_HPPIR1_EL1: the most urgent pending interrupt, left alone. */
    [[nodiscard]] static Intid highest_pending() {
        return Ack{static_cast<std::uint32_t>(IccHppir1::read())}.intid();
    }

    /** GICD_IROUTER: this SPI to this CPU's affinity. */
    void route_here(Intid intid) const {
        write64(distributor_ + GICD_IROUTER + 8 * std::uintptr_t{intid.value}, own_affinity());
    }

    /** GICD_CTLR.RWP, GICR_CTLR.RWP: until then a disabled interrupt may still be taken. */
    void wait_for_disable(Intid intid) const;

    /** Chooses whether end() also deactivates. */
    void set_eoi_mode(EoiMode mode) const;

    /** The block that holds enable, pending, active and priority of SGIs and PPIs. */
    [[nodiscard]] std::uintptr_t private_block() const { return redistributor_ + sgi_frame; }

    [[nodiscard]] std::uintptr_t distributor() const { return distributor_; }
    [[nodiscard]] std::uintptr_t redistributor() const { return redistributor_; }

private:
    enum : std::uintptr_t {
        GICD_CTLR = 0x0000,
        GICD_IROUTER = 0x6000,
        GICR_CTLR = 0x0000,
        GICR_TYPER = 0x0008,
        GICR_WAKER = 0x0014,
        GICR_IGROUPR0 = 0x0080, // in the SGI frame
    };
    static constexpr std::uintptr_t sgi_frame = 0x10000;
    static constexpr std::uintptr_t redistributor_stride = 0x20000;

    /** MPIDR_EL1's four affinity fields as GICD_IROUTER holds them. */
    [[nodiscard]] static std::uint64_t own_affinity() { return Mpidr::read() & 0xff00ffffff; }
    [[nodiscard]] static std::uintptr_t find_own_redistributor(std::uintptr_t region);
    void init_distributor() const;
    void init_redistributor() const;

    std::uintptr_t distributor_ = 0;
    std::uintptr_t redistributor_ = 0;
};

} // namespace guest
