// SPDX-License-Identifier: Apache-2.0
// Each CPU's own timer, and the one counter of all.

#include "lab.hpp"

namespace guest::smp {
namespace {

/** Periods that are no multiples of each other; the counts make them last about as long. */
constexpr std::uint64_t span_us = 60000;

constexpr std::uint64_t period_us(unsigned cpu) {
    constexpr std::uint64_t periods[max_cpus] = {200, 310, 170, 430, 230, 370, 290, 530};
    return periods[cpu];
}

constexpr std::uint32_t tick_count(unsigned cpu) {
    return static_cast<std::uint32_t>(span_us / period_us(cpu));
}

void tick(unsigned cpu) {
    start_ticking(microseconds(period_us(cpu)), tick_count(cpu));
}

Outcome all_ticked() {
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(ticked(cpu), "lost a tick: CPU", cpu);
    }
    pass_time(1060); // the timers are masked: nothing more may come
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(taken(cpu).ticks == tick_count(cpu), "ticks", taken(cpu).ticks);
    }
    return nothing_odd();
}

Outcome periods() {
    GUEST_REQUIRE(run_on_all(tick), "does not answer", 0);
    return all_ticked();
}

/** The same while SGIs fly. */
Outcome periods_under_fire() {
    GUEST_REQUIRE(run_on_all(tick), "does not answer", 0);
    GUEST_REQUIRE(run_on_all([](unsigned cpu) {
                      for (std::uint32_t i = 1; i <= 200; ++i) {
                          const unsigned to = (cpu + i) % cpu_count();
                          const std::uint32_t before = taken(to).sgi[cpu].load();
                          send_sgi(Intid{cpu}, to);
                          if (!wait_until([=] { return taken(to).sgi[cpu].load() > before; })) {
                              return;
                          }
                      }
                  }),
                  "does not answer", 0);
    for (unsigned from = 0; from < cpu_count(); ++from) {
        std::uint32_t total = 0;
        for (unsigned to = 0; to < cpu_count(); ++to) {
            total += taken(to).sgi[from].load();
        }
        GUEST_REQUIRE(total == 200, "SGIs", total);
    }
    return all_ticked();
}

constinit LongWord latest{0};
constinit Word steps_back{0};

/** What anyone has seen before, nobody may see a lesser counter than. */
void look_at_counter(unsigned) {
    for (unsigned i = 0; i < 3000; ++i) {
        std::uint64_t seen = latest.load();
        const std::uint64_t now = VirtualTimer::now();
        if (now < seen) {
            steps_back.fetch_add(1);
        }
        while (seen < now && !latest.try_replace(seen, now)) {
        }
        if (i % 16 == 0) {
            relax();
        }
    }
}

Outcome monotonic() {
    latest.store(0);
    steps_back.store(0);
    GUEST_REQUIRE(run_on_all(look_at_counter), "does not answer", 0);
    return expect(steps_back == 0, "steps back", steps_back);
}

/** ICENABLER0 on one CPU is no other CPU's: PPIs are banked. */
Outcome banked() {
    if (cpu_count() < 2) {
        return skipped("one CPU");
    }
    GUEST_REQUIRE(run_on(1, [](unsigned) { gic().disable(machine().virtual_timer); }),
                  "does not answer", 1);
    GUEST_REQUIRE(run_on_all([](unsigned) { start_ticking(microseconds(50), 1); }),
                  "does not answer", 0);
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(cpu == 1 || ticked(cpu), "lost its tick: CPU", cpu);
    }
    pass_time(100);
    GUEST_REQUIRE(taken(1).ticks == 0, "a tick of a disabled PPI", 1);
    GUEST_REQUIRE(run_on(1, [](unsigned) { gic().enable(machine().virtual_timer); }),
                  "does not answer", 1);
    GUEST_REQUIRE(ticked(1), "lost its tick when enabled", 1);
    return nothing_odd();
}

constexpr Check all[] = {
    {"time.periods", periods},
    {"time.periods-under-fire", periods_under_fire},
    {"time.monotonic", monotonic},
    {"time.banked", banked},
};

} // namespace

std::span<const Check> time_checks() {
    return all;
}

} // namespace guest::smp
