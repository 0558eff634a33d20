// SPDX-License-Identifier: Apache-2.0
// guest/sharers: one of several guests that share a core. After each tick of its virtual timer it
// looks whether everything that is its own still is: each register, a page of memory, the counter,
// and that each deadline was signalled once, none too early, and no interrupt but the timer's came.
// Command line: [period-us=N] [ticks=N] [idle=spin|wfi|both]
//   period-us   between two deadlines of the grid (1000)
//   ticks       deadlines (1000); late ones are taken one after the other, none is left out
//   idle        what it does between them (both: in turn)

#include "common/bootargs.hpp"
#include "common/gic.hpp"
#include "common/irq.hpp"
#include "common/psci.hpp"
#include "common/timer.hpp"
#include "pattern.hpp"

#include <cstdio>
#include <cstring>

namespace guest {
namespace {

GUEST_SYSREG(ElrEl1, "elr_el1");

/** The handler's. */
struct Seen {
    std::uint64_t period;
    std::uint64_t deadline;
    std::uint64_t left;
    std::uint64_t last; // the counter as it was read last
    volatile std::uint64_t ticks;
    std::uint64_t early;
    std::uint64_t foreign;
    std::uint64_t backwards;
    std::uint64_t latest; // the greatest lateness
};

/** What is found wrong between two ticks. */
struct Wrong {
    std::uint64_t registers;
    std::uint64_t memory;
    unsigned first; // the first wrong register's index in Registers
};

constinit Seen seen{};
constinit Wrong wrong{};
constinit Gic gic{};
constinit Registers wanted{};
constinit Registers found{};
alignas(4096) constinit std::uint64_t page[512] = {};

void look_at_counter(std::uint64_t now) {
    if (now < seen.last) {
        ++seen.backwards;
    }
    seen.last = now;
}

void on_tick(std::uint64_t entered) {
    look_at_counter(entered);
    if (entered < seen.deadline || !VirtualTimer::expired()) {
        ++seen.early;
    } else if (entered - seen.deadline > seen.latest) {
        seen.latest = entered - seen.deadline;
    }
    seen.ticks = seen.ticks + 1;
    if (--seen.left == 0) {
        VirtualTimer::mask();
    } else {
        seen.deadline += seen.period;
        VirtualTimer::set_deadline(seen.deadline);
    }
}

void on_irq(std::uint64_t entered) {
    const Ack ack = gic.acknowledge();
    if (ack.intid() == machine().virtual_timer) {
        on_tick(entered);
        gic.end(ack);
    } else {
        ++seen.foreign; // 1023 included: nothing was withdrawn
        if (ack.intid() != spurious_intid) {
            gic.end(ack);
        }
        if (seen.foreign > storm_limit) {
            end_storm();
        }
    }
    const std::uint64_t interrupted = ElrEl1::read();
    const auto end = reinterpret_cast<std::uintptr_t>(pattern_end);
    if (interrupted >= reinterpret_cast<std::uintptr_t>(pattern_begin) && interrupted < end) {
        ElrEl1::write(end);
    }
}

/** xorshift64: the same numbers again from the same seed. */
std::uint64_t next_random(std::uint64_t& state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/** New values for every register; x30 is where hold_pattern() has it. */
void fill(std::uint64_t& state) {
    auto* const words = reinterpret_cast<std::uint64_t*>(&wanted);
    for (unsigned i = 0; i < Registers::words; ++i) {
        words[i] = next_random(state);
    }
    wanted.contextidr &= 0xffffffff;
    wanted.fpcr &= 3ULL << 22; // FPCR.RMode
    wanted.fpsr &= 0x1f;       // FPSR.IOC to IXC
    wanted.x[30] = 0;
    wanted.x[31] = 0;
    std::memset(&found, 0, sizeof found);
}

void compare() {
    const auto* const is = reinterpret_cast<const std::uint64_t*>(&found);
    const auto* const should = reinterpret_cast<const std::uint64_t*>(&wanted);
    for (unsigned i = 0; i < Registers::words; ++i) {
        if (is[i] != should[i]) {
            wrong.first = wrong.registers == 0 ? i : wrong.first;
            ++wrong.registers;
        }
    }
}

/** The page holds what `state` gives; then what comes after it. */
void check_page(std::uint64_t& state, bool first) {
    std::uint64_t old = state;
    if (!first) {
        for (const std::uint64_t& word : page) {
            wrong.memory += word != next_random(old) ? 1U : 0U;
        }
    }
    state = old;
    for (std::uint64_t& word : page) {
        word = next_random(old);
    }
}

Verdict report(std::uint64_t planned, std::uint64_t period_us) {
    std::printf("sharers: %lu ticks of %lu, one each %lu us, %lu early, %lu foreign, latest %lu; "
                "wrong: %lu registers, %lu words of memory, counter back %lu times\n",
                seen.ticks, planned, period_us, seen.early, seen.foreign, seen.latest,
                wrong.registers, wrong.memory, seen.backwards);
    if (wrong.registers != 0) {
        std::printf("sharers: the first wrong register is number %u of pattern.hpp\n", wrong.first);
    }
    const bool good = seen.ticks == planned && seen.early + seen.foreign + seen.backwards == 0 &&
                      wrong.registers + wrong.memory == 0;
    return good ? Verdict::good : Verdict::bad;
}

/** Nobody else has the same numbers: the moment of boot and the command line are in them. */
std::uint64_t first_seed(const char* text) {
    std::uint64_t seed = first_tick() ^ CntPct::read() << 20 ^ 0x9e3779b97f4a7c15;
    for (; *text != '\0'; ++text) {
        seed = (seed ^ static_cast<unsigned char>(*text)) * 0x100000001b3;
    }
    return seed | 1;
}

} // namespace

Verdict guest_main() {
    if (machine().gic == GicVersion::none) {
        std::printf("no interrupt controller: the device tree (x0) is missing or names none\n");
        return Verdict::bad;
    }
    const BootArgs args{machine().bootargs};
    const std::uint64_t period_us = args.number("period-us", 1000);
    const std::uint64_t planned = args.number("ticks", 1000);
    const std::string_view idle = args.value("idle", "both");
    std::uint64_t numbers = first_seed(machine().bootargs);
    std::uint64_t in_page = numbers * 3 | 1;
    check_page(in_page, true);
    gic.init(machine());
    gic.enable(machine().virtual_timer);
    set_irq_handler(on_irq);
    seen.period = microseconds(period_us);
    seen.left = planned;
    seen.deadline = VirtualTimer::now() + seen.period;
    VirtualTimer::arm(seen.deadline);
    for (std::uint64_t i = 0; seen.ticks < planned; ++i) {
        fill(numbers);
        hold_pattern(&wanted, &found, idle == "wfi" || (idle == "both" && i % 2 == 1) ? 1 : 0);
        compare();
        check_page(in_page, false);
        look_at_counter(VirtualTimer::now());
    }
    const std::uint64_t silent = VirtualTimer::now() + 2 * seen.period;
    unmask_interrupts();
    while (VirtualTimer::now() < silent) {
    }
    mask_interrupts();
    VirtualTimer::stop();
    return report(planned, period_us);
}

} // namespace guest
