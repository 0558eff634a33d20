// SPDX-License-Identifier: Apache-2.0
// The hooks of the trace. One that is off costs a call and a test of one bit; vectors hold none, for
// tracing withdraws the fast path. What a reader needs to know of the events is in hyp/core/trace.
#pragma once

#include "hyp/arch/percpu.hpp"
#include "hyp/core/trace/ring.hpp"

namespace hyp {

// From here on every kind of event is recorded on this pCPU.
void start_tracing();

// The same if the boot pCPU does: on each other pCPU, at its start.
void join_tracing();

[[nodiscard, gnu::always_inline]] inline bool is_tracing() {
    return this_cpu().trace.is_on();
}

// The hook: records the event, if it is wanted. Out of line, for there are many.
void trace(TraceEvent event);

// For TracedGic.
struct TraceSink {
    [[gnu::always_inline]] static void event(TraceEvent event) { trace(event); }
};

// The pCPU's last events in words, oldest first, `most` at most; or how to have them. For panics and
// reports: trusts nothing that it reads.
void print_events(u64 most);

} // namespace hyp
