// SPDX-License-Identifier: Apache-2.0
// Behaviour for the hypervisor's own eyes: a guest that does not end an interrupt for a while, and
// one that does a little of everything that its trace can show.

#include "modes.hpp"

#include "common/gic.hpp"
#include "common/irq.hpp"
#include "common/timer.hpp"

#include <cstdio>

namespace guest {
namespace {

constinit Gic gic{};
volatile std::uint64_t ticks = 0;
volatile std::uint64_t others = 0;
volatile bool keep = false;                         // do not end the next tick
volatile std::uint32_t kept = spurious_intid.value; // what was acknowledged then

void on_irq(std::uint64_t) {
    const Ack ack = gic.acknowledge();
    if (ack.intid() == machine().virtual_timer) {
        ticks = ticks + 1;
        VirtualTimer::mask();
        if (keep) {
            keep = false;
            kept = ack.raw;
            return;
        }
    } else {
        others = others + 1;
    }
    gic.end(ack);
}

void open() {
    gic.init(machine());
    gic.enable(machine().virtual_timer);
    set_irq_handler(on_irq);
    unmask_interrupts();
}

/** Spins, for a WFI would wait for ever behind an interrupt that is never ended. */
bool await_ticks(std::uint64_t count) {
    constexpr std::uint64_t patience_us = 5000000;
    const std::uint64_t end = VirtualTimer::now() + microseconds(patience_us);
    while (ticks < count && VirtualTimer::now() < end) {
    }
    return ticks == count;
}

bool tick(std::uint64_t count) {
    VirtualTimer::arm(VirtualTimer::now() + microseconds(1000));
    return await_ticks(count);
}

} // namespace

Verdict run_stuck(const BootArgs& args) {
    const std::uint64_t rounds = args.number("rounds", 1);
    const std::uint64_t hold = microseconds(1000 * args.number("hold", 400));
    open();
    std::uint64_t count = 0;
    bool good = true;
    for (std::uint64_t round = 0; good && round < rounds; ++round) {
        good = tick(++count);
        keep = true;
        good = good && tick(++count);
        const std::uint64_t end = VirtualTimer::now() + hold;
        while (VirtualTimer::now() < end) {
        }
        gic.end(Ack{kept});
        std::printf("ended INTID %u after %lu ms\n", Ack{kept}.intid().value,
                    nanoseconds(hold) / 1000000);
        good = good && tick(++count) && tick(++count);
    }
    std::printf("%lu ticks programmed, %lu received, %lu others\n", count, ticks, others);
    return good && others == 0 ? Verdict::good : Verdict::bad;
}

Verdict run_events() {
    constexpr std::uint32_t cpu_suspend = 0x84000001;
    constexpr Intid first{120};
    constexpr Intid second{121}; // in the same word of GICD_ISPENDR
    open();
    for (const Intid spi : {first, second}) {
        gic.set_up_spi(spi, Trigger::edge);
        gic.enable(spi);
    }
    gic.disable(machine().virtual_timer);
    gic.enable(machine().virtual_timer);
    write32(gic.distributor() + GICD_ISPENDR + std::uintptr_t{first.value} / 32 * 4,
            3U << first.value % 32);
    dsb();
    mask_interrupts(); // the tick is not taken before the sleep that it ends
    VirtualTimer::arm(VirtualTimer::now() + microseconds(20000));
    hvc(cpu_suspend);
    unmask_interrupts();
    const bool good = await_ticks(1) && others == 2;
    std::uint64_t features = 0;
    asm volatile("mrs %0, id_aa64pfr0_el1" : "=r"(features));
    visit_hypervisor();
    std::printf("%lu ticks and %lu others received, features %lx\n", ticks, others, features);
    return good ? Verdict::good : Verdict::bad;
}

} // namespace guest
