// SPDX-License-Identifier: Apache-2.0
// Time as a guest sees it that may be paused: the two counters are one, neither goes back, no timer
// is early, and how long the longest moment was between two looks.
#include "watch.hpp"

#include "common/irq.hpp"
#include "common/mmio.hpp"
#include "common/smp.hpp"
#include "common/timer.hpp"

#include <cstdio>

namespace guest {
namespace {

GUEST_SYSREG(CntpTval, "cntp_tval_el0");

/** One timer's grid of deadlines; those that were slept over are left out. */
struct Grid {
    std::uint64_t deadline;
    volatile std::uint64_t ticks;
    volatile std::uint64_t early;

    template <class Timer>
    void begin(std::uint64_t period) {
        deadline = Timer::now() + period;
        Timer::arm(deadline);
    }
    template <class Timer>
    void tick(std::uint64_t period) {
        const std::uint64_t now = Timer::now();
        early = early + (now < deadline || !Timer::expired() ? 1U : 0U);
        ticks = ticks + 1;
        while (deadline <= now) {
            deadline += period;
        }
        Timer::set_deadline(deadline);
    }
};

constinit Grid virtual_grid{};
constinit Grid physical_grid{};
constinit std::uint64_t period = 0;
constinit volatile std::uint64_t foreign = 0;

void on_irq(std::uint64_t /*entered*/) {
    const Gic& gic = this_cpu().gic;
    const Ack ack = gic.acknowledge();
    if (ack.intid() == machine().virtual_timer) {
        virtual_grid.tick<VirtualTimer>(period);
    } else if (ack.intid() == machine().physical_timer) {
        physical_grid.tick<PhysicalTimer>(period);
    } else {
        foreign = foreign + 1;
        if (foreign > storm_limit) {
            end_storm();
        }
    }
    if (!(ack.intid() == spurious_intid)) {
        gic.end(ack);
    }
}

/** CNTP's three registers agree. With interrupts masked, so that nobody moves CVAL. */
bool is_consistent() {
    const std::uint64_t before = PhysicalTimer::now();
    const auto left = static_cast<std::int32_t>(CntpTval::read());
    const std::uint64_t after = PhysicalTimer::now();
    const auto until = [](std::uint64_t now) {
        return static_cast<std::int64_t>(CntpCval::read() - now);
    };
    return CntpCval::read() == physical_grid.deadline && until(after) <= left &&
           left <= until(before);
}

bool has_input() {
    constexpr std::uintptr_t UARTFR = 0x18;
    constexpr std::uint32_t empty = 1U << 4U;
    return (read32(machine().console + UARTFR) & empty) == 0;
}

} // namespace

Verdict watch_time() {
    const Gic& gic = this_cpu().gic;
    period = microseconds(1000);
    gic.enable(machine().physical_timer);
    set_irq_handler(on_irq);
    virtual_grid.begin<VirtualTimer>(period);
    physical_grid.begin<PhysicalTimer>(period);
    std::printf("lives: watching\n");
    unmask_interrupts();
    std::uint64_t last = VirtualTimer::now();
    std::uint64_t gap = 0;
    std::uint64_t wrong = 0;
    while (!has_input()) {
        mask_interrupts();
        const std::uint64_t physical = PhysicalTimer::now();
        const std::uint64_t now = VirtualTimer::now();
        wrong += last <= physical && physical <= now && is_consistent() ? 0U : 1U;
        wfi(); // with interrupts masked, which only keeps the tick that ends it
        unmask_interrupts();
        gap = now - last > gap ? now - last : gap;
        last = now;
    }
    mask_interrupts();
    VirtualTimer::stop();
    PhysicalTimer::stop();
    const std::uint64_t early = virtual_grid.early + physical_grid.early;
    std::printf("lives: %lu early, %lu foreign, %lu wrong looks; %s, gap %lu ms\n", early, foreign,
                wrong, virtual_grid.ticks != 0 && physical_grid.ticks != 0 ? "ticks" : "no ticks",
                nanoseconds(gap) / 1000000);
    return early + foreign + wrong == 0 && virtual_grid.ticks != 0 && physical_grid.ticks != 0
               ? Verdict::good
               : Verdict::bad;
}

} // namespace guest
