// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the hostile guest can do to its neighbours: each storm is a few instructions, repeated.

#include "common/smp.hpp"

#include <span>
#include <string_view>

namespace guest::hostile {

struct Storm {
    std::string_view name;
    /** One gust, short; repeated until time is up. */
    void (*blow)(unsigned cpu);
    /** Whether interrupts are open meanwhile. */
    bool open;
};

[[nodiscard]] std::span<const Storm> storms();

/** The handler: ends whatever comes, and re-arms the timer in the past while that storm blows. */
void on_irq(std::uint64_t entered);

/** Before and after each storm, on each CPU. */
void calm_down();

} // namespace guest::hostile
