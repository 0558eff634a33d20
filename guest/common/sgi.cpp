// SPDX-License-Identifier: Apache-2.0
// Targets, as each generation writes them.

#include "sgi.hpp"

#include "interrupts.hpp"

#include <bit>

namespace guest {
namespace {

GUEST_SYSREG(IccSgi1r, "s3_0_c12_c11_5");

constexpr std::uint32_t filter_others = 1U << 24; // GICD_SGIR.TargetListFilter
constexpr std::uint32_t filter_self = 2U << 24;
constexpr std::uint64_t broadcast = std::uint64_t{1} << 40; // ICC_SGI1R_EL1.IRM

void write_sgir(std::uint32_t value) {
    write32(this_cpu().gic.distributor() + GICD_SGIR, value);
    dsb();
}

void write_sgi1r(std::uint64_t value) {
    IccSgi1r::write(value);
    isb();
}

/** ICC_SGI1R_EL1 for the one CPU with this affinity; all have Aff0 below 16 here. */
std::uint64_t target(std::uint64_t affinity) {
    return (affinity >> 32 & 0xff) << 48 | (affinity >> 16 & 0xff) << 32 |
           (affinity >> 8 & 0xff) << 16 | std::uint64_t{1} << (affinity & 0xf);
}

} // namespace

void send_sgi(Intid sgi, unsigned cpu) {
    dsb();
    const Cpu& to = cpu_at(cpu);
    if (this_cpu().gic.is_v3()) {
        write_sgi1r(target(to.affinity) | std::uint64_t{sgi.value} << 24);
    } else {
        write_sgir(std::uint32_t{to.interface} << 16 | sgi.value);
    }
}

void send_sgi_to_others(Intid sgi) {
    dsb();
    if (this_cpu().gic.is_v3()) {
        write_sgi1r(broadcast | std::uint64_t{sgi.value} << 24);
    } else {
        write_sgir(filter_others | sgi.value);
    }
}

void send_sgi_to_self(Intid sgi) {
    if (this_cpu().gic.is_v3()) {
        send_sgi(sgi, this_cpu().index);
    } else {
        dsb();
        write_sgir(filter_self | sgi.value);
    }
}

unsigned sgi_sender(Ack ack) {
    if (this_cpu().gic.is_v3()) {
        return max_cpus;
    }
    const auto interface = static_cast<std::uint8_t>(1U << (ack.raw >> 10 & 7)); // GICC_IAR.CPUID
    for (unsigned i = 0; i < cpu_count(); ++i) {
        if (cpu_at(i).interface == interface) {
            return i;
        }
    }
    return max_cpus;
}

void route_spi(Intid spi, unsigned cpu) {
    const Gic& gic = this_cpu().gic;
    if (gic.is_v3()) {
        write64(gic.distributor() + GICD_IROUTER + 8 * std::uintptr_t{spi.value},
                cpu_at(cpu).affinity);
    } else {
        write8(gic.distributor() + GICD_ITARGETSR + spi.value, cpu_at(cpu).interface);
    }
    dsb();
}

} // namespace guest
