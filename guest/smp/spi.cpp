// SPDX-License-Identifier: Apache-2.0
// SPIs that software makes pending: where they go, where they go when they are moved, and that two
// CPUs that enable and disable one at once do not leave it stuck.

#include "lab.hpp"

namespace guest::smp {
namespace {

constinit Word held_cpu{max_cpus};
constinit Word release{0};

/** On the CPU: masked until release is 1. */
void stay_masked(unsigned cpu) {
    mask_interrupts();
    held_cpu.store(cpu);
    (void)wait_until([] { return release.load() == 1; });
    held_cpu.store(max_cpus);
}

/** Another CPU masks its interrupts and stays so; CPU 0 does it for itself. */
bool hold(unsigned cpu) {
    release.store(0);
    if (cpu == 0) {
        mask_interrupts();
        return true;
    }
    give(cpu, stay_masked);
    return wait_until([cpu] { return held_cpu.load() == cpu; });
}

bool let_go(unsigned cpu) {
    release.store(1);
    unmask_interrupts();
    return cpu == 0 || done(cpu);
}

bool came_to(Intid spi, unsigned cpu, std::uint32_t count) {
    return wait_until([=] { return spi_count(spi, cpu).load() >= count; });
}

Outcome routed() {
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        open_spi(spi_a, cpu);
        open_spi(spi_b, (cpu + 1) % cpu_count());
        for (std::uint32_t i = 1; i <= 10; ++i) {
            gic().set_pending(spi_a);
            gic().set_pending(spi_b);
            GUEST_REQUIRE(came_to(spi_a, cpu, i), "lost, on the way to CPU", cpu);
            GUEST_REQUIRE(wait_until([=] { return spi_total(spi_b) == cpu * 10 + i; }), "lost",
                          spi_total(spi_b));
        }
    }
    pass_time(50);
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(spi_count(spi_a, cpu) == 10, "another CPU's", spi_count(spi_a, cpu));
        GUEST_REQUIRE(spi_count(spi_b, cpu) == 10, "another CPU's", spi_count(spi_b, cpu));
    }
    return nothing_odd();
}

/** Pending at a CPU that cannot take it, then sent to another one. */
Outcome moved_once(unsigned from, unsigned to) {
    const std::uint32_t before = spi_count(spi_a, to);
    const std::uint32_t total = spi_total(spi_a);
    open_spi(spi_a, from);
    GUEST_REQUIRE(hold(from), "does not answer", from);
    gic().set_pending(spi_a);
    GUEST_REQUIRE(gic().is_pending(spi_a), "is not pending", from << 4 | to);
    pass_time(20);
    GUEST_REQUIRE(spi_total(spi_a) == total, "taken while masked", from << 4 | to);
    route_spi(spi_a, to);
    const bool here = to != 0 ? came_to(spi_a, to, before + 1)
                              : wait_until([=] { return spi_count(spi_a, 0) == before + 1; });
    GUEST_REQUIRE(here, "lost when moved", from << 4 | to);
    GUEST_REQUIRE(let_go(from), "does not answer", from);
    pass_time(20);
    GUEST_REQUIRE(spi_total(spi_a) == total + 1, "taken twice", from << 4 | to);
    return expect(!gic().is_pending(spi_a), "still pending", from << 4 | to);
}

Outcome moved() {
    if (cpu_count() < 2) {
        return skipped("one CPU");
    }
    if (!gic().is_v3() && !machine().under_baton) {
        return skipped("QEMU's own GICv2 leaves it pending where it was");
    }
    for (unsigned from = 0; from < cpu_count(); ++from) {
        for (unsigned to = 0; to < cpu_count(); ++to) {
            GUEST_TRY(from == to ? passed : moved_once(from, to));
        }
    }
    return nothing_foreign();
}

constexpr std::uint32_t moves = 1000;

/** One CPU makes it pending, this one sends it round at the same time: each is taken once. */
Outcome moved_in_flight() {
    if (cpu_count() < 2) {
        return skipped("one CPU");
    }
    if (!gic().is_v3() && !machine().under_baton) {
        return skipped("QEMU's own GICv2 leaves it pending where it was");
    }
    open_spi(spi_a, 0);
    give(1, [](unsigned) {
        for (std::uint32_t i = 1; i <= moves; ++i) {
            gic().set_pending(spi_a);
            if (!wait_until([i] { return spi_total(spi_a) >= i; })) {
                return;
            }
        }
    });
    std::uint32_t seen = 0; // as long as some come: a loaded host may be slow
    for (std::uint32_t i = 0; seen < moves; ++i) {
        const std::uint32_t before = seen;
        for (unsigned n = 0; n < 10000 && seen == before; ++n) {
            route_spi(spi_a, (i + n) % cpu_count());
            relax();
            seen = spi_total(spi_a);
        }
        if (seen == before && !wait_until([=] { return spi_total(spi_a) != before; })) {
            break;
        }
    }
    route_spi(spi_a, 0);
    GUEST_REQUIRE(done(1), "stuck behind interrupt number", spi_total(spi_a));
    pass_time(50);
    GUEST_REQUIRE(spi_total(spi_a) == moves, "lost or doubled", spi_total(spi_a));
    return nothing_foreign();
}

/** Each CPU enables and disables it, another one makes it pending; the last word is enable. */
void toggle(unsigned cpu) {
    for (unsigned i = 0; i < 500; ++i) {
        gic().enable(spi_a);
        if (i % 3 == cpu % 3) {
            gic().set_pending(spi_b);
        }
        gic().disable(spi_a);
        if (i % 5 == cpu % 5) {
            gic().set_pending(spi_a);
        }
    }
}

Outcome toggled() {
    for (unsigned target = 0; target < cpu_count(); ++target) {
        open_spi(spi_a, target);
        open_spi(spi_b, target);
        GUEST_REQUIRE(run_on_all(toggle), "does not answer", target);
        gic().set_pending(spi_a); // at least this one, if none has waited
        gic().enable(spi_a);
        GUEST_REQUIRE(wait_until([] { return !gic().is_pending(spi_a); }), "stuck at CPU", target);
        pass_time(50);
        const std::uint32_t before = spi_total(spi_a);
        gic().set_pending(spi_a);
        GUEST_REQUIRE(wait_until([=] { return spi_total(spi_a) == before + 1; }), "stuck at CPU",
                      target);
        GUEST_REQUIRE(spi_count(spi_b, target) != 0, "its neighbour never came to CPU", target);
        GUEST_REQUIRE(gic().is_enabled(spi_b), "its neighbour is disabled", target);
    }
    return nothing_foreign();
}

constexpr Check all[] = {
    {"spi.routed", routed},
    {"spi.moved", moved},
    {"spi.moved-in-flight", moved_in_flight},
    {"spi.toggled", toggled},
};

} // namespace

std::span<const Check> spi_checks() {
    return all;
}

} // namespace guest::smp
