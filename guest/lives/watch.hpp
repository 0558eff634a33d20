// SPDX-License-Identifier: Apache-2.0
#pragma once
// Time as a guest sees it that may be paused.

#include "common/psci.hpp"

namespace guest {

/** Ticks by both timers and looks at both counters until something is typed; says what it saw. After
 * open_cpus(), with interrupts masked. */
[[nodiscard]] Verdict watch_time();

} // namespace guest
