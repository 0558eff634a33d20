// SPDX-License-Identifier: Apache-2.0
#pragma once
// The tiny guest's checks, by group.

#include "common/check.hpp"
#include "common/gic.hpp"

#include <span>

namespace guest {

/** The life of one level interrupt, the virtual timer's (checks_timer.cpp). */
[[nodiscard]] std::span<const Check> timer_checks();
/** Sleeping, the other timer, many ticks, FP registers (checks_time.cpp). */
[[nodiscard]] std::span<const Check> time_checks();
/** Registers of distributor and redistributor, ends of what never began (checks_gic.cpp). */
[[nodiscard]] std::span<const Check> gic_checks();
/** Calls, system registers and addresses that are there, or not (checks_cpu.cpp). */
[[nodiscard]] std::span<const Check> cpu_checks();

} // namespace guest
