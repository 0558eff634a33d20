// SPDX-License-Identifier: Apache-2.0
#pragma once
// What each CPU of guest/soak has of its own, and the random things that it does.

#include "common/smp.hpp"

namespace guest::soak {

constexpr Intid bell{5};

/** Longer than elsewhere: many take turns, and a busy host lets none of them run for a while. */
constexpr std::uint64_t soak_patience_us = 20000000;

/** A timer as its CPU knows it; changed by the CPU and its handler. */
struct Alarm {
    volatile bool armed;
    std::uint64_t deadline;
    std::uint64_t planned;
    volatile std::uint64_t ticks;
    volatile std::uint64_t wrong; // early, or not asked for
    volatile std::uint64_t latest;
};

/** A CPU. Its own, but for the shared words. */
struct alignas(64) Worker {
    std::uint64_t random;
    Alarm virtual_alarm;
    Alarm physical_alarm;
    volatile std::uint64_t foreign; // interrupts that nobody asked for
    std::uint64_t mistakes;         // answers that are not as they should be
    bool good = true;
    alignas(64) LongWord rung; // by siblings
    LongWord heard;            // `rung`, when the SGI was taken last
    LongWord asleep;           // not 0: without a timer since then, until it is rung
    Word idle;                 // rings nobody any more
    Word done;
};
extern Worker workers[max_cpus];

/** One random act, with interrupts open; they are open again afterwards. */
void act(Worker& worker, unsigned index);

/** The first CPU's duty, in every act and whenever it waits: nobody else ends such a sleep. */
void wake_sleepers(Worker& worker);

} // namespace guest::soak
