// SPDX-License-Identifier: Apache-2.0
// guest/periodic: a real-time guest. It sleeps in WFI, takes the virtual timer's interrupt on a
// fixed grid of deadlines and says at its end how late the handler was entered.
// Command line: [period-us=N] [ticks=N] [warm-up=N] [max-spread=N] [end-first]
//   period-us   between two deadlines (1000)
//   ticks       deadlines (1000)
//   warm-up     so many of them first, which are not measured (2)
//   end-first   the interrupt is ended, its line low, before the next deadline is set: so QEMU's GICv2
//               loses none without the work-around for its fault
//   max-spread  bound in counter ticks between the least and the greatest lateness; above it, or
//               with a deadline missed, the verdict is bad (none)
// A deadline is missed when the handler was entered for it only after the next one. The measured ticks
// stand between HINT #0x61 and HINT #0x67, NOPs that QEMU's plugins see (scripts/plugin).

#include "common/bootargs.hpp"
#include "common/gic.hpp"
#include "common/irq.hpp"
#include "common/psci.hpp"
#include "common/timer.hpp"

#include <cstdio>

namespace guest {
namespace {

/** The handler's, until `left` is zero. */
struct Measured {
    std::uint64_t period;
    std::uint64_t deadline;
    std::uint64_t ignored; // warm-up, still to come
    volatile std::uint64_t left;
    std::uint64_t taken;
    std::uint64_t missed;
    std::uint64_t early;
    std::uint64_t foreign;
    std::uint64_t least;
    std::uint64_t greatest;
    std::uint64_t sum;
};

constexpr std::uint64_t unbounded = ~std::uint64_t{0};

constinit Measured run{};
constinit bool end_first = false;
constinit Gic gic{};

/** One deadline: `late` ticks behind it the vector was entered. */
void record(std::uint64_t late) {
    if (run.ignored != 0) {
        if (--run.ignored == 0) {
            asm volatile("hint #0x61" : : : "memory");
        }
        return;
    }
    ++run.taken;
    run.sum += late;
    run.least = late < run.least ? late : run.least;
    run.greatest = late > run.greatest ? late : run.greatest;
}

void on_tick(std::uint64_t entered) {
    if (entered < run.deadline || !VirtualTimer::expired()) {
        ++run.early;
        VirtualTimer::set_deadline(run.deadline); // still to come
        return;
    }
    const std::uint64_t late = entered - run.deadline;
    record(late);
    std::uint64_t passed = 1 + late / run.period;
    run.missed += passed - 1;
    passed = passed < run.left ? passed : run.left;
    run.left = run.left - passed;
    run.deadline += passed * run.period;
    if (run.left == 0) {
        asm volatile("hint #0x67" : : : "memory");
        VirtualTimer::mask();
    } else if (end_first) {
        VirtualTimer::mask(); // on_irq() goes on
    } else {
        VirtualTimer::set_deadline(run.deadline);
    }
}

void on_irq(std::uint64_t entered) {
    const Ack ack = gic.acknowledge();
    if (ack.intid() == machine().virtual_timer) {
        on_tick(entered);
    } else {
        ++run.foreign;
        if (run.foreign > storm_limit) {
            end_storm();
        }
    }
    if (ack.intid() != spurious_intid) {
        gic.end(ack);
    }
    if (end_first && run.left != 0) {
        VirtualTimer::arm(run.deadline);
    }
}

void sleep_until_done() {
    while (run.left != 0) {
        mask_interrupts(); // a tick between test and WFI stays pending and ends the WFI
        if (run.left != 0) {
            wfi();
        }
        unmask_interrupts();
    }
}

Verdict report(std::uint64_t period_us, std::uint64_t bound) {
    const std::uint64_t spread = run.taken != 0 ? run.greatest - run.least : 0;
    std::printf("periodic: %lu ticks, one each %lu us, %lu missed, %lu early, %lu foreign; late by "
                "%lu to %lu, spread %lu, mean %lu counter ticks\n",
                run.taken, period_us, run.missed, run.early, run.foreign,
                run.taken != 0 ? run.least : 0, run.greatest, spread,
                run.taken != 0 ? run.sum / run.taken : 0);
    const bool kept = bound == unbounded || (run.missed == 0 && spread <= bound);
    if (!kept) {
        std::printf("periodic: none may be missed, and the spread may be %lu\n", bound);
    }
    const bool good = run.taken != 0 && run.early + run.foreign == 0 && kept;
    return good ? Verdict::good : Verdict::bad;
}

} // namespace

Verdict guest_main() {
    if (machine().gic == GicVersion::none) {
        std::printf("no interrupt controller: the device tree (x0) is missing or names none\n");
        return Verdict::bad;
    }
    const BootArgs args{machine().bootargs};
    const std::uint64_t period_us = args.number("period-us", 1000);
    run.period = microseconds(period_us);
    run.ignored = args.number("warm-up", 2);
    run.left = args.number("ticks", 1000) + run.ignored;
    run.least = unbounded;
    end_first = args.has("end-first");
    gic.init(machine());
    gic.enable(machine().virtual_timer);
    set_irq_handler(on_irq);
    run.deadline = VirtualTimer::now() + run.period;
    VirtualTimer::arm(run.deadline);
    unmask_interrupts();
    sleep_until_done();
    mask_interrupts();
    VirtualTimer::stop();
    return report(period_us, args.number("max-spread", unbounded));
}

} // namespace guest
