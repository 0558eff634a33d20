// SPDX-License-Identifier: Apache-2.0
// The watchdog: says on the console when a guest keeps a forwarded interrupt active for longer than
// the manifest's watchdog-ms, whose it is and where it stands. It has EL2's own timer, so that it
// speaks even if the guest never exits. A part of tracing: while that is off it costs nothing.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

struct Vcpu;

// Once, all vCPUs being there; tracing is on.
void start_watchdog(u32 milliseconds);

// After each sync: what the guest has ended.
void watch_exit(Vcpu& vcpu);
// Before each entry, all list registers being written: what it has got, and what to report. Returns
// when to look again at the latest, in CNTPCT ticks, or `never`.
[[nodiscard]] u64 watch_entry(Vcpu& vcpu);

} // namespace hyp
