// SPDX-License-Identifier: Apache-2.0
#include "hyp/trace.hpp"

#include "hyp/arch/sysreg.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/base/pcpu.hpp"
#include "hyp/core/trace/describe.hpp"

namespace hyp {

namespace {

// Each pCPU's; nothing of it is read before it was written.
struct TraceStorage {
    TraceRecord records[TraceRing::capacity];
};
[[gnu::section(".noinit")]] TraceStorage storage[max_pcpus];

// A damaged page makes no pointer to elsewhere.
[[nodiscard]] TraceRecord* own_records() {
    return storage[this_cpu().index % max_pcpus].records;
}

// Apart from the ring, which may be damaged, and from its page, which may not be mapped yet.
constinit bool started = false;

} // namespace

void start_tracing() {
    this_cpu().trace = TraceRing{own_records(), TraceRing::every_kind};
    started = true;
}

void join_tracing() {
    if (started) {
        start_tracing();
    }
}

// Without an ISB before the counter: the events of one pCPU are in order anyhow.
[[gnu::noinline]] void trace(TraceEvent event) {
    TraceRing& ring = this_cpu().trace;
    if (!ring.wants(event.kind)) {
        return;
    }
    const u64 now = sysreg::read<SysReg::cntpct>();
    TraceRecord* record = &ring.claim();
    asm("" : "+r"(record)); // one address, so that one STP fills it
    *record = {now | TraceRecord::kind_bits(event.kind), event.payload};
}

void print_events(u64 most) {
    if (!started) {
        baton.console.print("trace: off (make run TRACE=1)\n");
        return;
    }
    const TraceRing& ring = this_cpu().trace;
    if (!ring.stores_to(own_records())) {
        baton.console.print("trace: damaged\n");
        return;
    }
    const u64 shown = most < ring.held() ? most : ring.held();
    baton.console.print("trace: the last %lu of %lu events, oldest first (%lu lost)\n", shown,
                        ring.recorded(), ring.lost());
    u64 before = shown != 0 ? ring.at(shown - 1).ticks() : 0;
    for (u64 n = shown; n != 0; --n) {
        const TraceRecord& record = ring.at(n - 1);
        char words[event_line_size];
        describe(record, words);
        baton.console.print("  %lu +%lu  %s\n", record.ticks(), record.ticks() - before, words);
        before = record.ticks();
    }
}

} // namespace hyp
