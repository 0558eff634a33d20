// SPDX-License-Identifier: Apache-2.0
// The hooks of the trace. One that is off costs a test of one bit; vectors hold none, for tracing
// withdraws the fast path. What a reader needs to know of the events is in hyp/core/trace.
#pragma once

#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/core/regs/esr.hpp"
#include "hyp/core/trace/ring.hpp"

namespace hyp {

// From here on every kind of event is recorded on this pCPU.
void start_tracing();

[[nodiscard, gnu::always_inline]] inline bool is_tracing() {
    return this_cpu().trace.is_on();
}

// Stores the event, whether it is wanted or not. `kind_bits`: TraceRecord::stamp without the time.
void record_event(u64 kind_bits, u64 payload);

[[gnu::always_inline]] inline void record(TraceEvent event) {
    record_event(TraceRecord::kind_bits(event.kind), event.payload);
}

// The hook.
[[gnu::always_inline]] inline void trace(TraceEvent event) {
    if (__builtin_expect(this_cpu().trace.wants(event.kind), 0)) {
        record(event);
    }
}

// The hook for what costs something to find out: `make` gives the event, if it is wanted.
template <class Make>
[[gnu::always_inline]] inline void trace(EventKind kind, Make make) {
    if (__builtin_expect(this_cpu().trace.wants(kind), 0)) {
        record(make());
    }
}

// Why a guest came here, with its PC.
void trace_irq_exit();
void trace_sync_exit(EsrEl2 esr);

// For TracedGic.
struct TraceSink {
    [[gnu::always_inline]] static void event(TraceEvent event) { trace(event); }
};

// The pCPU's last events in words, oldest first, `most` at most; or how to have them. For panics and
// reports: trusts nothing that it reads.
void print_events(u64 most);

} // namespace hyp
