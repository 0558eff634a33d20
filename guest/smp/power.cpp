// SPDX-License-Identifier: Apache-2.0
// CPUs that are turned off and on: how they are entered, who is told what meanwhile, and a hundred
// times each while the others take their ticks.

#include "lab.hpp"

namespace guest::smp {
namespace {

constexpr unsigned cycles = 100;
constexpr const char* never_pending = "QEMU's PSCI takes a CPU that comes up for one that is off";

/** DEN 0022, CPU_ON: EL1 with SP_EL1, MMU and caches off, exceptions masked, x0 the context. */
Outcome entered_as_promised(unsigned cpu, std::uint64_t context) {
    const EntryState& e = cpu_at(cpu).entry;
    constexpr std::uint64_t mmu_and_caches = 1U << 0 | 1U << 2 | 1U << 12;
    constexpr std::uint64_t all_masked = 0xf << 6;
    constexpr std::uint64_t el1_own_stack = 1U << 2 | 1;
    GUEST_REQUIRE(e.context == context, "x0", e.context);
    GUEST_REQUIRE((e.sctlr & mmu_and_caches) == 0, "SCTLR_EL1", e.sctlr);
    GUEST_REQUIRE((e.daif & all_masked) == all_masked, "DAIF", e.daif);
    return expect(e.level == el1_own_stack, "CurrentEL and SPSel", e.level);
}

Outcome entry_state() {
    if (cpu_count() < 2) {
        return skipped("one CPU");
    }
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        constexpr std::uint64_t pattern = 0xfedcba9876543200;
        GUEST_REQUIRE(turn_off(cpu), "is not off", cpu);
        GUEST_REQUIRE(affinity_info(cpu) == psci_off, "is not off", affinity_info(cpu));
        const std::int64_t answer = start_cpu(cpu, wait_for_work, pattern);
        GUEST_REQUIRE(answer == psci_success, "CPU_ON", answer);
        GUEST_REQUIRE(done(cpu), "did not come back", cpu);
        GUEST_TRY(entered_as_promised(cpu, pattern | cpu));
        GUEST_REQUIRE(affinity_info(cpu) == psci_on, "is not on", affinity_info(cpu));
    }
    return passed;
}

/** A second CPU_ON is told ON_PENDING or ALREADY_ON, and AFFINITY_INFO agrees. */
Outcome twice() {
    if (cpu_count() < 2) {
        return skipped("one CPU");
    }
    if (!machine().under_baton) {
        return skipped(never_pending);
    }
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(turn_off(cpu), "is not off", cpu);
        const std::int64_t first = start_cpu(cpu, wait_for_work);
        const std::int64_t second = start_cpu(cpu, wait_for_work);
        const std::int64_t state = affinity_info(cpu);
        GUEST_REQUIRE(first == psci_success, "the first CPU_ON", first);
        GUEST_REQUIRE(second == psci_on_pending || second == psci_already_on, "the second", second);
        GUEST_REQUIRE(state == psci_on || state == psci_turning_on, "AFFINITY_INFO", state);
        GUEST_REQUIRE(done(cpu), "did not come up", cpu);
        const std::int64_t third = start_cpu(cpu, wait_for_work);
        GUEST_REQUIRE(third == psci_already_on, "the third", third);
    }
    return passed;
}

constinit LongWord racers_won{0};
constinit Barrier start_line{};

/** All but the one that is off turn it on, at once: one may succeed. */
void race_for_last(unsigned) {
    start_line.meet(cpu_count() - 1);
    const std::int64_t answer = start_cpu(cpu_count() - 1, wait_for_work);
    if (answer == psci_success) {
        racers_won.fetch_add(1);
    } else if (answer != psci_already_on && answer != psci_on_pending) {
        racers_won.fetch_add(0x100);
    }
}

Outcome race() {
    if (cpu_count() < 3) {
        return skipped("fewer than three CPUs");
    }
    if (!machine().under_baton) {
        return skipped(never_pending);
    }
    const unsigned last = cpu_count() - 1;
    for (unsigned i = 0; i < 20; ++i) {
        GUEST_REQUIRE(turn_off(last), "is not off", last);
        racers_won.store(0);
        for (unsigned cpu = 1; cpu < last; ++cpu) {
            give(cpu, race_for_last);
        }
        GUEST_REQUIRE(run_on(0, race_for_last), "", 0);
        for (unsigned cpu = 1; cpu <= last; ++cpu) {
            GUEST_REQUIRE(done(cpu), "does not answer", cpu);
        }
        GUEST_REQUIRE(racers_won.load() == 1, "winners", racers_won.load());
    }
    return passed;
}

void tick_for_long(unsigned) {
    start_ticking(microseconds(400), 4 * cycles);
}

constinit Word lives{0};

/** Takes one tick and one SGI, then turns itself off. */
void short_life(unsigned cpu) {
    open_private_interrupts();
    start_ticking(microseconds(20), 1);
    unmask_interrupts();
    send_sgi_to_self(Intid{3});
    (void)ticked(cpu);
    const Taken& mine = taken(cpu);
    (void)wait_until([&mine] { return mine.sgi[3].load() == mine.ticks.load(); });
    mask_interrupts();
    lives.fetch_add(1);
}

Outcome cycle(unsigned cpu) {
    GUEST_REQUIRE(turn_off(cpu), "is not off", cpu);
    const std::uint32_t before = taken(cpu).ticks.load();
    taken(cpu).sgi[3].store(before);
    lives.store(0);
    for (std::uint32_t i = 1; i <= cycles; ++i) {
        const std::int64_t answer = start_cpu(cpu, short_life);
        GUEST_REQUIRE(answer == psci_success, "CPU_ON", answer);
        GUEST_REQUIRE(wait_until([i] { return lives.load() == i; }), "does not come up; life", i);
        GUEST_REQUIRE(wait_until_off(cpu), "does not turn itself off; life", i);
        GUEST_REQUIRE(taken(cpu).ticks.load() == before + i, "ticks of one life",
                      taken(cpu).ticks.load() - before - i + 1);
        GUEST_REQUIRE(taken(cpu).sgi[3].load() == before + i, "SGIs of one life",
                      taken(cpu).sgi[3].load() - before - i + 1);
    }
    return expect(turn_on(cpu), "did not come back", cpu);
}

Outcome hundred_lives() {
    if (cpu_count() < 2) {
        return skipped("one CPU");
    }
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        for (unsigned other = 0; other < cpu_count(); ++other) {
            GUEST_REQUIRE(other == cpu || run_on(other, tick_for_long), "does not answer", other);
        }
        const std::uint32_t before = taken(cpu).ticks.load();
        GUEST_TRY(cycle(cpu));
        for (unsigned other = 0; other < cpu_count(); ++other) {
            GUEST_REQUIRE(other == cpu || ticked(other), "lost a tick: CPU", other);
        }
        GUEST_REQUIRE(taken(cpu).ticks.load() == before + cycles, "ticks", taken(cpu).ticks.load());
    }
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        const std::uint32_t expected =
            4 * cycles * (cpu_count() - (cpu == 0 ? 1 : 2)) + (cpu == 0 ? 0 : cycles);
        GUEST_REQUIRE(taken(cpu).ticks.load() == expected, "ticks", taken(cpu).ticks.load());
    }
    return nothing_odd();
}

constexpr Check all[] = {
    {"power.entry-state", entry_state},
    {"power.twice", twice},
    {"power.race", race},
    {"power.hundred-lives", hundred_lives},
};

} // namespace

std::span<const Check> power_checks() {
    return all;
}

} // namespace guest::smp
