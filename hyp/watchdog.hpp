// SPDX-License-Identifier: Apache-2.0
// The watchdog: says on the console when a guest keeps a forwarded interrupt active for longer than
// the manifest's watchdog-ms, whose it is and where it stands. It has EL2's own timer, so that it
// speaks even if the guest never exits. A part of tracing: while that is off it costs nothing.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

struct Vcpu;

// Once; tracing is on, and the interrupt of EL2's own timer is enabled.
void start_watchdog(Vcpu& vcpu, u32 milliseconds);

// To be called before its interrupt is deactivated: a level that is still up would signal again,
// for ever. watch_entry() arms it anew.
void stop_watchdog_timer();

// After each sync: what the guest has ended.
void watch_exit(Vcpu& vcpu);
// Before each entry, all list registers being written: what it has got, and what to report.
void watch_entry(Vcpu& vcpu);

} // namespace hyp
