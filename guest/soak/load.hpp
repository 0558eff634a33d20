// SPDX-License-Identifier: Apache-2.0
#pragma once
// What each CPU of guest/soak has of its own, and the random things that it does.

#include "common/smp.hpp"

namespace guest::soak {

constexpr Intid bell{5};

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
    Word idle;                 // rings nobody any more
    Word done;
};
extern Worker workers[max_cpus];

/** One random act, with interrupts open; they are open again afterwards. */
void act(Worker& worker, unsigned index);

} // namespace guest::soak
