// SPDX-License-Identifier: Apache-2.0
#pragma once
// The bench of guest/smp: CPU 0 runs the checks; the others sleep in WFI until it gives them
// something to do. One handler for all counts what each CPU took.

#include "common/check.hpp"
#include "common/sgi.hpp"

#include <span>

/** Returns the outcome of `step` from the surrounding check if it is a failure. */
#define GUEST_TRY(step)                                                                            \
    do {                                                                                           \
        if (const ::guest::Outcome tried = (step); tried.kind == ::guest::Outcome::Kind::fail) {   \
            return tried;                                                                          \
        }                                                                                          \
    } while (false)

namespace guest::smp {

/** Interrupts of no device. */
constexpr Intid spi_a{96};
constexpr Intid spi_b{161};
/** Wakes a CPU that waits for work. */
constexpr Intid work_sgi{13};

/** What one CPU took since forget(); its handler alone writes it. */
struct alignas(64) Taken {
    Word sgi[16];
    Word from[16][max_cpus + 1]; // by sender; on v3 all from max_cpus
    Word spi_a;
    Word spi_b;
    Word ticks;
    Word early;    // timer interrupts before CVAL
    Word spurious; // acknowledges that returned 1023
    Word foreign;
};

/** Called by the handler of `cpu` instead of ending the interrupt; false leaves that to it. */
using Script = bool (*)(unsigned cpu, Ack ack);

/** A grid of deadlines: one each `period`, `left` more of them. */
struct alignas(64) Ticking {
    std::uint64_t period;
    std::uint64_t deadline;
    Word left;
};

[[nodiscard]] Taken& taken(unsigned cpu);

/** Turns all CPUs on and lets them wait; false, after a sentence, when one does not come. */
[[nodiscard]] bool open_lab();

/** Before each check: nobody busy, no script, EOImode 0, counters zero, both SPIs cleared. */
[[nodiscard]] bool forget();
void set_script(Script script);

/** This CPU's SGIs and its virtual timer are enabled. */
void open_private_interrupts();

/** Of this CPU; interrupts are open afterwards. */
void choose_eoi_mode(EoiMode mode);

/** The body of a CPU that waits for work; until leave() is asked of it. */
void wait_for_work(unsigned cpu);
/** Gives `task` to another CPU, at once; done() tells when it has returned. */
void give(unsigned cpu, Body task);
[[nodiscard]] bool done(unsigned cpu);
/** give(), and waits for its end. */
[[nodiscard]] bool run_on(unsigned cpu, Body task);
/** Every CPU at once, this one too; false when one does not end. */
[[nodiscard]] bool run_on_all(Body task);
/** Another CPU leaves wait_for_work() and turns itself off; false when it does not. */
[[nodiscard]] bool turn_off(unsigned cpu);
/** And back. */
[[nodiscard]] bool turn_on(unsigned cpu);

/** On the CPU that shall tick: `count` virtual timer interrupts, each `period` after the last. */
void start_ticking(std::uint64_t period, std::uint32_t count);
/** All of them were taken. */
[[nodiscard]] bool ticked(unsigned cpu);

/** Nobody took what it should not: no spurious, foreign or early interrupt. */
[[nodiscard]] Outcome nothing_odd();
/** The same where interrupts are withdrawn: who was signalled one may find nothing. */
[[nodiscard]] Outcome nothing_foreign();

/** An SPI: enabled, edge-triggered, to this CPU. Not pending, not active. */
void open_spi(Intid spi, unsigned cpu);
[[nodiscard]] Word& spi_count(Intid spi, unsigned cpu);
/** How often all CPUs together took it. */
[[nodiscard]] std::uint32_t spi_total(Intid spi);

[[nodiscard]] inline const Gic& gic() {
    return this_cpu().gic;
}

[[nodiscard]] std::span<const Check> psci_checks();
[[nodiscard]] std::span<const Check> power_checks();
[[nodiscard]] std::span<const Check> sgi_checks();
[[nodiscard]] std::span<const Check> spi_checks();
[[nodiscard]] std::span<const Check> state_checks();
[[nodiscard]] std::span<const Check> wait_checks();
[[nodiscard]] std::span<const Check> time_checks();

} // namespace guest::smp
