// SPDX-License-Identifier: Apache-2.0
// How a guest receives its timer interrupt, and proof that it receives each one exactly once.

#include "modes.hpp"

#include "common/gic.hpp"
#include "common/irq.hpp"
#include "common/timer.hpp"

#include <cstdio>

namespace guest {
namespace {

/** Shared with the handler, which runs between any two instructions of the rest. */
struct Seen {
    volatile std::uint64_t received; // timer interrupts taken
    volatile std::uint64_t spurious; // acknowledges that returned no interrupt
    volatile std::uint64_t foreign;  // interrupts that nobody asked for
    volatile std::uint64_t entered;  // the counter when the vector of the last tick ran
};

constinit Seen seen{};
constinit Gic gic{};

/** The whole life of a tick in the guest: acknowledge, make the line low, end. */
void on_irq(std::uint64_t entered) {
    const Ack ack = gic.acknowledge();
    if (seen.received + seen.spurious + seen.foreign > storm_limit) {
        end_storm();
    }
    if (ack.intid() == spurious_intid) {
        seen.spurious = seen.spurious + 1;
        return;
    }
    if (ack.intid() == machine().virtual_timer) {
        VirtualTimer::mask();
        seen.entered = entered;
        seen.received = seen.received + 1;
    } else if (ack.intid() == machine().physical_timer) {
        PhysicalTimer::mask(); // the alarm clock of wait_for_tick()
    } else {
        seen.foreign = seen.foreign + 1;
    }
    gic.end(ack);
}

/** How long after its deadline a tick counts as lost: hosts may be busy. */
constexpr std::uint64_t patience_us = 5000000;

/** Waits for the `count`-th tick, but not much longer than until `deadline`. */
bool wait_for_tick(std::uint64_t count, std::uint64_t deadline, bool sleep) {
    const std::uint64_t end = deadline + microseconds(patience_us);
    if (sleep) { // a sleep that no tick ends needs another end
        PhysicalTimer::arm(PhysicalTimer::now() + (end - VirtualTimer::now()));
    }
    while (seen.received < count) {
        if (VirtualTimer::now() > end) {
            return false;
        }
        if (sleep) {
            mask_interrupts(); // a tick between test and WFI stays pending and ends the WFI
            if (seen.received < count) {
                wfi();
            }
            unmask_interrupts();
        }
    }
    PhysicalTimer::stop();
    return true;
}

struct Plan {
    std::uint64_t ticks;
    std::uint64_t period;
    bool sleep;
};

/** Programs and awaits the `n`-th tick; false, after one sentence, when it is lost or odd. */
bool one_tick(const Plan& plan, std::uint64_t n, std::uint64_t& worst) {
    const std::uint64_t deadline = VirtualTimer::now() + plan.period;
    VirtualTimer::arm(deadline);
    if (!wait_for_tick(n, deadline, plan.sleep)) {
        std::printf("tick %lu of %lu was lost: %lu s after its time it has not come\n", n,
                    plan.ticks, patience_us / 1000000);
        return false;
    }
    if (seen.received != n || seen.entered < deadline) {
        std::printf("tick %lu of %lu came %s\n", n, plan.ticks,
                    seen.received != n ? "more than once" : "before its time");
        return false;
    }
    const std::uint64_t late = seen.entered - deadline;
    worst = late > worst ? late : worst;
    std::printf("tick %lu of %lu: %lu ticks (%lu ns) late\n", n, plan.ticks, late,
                nanoseconds(late));
    return true;
}

/** With the timer masked nothing more may come. */
void watch_silence(std::uint64_t length) {
    const std::uint64_t end = VirtualTimer::now() + length;
    while (VirtualTimer::now() < end) {
    }
}

} // namespace

Verdict run_ticks(const BootArgs& args) {
    const Plan plan{args.number("ticks", 10), args.number("period", microseconds(10000)),
                    args.value("idle", "spin") == "wfi"};
    gic.init(machine());
    gic.enable(machine().virtual_timer);
    if (plan.sleep) {
        gic.enable(machine().physical_timer);
    }
    set_irq_handler(on_irq);
    unmask_interrupts();

    std::uint64_t worst = 0;
    std::uint64_t programmed = 0;
    bool good = true;
    while (good && programmed < plan.ticks) {
        ++programmed;
        good = one_tick(plan, programmed, worst);
    }
    watch_silence(2 * plan.period);

    mask_interrupts();
    VirtualTimer::stop();
    std::printf("%lu ticks programmed, %lu received, %lu spurious, %lu foreign; "
                "worst lateness %lu ticks (%lu ns)\n",
                programmed, seen.received, seen.spurious, seen.foreign, worst, nanoseconds(worst));
    good = good && seen.received == programmed && seen.spurious + seen.foreign == 0;
    return good ? Verdict::good : Verdict::bad;
}

} // namespace guest
