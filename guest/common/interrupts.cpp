// SPDX-License-Identifier: Apache-2.0
// Interrupts by INTID: what takes more than one access.

#include "interrupts.hpp"

namespace guest {
namespace {

GUEST_SYSREG(IccSgi1r, "s3_0_c12_c11_5");
GUEST_SYSREG(IccSgi0r, "s3_0_c12_c11_7");

constexpr std::uint32_t all_ones = 0xffffffff;
constexpr std::uint32_t middle_priorities = 0xa0a0a0a0;
constexpr std::uint32_t affinity_routing = 1U << 4; // GICD_CTLR.ARE

} // namespace

void Interrupts::init(const Machine& machine) {
    gic_.init(machine);
    cpu_.init(machine);
    count_ = 32 * ((read32(gic_.distributor() + GICD_TYPER) & 0x1f) + 1);
    for (std::uint32_t spi = 32; spi < count_; ++spi) {
        route_here(Intid{spi});
    }
}

void Interrupts::set_priority(Intid i, std::uint8_t priority) const {
    write8(block(i) + GICD_IPRIORITYR + i.value, priority);
    dsb();
}

void Interrupts::set_group(Intid i, Group group) const {
    const std::uintptr_t address = word(GICD_IGROUPR, i);
    const std::uint32_t mask = 1U << (i.value % 32);
    const std::uint32_t before = read32(address);
    write32(address, group == Group::group1 ? before | mask : before & ~mask);
    dsb();
}

void Interrupts::set_edge(Intid i, bool edge) const {
    const std::uintptr_t address = block(i) + GICD_ICFGR + std::uintptr_t{i.value} / 16 * 4;
    const std::uint32_t mask = 2U << (i.value % 16 * 2);
    const std::uint32_t before = read32(address);
    write32(address, edge ? before | mask : before & ~mask);
    dsb();
}

void Interrupts::enable_groups(std::uint32_t groups) const {
    write32(gic_.distributor() + GICD_CTLR, groups | (is_v3() ? affinity_routing : 0));
    dsb();
}

void Interrupts::send_to_self(Intid sgi, Group group) const {
    if (!is_v3()) {
        constexpr std::uint32_t only_self = 2U << 24; // GICD_SGIR.TargetListFilter
        write32(gic_.distributor() + GICD_SGIR, only_self | sgi.value);
        dsb();
        return;
    }
    const std::uint64_t mpidr = Mpidr::read();
    const std::uint64_t value = (mpidr >> 32 & 0xff) << 48 | (mpidr >> 16 & 0xff) << 32 |
                                std::uint64_t{sgi.value} << 24 | (mpidr >> 8 & 0xff) << 16 |
                                std::uint64_t{1} << (mpidr & 0xf);
    if (group == Group::group0) {
        IccSgi0r::write(value);
    } else {
        IccSgi1r::write(value);
    }
    isb();
}

void Interrupts::make_pending(Intid i, Group group) const {
    if (i.value < 16) {
        send_to_self(i, group);
    } else {
        set_pending(i);
    }
}

void Interrupts::retract(Intid i) const {
    if (i.value < 16 && !is_v3()) {
        write8(gic_.distributor() + GICD_CPENDSGIR + i.value, 0xff);
        dsb();
    } else {
        clear_pending(i);
    }
}

void Interrupts::reset_word(unsigned index, Group group) const {
    const Intid first{index * 32};
    write32(word(GICD_ICENABLER, first), all_ones);
    write32(word(GICD_ICPENDR, first), all_ones);
    write32(word(GICD_ICACTIVER, first), all_ones);
    write32(word(GICD_IGROUPR, first), group == Group::group1 ? all_ones : 0);
    for (unsigned i = 0; i < 32; i += 4) {
        write32(block(first) + GICD_IPRIORITYR + first.value + i, middle_priorities);
    }
    if (index == 0) {
        write32(block(first) + GICD_ICFGR + 4, 0); // PPIs are levels, where that can be chosen
        for (unsigned i = 0; !is_v3() && i < 16; i += 4) {
            write32(gic_.distributor() + GICD_CPENDSGIR + i, all_ones);
        }
        return;
    }
    for (unsigned i = 0; i < 2; ++i) {
        write32(gic_.distributor() + GICD_ICFGR + std::uintptr_t{index} * 8 + std::uintptr_t{i} * 4,
                0xaaaaaaaa);
    }
}

void Interrupts::route_here(Intid i) const {
    if (is_v3()) {
        write64(gic_.distributor() + GICD_IROUTER + std::uintptr_t{i.value} * 8,
                Mpidr::read() & 0xff00ffffff);
    } else {
        write8(gic_.distributor() + GICD_ITARGETSR + i.value, 1);
    }
    dsb();
}

void Interrupts::reset(Group group) const {
    enable_groups(0);
    for (unsigned index = 0; index < count_ / 32; ++index) {
        reset_word(index, group);
    }
    dsb();
}

} // namespace guest
