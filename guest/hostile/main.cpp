// SPDX-License-Identifier: Apache-2.0
// guest/hostile: the neighbour that one would not want. On all its CPUs at once it does what costs
// others most, one storm after the other (storms.cpp, attacks.cpp).
// Command line: [mode=NAME,...] [ms=N] [rounds=N] [for-ever]
//   mode      all, or of: timer uart sgi tlb cache calls registers distributor spin wfi naps wfe (all)
//   ms        how long each storm blows (50)
//   rounds    so many times all of them (1)
//   for-ever  no end; so it is without a command line, too

#include "storms.hpp"

#include "common/bootargs.hpp"
#include "common/irq.hpp"
#include "common/say.hpp"

namespace guest::hostile {
namespace {

struct Plan {
    std::string_view modes;
    std::uint64_t length; // in counter ticks
    std::uint64_t rounds;
    bool for_ever;
};

constinit Plan plan{};

bool is_meant(const Storm& storm) {
    return plan.modes == "all" || lists(plan.modes, storm.name);
}

std::uint64_t blow(const Storm& storm, unsigned cpu) {
    const std::uint64_t end = VirtualTimer::now() + plan.length;
    std::uint64_t gusts = 0;
    calm_down();
    if (storm.open) {
        unmask_interrupts();
    }
    do {
        storm.blow(cpu);
        ++gusts;
    } while (VirtualTimer::now() < end);
    calm_down();
    return gusts;
}

/** Every CPU begins with another storm. */
void rage(unsigned cpu) {
    const std::span<const Storm> all = storms();
    for (std::uint64_t round = 0; plan.for_ever || round < plan.rounds; ++round) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            const Storm& storm = all[(i + std::size_t{5} * cpu) % all.size()];
            if (!is_meant(storm)) {
                continue;
            }
            const std::uint64_t gusts = blow(storm, cpu);
            if (!plan.for_ever) {
                say("hostile: CPU %u, %.*s: %lu gusts\n", cpu, static_cast<int>(storm.name.size()),
                    storm.name.data(), gusts);
            }
        }
    }
}

bool read_plan(const BootArgs& args) {
    plan.modes = args.value("mode", "all");
    plan.length = microseconds(1000 * args.number("ms", 50));
    plan.rounds = args.number("rounds", 1);
    plan.for_ever = args.has("for-ever") || machine().bootargs[0] == '\0';
    for (const Storm& storm : storms()) {
        if (is_meant(storm)) {
            return true;
        }
    }
    say("hostile: no storm is called %s\n", machine().bootargs);
    return false;
}

} // namespace
} // namespace guest::hostile

namespace guest {

Verdict guest_main() {
    if (!open_cpus() || !hostile::read_plan(BootArgs{machine().bootargs})) {
        return Verdict::bad;
    }
    set_irq_handler(hostile::on_irq);
    say("hostile: %u CPUs, %s\n", cpu_count(),
        machine().under_baton ? "under Baton" : "on the bare machine");
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        if (!bring_up(cpu, hostile::rage)) {
            say("hostile: CPU %u does not come up\n", cpu);
        }
    }
    hostile::rage(0);
    bool all = true;
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        all = wait_until([cpu] { return cpu_at(cpu).online.load() == 0; }) && all;
    }
    say("hostile: the storms are over\n");
    return all ? Verdict::good : Verdict::bad;
}

} // namespace guest
