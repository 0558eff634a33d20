// SPDX-License-Identifier: Apache-2.0
#include "hyp/watchdog.hpp"

#include "drivers/timer/el2_timer.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/fast/plan.hpp"
#include "hyp/core/trace/describe.hpp"
#include "hyp/irq.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

constexpr u64 events_of_a_report = 16;
constexpr El2Timer<TargetSysReg> timer{TargetSysReg{}};
constexpr u32 cntfrq = static_cast<u32>(SysReg::cntfrq);

// Where EL2 has it: the list register as the hardware holds it, or why it is in none.
void report_place(const Vcpu& vcpu, VIntid vintid) {
    const VcpuIrqs& irqs = vcpu.irqs;
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
    baton.console.print("  no list register: %s\n", irqs.is_spilled(vintid)
                                                        ? "active, had to make room"
                                                        : "waits to be listed");
}

// Seldom enough to ask which GIC it is.
[[nodiscard]] DistributorState state_of(const VcpuIrqs& irqs, PIntid pintid) {
    return irqs.caps().generation == GicGeneration::v2 ? PlainGicV2{{}, {}}.state(pintid)
                                                       : PlainGicV3{{}, {}}.state(pintid);
}

void report(const Vcpu& vcpu, VIntid vintid, u64 ticks) {
    const PIntid pintid = vcpu.irqs.pintid_of(vintid);
    const DistributorState state = state_of(vcpu.irqs, pintid);
    baton.console.print(
        "\nbaton: watchdog: VM %s vCPU %u: INTID %u (physical %u) active for %lu ms\n"
        "  distributor: %spending, %sactive, %sabled\n",
        vcpu.vm->label, vcpu.irqs.self().value, vintid.value(), pintid.value(),
        ticks * 1000 / reg::read<cntfrq>(), state.pending ? "" : "not ", state.active ? "" : "not ",
        state.enabled ? "en" : "dis");
    report_place(vcpu, vintid);
    trace(TraceEvent::overdue(vintid, ticks));
    print_events(events_of_a_report);
}

} // namespace

void start_watchdog(Vcpu& vcpu, u32 milliseconds) {
    vcpu.watch.start(reg::read<cntfrq>() * milliseconds / 1000);
}

void stop_watchdog_timer() {
    timer.stop();
    barrier::dsb_sy(); // down at the distributor
}

void watch_exit(Vcpu& vcpu) {
    if (!vcpu.watch.is_on()) {
        return;
    }
    const u64 now = timer.now();
    for (unsigned word = 0; word < guest_words; ++word) {
        u32 held = 0;
        for_each_intid(word, vcpu.irqs.present_word(word), [&](VIntid vintid) {
            held |= vcpu.irqs.is_hardware(vintid) ? IntidSet::bit(vintid) : 0;
        });
        vcpu.watch.look(word, held, now);
    }
}

void watch_entry(Vcpu& vcpu) {
    if (!vcpu.watch.is_on()) {
        return;
    }
    watch_exit(vcpu);
    const u64 next = vcpu.watch.check(
        timer.now(), [&](VIntid vintid, u64 ticks) { report(vcpu, vintid, ticks); });
    if (next == StuckWatch::never) {
        timer.stop();
    } else {
        timer.arm(next);
    }
}

} // namespace hyp
