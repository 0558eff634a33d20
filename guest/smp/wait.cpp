// SPDX-License-Identifier: Apache-2.0
// CPUs that sleep: WFI ended by an SGI and by a timer, taken or masked, and WFE by SEV.

#include "lab.hpp"

namespace guest::smp {
namespace {

constexpr Intid wake_up{7};
constexpr std::uint32_t naps = 100;

constinit Word asleep{0};
constinit Word naps_done{0};

/** Sleeps until the SGI is there; it is taken behind the WFI. */
void nap(unsigned cpu) {
    for (std::uint32_t i = 1; i <= naps; ++i) {
        mask_interrupts();
        asleep.store(i);
        while (!gic().is_pending(wake_up)) {
            wfi();
        }
        unmask_interrupts();
        if (!wait_until([=] { return taken(cpu).sgi[wake_up.value] >= i; })) {
            return;
        }
    }
    naps_done.store(1);
}

Outcome wfi_by_sgi() {
    for (unsigned cpu = 1; cpu < cpu_count(); ++cpu) {
        asleep.store(0);
        naps_done.store(0);
        give(cpu, nap);
        for (std::uint32_t i = 1; i <= naps; ++i) {
            GUEST_REQUIRE(wait_until([i] { return asleep.load() == i; }), "does not lie down", i);
            pass_time(std::uint64_t{10} * (i % 4)); // sometimes before it sleeps
            send_sgi(wake_up, cpu);
        }
        GUEST_REQUIRE(wait_until([] { return naps_done.load() == 1; }), "sleeps on: CPU", cpu);
        GUEST_REQUIRE(done(cpu), "does not answer", cpu);
        GUEST_REQUIRE(taken(cpu).sgi[wake_up.value] == naps, "SGIs", taken(cpu).sgi[wake_up.value]);
    }
    return nothing_odd();
}

/** An SGI to oneself that is pending already: WFI is no wait at all. */
Outcome wfi_pending() {
    GUEST_REQUIRE(run_on_all([](unsigned cpu) {
                      for (std::uint32_t i = 1; i <= naps; ++i) {
                          mask_interrupts();
                          send_sgi_to_self(wake_up);
                          wfi();
                          unmask_interrupts();
                          if (!wait_until([=] { return taken(cpu).sgi[wake_up.value] >= i; })) {
                              return;
                          }
                      }
                  }),
                  "sleeps on", 0);
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(taken(cpu).sgi[wake_up.value] == naps, "SGIs", taken(cpu).sgi[wake_up.value]);
    }
    return nothing_odd();
}

/** Everyone sleeps; with interrupts masked the timer ends each WFI all the same. */
void sleep_by_timer(unsigned cpu) {
    mask_interrupts();
    for (std::uint32_t i = 1; i <= naps; ++i) {
        start_ticking(microseconds(50 + 10 * cpu), 1);
        while (!VirtualTimer::expired()) {
            wfi();
        }
        unmask_interrupts();
        if (!ticked(cpu)) {
            return;
        }
        mask_interrupts();
    }
}

Outcome wfi_by_timer() {
    GUEST_REQUIRE(run_on_all(sleep_by_timer), "sleeps on", 0);
    for (unsigned cpu = 0; cpu < cpu_count(); ++cpu) {
        GUEST_REQUIRE(taken(cpu).ticks == naps, "ticks", taken(cpu).ticks);
    }
    return nothing_odd();
}

constinit Word ball{0};
constexpr std::uint32_t throws = 200;

/** Each adds one when it is its turn, and tells the others by SEV. */
void play(unsigned cpu) {
    for (std::uint32_t mine = cpu; mine < throws; mine += cpu_count()) {
        for (Spin spin; ball.load() != mine;) {
            spin.relax();
        }
        ball.store(mine + 1);
        send_event();
    }
}

Outcome wfe_by_sev() {
    ball.store(0);
    GUEST_REQUIRE(run_on_all(play), "waits on", ball);
    return expect(ball == throws, "throws", ball);
}

/** SEVL, or an earlier SEV, makes the next WFE no wait (DDI 0487, Event Register). */
Outcome wfe_local() {
    GUEST_REQUIRE(run_on_all([](unsigned) {
                      for (unsigned i = 0; i < naps; ++i) {
                          asm volatile("sevl\n\twfe" : : : "memory");
                          send_event();
                          wait_for_event();
                      }
                  }),
                  "waits on", 0);
    return nothing_odd();
}

constexpr Check all[] = {
    {"wait.wfi-by-sgi", wfi_by_sgi},     {"wait.wfi-pending", wfi_pending},
    {"wait.wfi-by-timer", wfi_by_timer}, {"wait.wfe-by-sev", wfe_by_sev},
    {"wait.wfe-local", wfe_local},
};

} // namespace

std::span<const Check> wait_checks() {
    return all;
}

} // namespace guest::smp
