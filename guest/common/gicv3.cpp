// SPDX-License-Identifier: Apache-2.0
// GICv3 set-up. What every interrupt needs is in the header.

#include "gicv3.hpp"

namespace guest {

void GicV3::init(const Machine& machine, EoiMode mode) {
    distributor_ = machine.distributor;
    init_distributor();
    init_further_cpu(machine, mode);
}

void GicV3::init_further_cpu(const Machine& machine, EoiMode mode) {
    distributor_ = machine.distributor;
    redistributor_ = find_own_redistributor(machine.cpu_interface);
    init_redistributor();
    IccSre::write(IccSre::read() | 1); // ICC_SRE_EL1.SRE: the system registers are the interface
    isb();
    IccPmr::write(0xf0); // the idle priority: every usable one is more urgent
    set_eoi_mode(mode);
    IccIgrpen1::write(1);
    isb();
}

void GicV3::set_eoi_mode(EoiMode mode) const {
    constexpr std::uint64_t eoi_mode = 1U << 1; // ICC_CTLR_EL1.EOImode
    IccCtlr::write(mode == EoiMode::split ? eoi_mode : 0);
    isb();
}

void GicV3::wait_for_disable(Intid intid) const {
    constexpr std::uint32_t distributor_busy = 1U << 31;
    constexpr std::uint32_t redistributor_busy = 1U << 3;
    if (intid.value < first_spi.value) {
        while ((read32(redistributor_ + GICR_CTLR) & redistributor_busy) != 0) {
        }
    } else {
        while ((read32(distributor_ + GICD_CTLR) & distributor_busy) != 0) {
        }
    }
}

/** The frame whose GICR_TYPER holds this CPU's affinity; the last one if none does. */
std::uintptr_t GicV3::find_own_redistributor(std::uintptr_t region) {
    constexpr std::uint64_t last = 1U << 4; // GICR_TYPER.Last
    const std::uint64_t mpidr = Mpidr::read();
    const std::uint64_t affinity = ((mpidr >> 8) & 0xff000000) | (mpidr & 0x00ffffff);
    for (std::uintptr_t frame = region;; frame += redistributor_stride) {
        const std::uint64_t typer = read64(frame + GICR_TYPER);
        if ((typer >> 32) == affinity || (typer & last) != 0) {
            return frame;
        }
    }
}

void GicV3::init_distributor() const {
    constexpr std::uint32_t enable_group1 = 1U << 1; // also EnableGrp1A in the non-secure view
    constexpr std::uint32_t affinity_routing = 1U << 4;
    write32(distributor_ + GICD_CTLR, affinity_routing);
    write32(distributor_ + GICD_CTLR, affinity_routing | enable_group1);
}

void GicV3::init_redistributor() const {
    constexpr std::uint32_t processor_sleep = 1U << 1;
    constexpr std::uint32_t children_asleep = 1U << 2;
    constexpr unsigned wake_up_polls = 100000;
    write32(redistributor_ + GICR_WAKER, read32(redistributor_ + GICR_WAKER) & ~processor_sleep);
    for (unsigned i = 0; i < wake_up_polls; ++i) {
        if ((read32(redistributor_ + GICR_WAKER) & children_asleep) == 0) {
            break;
        }
    }
    write32(private_block() + GICR_IGROUPR0, 0xffffffff); // Group 1: IRQ, not FIQ
    write32(private_block() + GICD_ICENABLER, 0xffffffff);
}

} // namespace guest
