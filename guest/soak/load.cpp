// SPDX-License-Identifier: Apache-2.0
// The acts of guest/soak.

#include "load.hpp"

#include "common/sgi.hpp"

namespace guest::soak {
namespace {

constexpr std::uint32_t baton_yield = 0xc6000003;
constexpr std::uintptr_t GICD_TYPER = 0x4;

/** xorshift64. */
std::uint64_t next(Worker& worker) {
    std::uint64_t& state = worker.random;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/** Microseconds until the next deadline: most are short, some long, some past. */
std::uint64_t some_time(Worker& worker) {
    const std::uint64_t bits = next(worker);
    switch (bits >> 8 & 7) {
    case 0: return 0;
    case 1: return bits >> 16 & 0xfff;
    default: return bits >> 16 & 0x1ff;
    }
}

template <class Hardware>
void arm(Worker& worker, Alarm& alarm) {
    if (alarm.armed) {
        return;
    }
    const std::uint64_t wait = microseconds(some_time(worker)) - 1;
    mask_interrupts();
    ++alarm.planned;
    alarm.deadline = Hardware::now() + wait;
    alarm.armed = true;
    Hardware::arm(alarm.deadline);
    unmask_interrupts();
}

/** Until any interrupt; one that comes before it ends it at once, for they are masked. */
void nap(const Worker& worker) {
    mask_interrupts();
    if (worker.virtual_alarm.armed || worker.physical_alarm.armed) {
        wfi();
    }
    unmask_interrupts();
}

void ring_cpu(unsigned index) {
    (void)workers[index].rung.fetch_add(1);
    send_sgi(bell, index);
}

void ring(Worker& worker, unsigned index) {
    const unsigned other = static_cast<unsigned>(next(worker) >> 8) % cpu_count();
    if (other != index) {
        ring_cpu(other);
    }
}

/** Sleeps until the first CPU rings, which nothing but that ends. */
void sleep_until_rung(Worker& worker, unsigned index) {
    const bool seldom = (next(worker) >> 20 & 7) != 0;
    if (seldom || index == 0 || worker.virtual_alarm.armed || worker.physical_alarm.armed) {
        return;
    }
    mask_interrupts();
    worker.asleep.store(VirtualTimer::now());
    while (worker.asleep.load() != 0) { // the first CPU's store comes before its ring
        wfi();
        unmask_interrupts();
        mask_interrupts();
    }
    unmask_interrupts();
}

void look_at_distributor(Worker& worker) {
    const std::uintptr_t address = this_cpu().gic.distributor() + GICD_TYPER;
    const std::uint32_t cpus = read32(address) >> 5 & 7; // GICD_TYPER.CPUNumber, of both versions
    const bool is_known = this_cpu().gic.is_v3() || cpus + 1 == cpu_count();
    worker.mistakes += is_known ? 0U : 1U;
    worker.mistakes += this_cpu().gic.is_enabled(bell) ? 0U : 1U;
}

/** A register of FP keeps its number while others run; this file uses none for itself. */
void hold_number(Worker& worker) {
    const std::uint64_t number = next(worker);
    std::uint64_t found;
    asm volatile("fmov d9, %0" : : "r"(number));
    pass_time(number >> 20 & 31);
    asm volatile("fmov %0, d9" : "=r"(found));
    worker.mistakes += found == number ? 0U : 1U;
}

} // namespace

/** The first CPU wakes who has slept for a while. */
void wake_sleepers(Worker& worker) {
    const std::uint64_t now = VirtualTimer::now();
    const std::uint64_t long_enough = microseconds(next(worker) >> 20 & 0x3ff);
    for (unsigned i = 1; i < cpu_count(); ++i) {
        const std::uint64_t since = workers[i].asleep.load();
        if (since != 0 && now > since + long_enough) {
            workers[i].asleep.store(0);
            ring_cpu(i);
        }
    }
}

void act(Worker& worker, unsigned index) {
    switch (next(worker) >> 20 & 15) {
    case 0:
    case 1:
    case 2: arm<VirtualTimer>(worker, worker.virtual_alarm); break;
    case 3:
    case 4: arm<PhysicalTimer>(worker, worker.physical_alarm); break;
    case 5:
    case 6:
    case 7: nap(worker); break;
    case 8: pass_time(next(worker) >> 20 & 63); break;
    case 9: (void)hvc(baton_yield); break;
    case 10:
    case 11: ring(worker, index); break;
    case 12: look_at_distributor(worker); break;
    case 13: hold_number(worker); break;
    case 14: sleep_until_rung(worker, index); break;
    default: relax(); break;
    }
    if (index == 0) {
        wake_sleepers(worker);
    }
}

} // namespace guest::soak
