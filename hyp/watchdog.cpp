// SPDX-License-Identifier: Apache-2.0
#include "hyp/watchdog.hpp"

#include "hyp/baton.hpp"
#include "hyp/core/fast/plan.hpp"
#include "hyp/core/trace/describe.hpp"
#include "hyp/irq.hpp"
#include "hyp/pcpu.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

constexpr u64 events_of_a_report = 16;

constinit bool watching = false;

// The list register as the hardware holds it.
void report_place(const VcpuIrqs& irqs, VIntid vintid) {
    for (u8 n = 0; n < irqs.caps().list_registers; ++n) {
        const ListReg& lr = irqs.in_hardware(LrIndex{n});
        if (lr.is_valid() && lr.vintid() == vintid) {
            char words[event_line_size];
            describe(lr, words);
            baton.console.print("  list register %u: %s (0x%lx)\n", n, words,
                                encode_raw(irqs.caps().generation, lr));
            return;
        }
    }
    baton.console.print("  in no list register\n"); // owed or spilled: others are more urgent
}

[[gnu::noinline]] void report(const Vcpu& vcpu, VIntid vintid, u64 ticks) {
    const PIntid pintid = vcpu.irqs.pintid_of(vintid);
    barrier::dsb_sy(); // what was acknowledged or ended is so in the distributor, too
    const DistributorState state =
        distributor_state(TargetMmio{}, vcpu.irqs.caps().generation, pintid);
    baton.console.print(
        "\nbaton: watchdog: VM %s vCPU %u: INTID %u (physical %u) active for %lu ms\n"
        "  distributor: pending %u, active %u, enabled %u\n",
        vcpu.vm->label, vcpu.irqs.self().value, vintid.value(), pintid.value(),
        ticks * 1000 / reg::read<SysReg::cntfrq>(), state.pending, state.active, state.enabled);
    report_place(vcpu.irqs, vintid);
    trace(TraceEvent::overdue(vintid, ticks));
    print_events(events_of_a_report);
}

} // namespace

void start_watchdog(u32 milliseconds) {
    watching = true;
    for (u32 n = 0; n < machine.vcpu_count; ++n) {
        machine.vcpus[n]->watch.start(reg::read<SysReg::cntfrq>() * milliseconds / 1000);
    }
}

void watch_exit(Vcpu& vcpu) {
    if (!watching) {
        return;
    }
    const u64 now = reg::read<SysReg::cntpct>();
    for (unsigned word = 0; word < guest_words; ++word) {
        vcpu.watch.look(word, vcpu.irqs.present_word(word), now);
    }
}

u64 watch_entry(Vcpu& vcpu) {
    if (!watching) {
        return never;
    }
    watch_exit(vcpu);
    return vcpu.watch.check(reg::read<SysReg::cntpct>(), [&](VIntid vintid, u64 ticks) {
        if (vcpu.irqs.is_hardware(vintid)) { // a software interrupt keeps nothing from anybody
            report(vcpu, vintid, ticks);
        }
    });
}

} // namespace hyp
