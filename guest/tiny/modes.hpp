// SPDX-License-Identifier: Apache-2.0
#pragma once
// The modes of the tiny guest, one file each; main.cpp chooses by the command line.

#include "common/bootargs.hpp"
#include "common/psci.hpp"

namespace guest {

/** [ticks=N] [period=TICKS] [idle=wfi]: counts timer interrupts and shows how late each is. */
[[nodiscard]] Verdict run_ticks(const BootArgs& args);

/** [what=NAME,...]: instruction counts under `-icount shift=4`, where one tick is one. */
[[nodiscard]] Verdict run_bench(const BootArgs& args);

/** [only=NAME,...] [count=N]: what a guest can see of a correct hypervisor, check by check. */
[[nodiscard]] Verdict run_checks(const BootArgs& args);

/** [hold=MS] [rounds=N]: keeps a timer interrupt active for so long, then goes on as if nothing was. */
[[nodiscard]] Verdict run_stuck(const BootArgs& args);

/** A little of everything that the hypervisor's trace shows, then a call to it. */
[[nodiscard]] Verdict run_events();

/** Leaves for an address where nothing is, its vectors included. */
[[noreturn]] void crash();

} // namespace guest
