// SPDX-License-Identifier: Apache-2.0
// Asynchronous exits, the complete way: acknowledge, priority drop, whose is it, list registers.
#include "hyp/irq.hpp"

#include "hyp/baton.hpp"
#include "hyp/fast_switch.hpp"
#include "hyp/run.hpp"

namespace hyp {

namespace {

// The vector acknowledged already; the rest of the loop takes what else is pending without an exit
// of its own.
template <class G>
[[nodiscard]] ExitFrame& guest_irq(G gic) {
    PerCpu& cpu = this_cpu();
    Vcpu* vcpu = cpu.vcpu;
    Ack ack{static_cast<u32>(cpu.ack)};
    if (vcpu->is_quiet && ack.intid() == baton.hyp_timer && this_pcpu().inbox.is_empty() &&
        machine.idle.load() == 0) {
        if (ExitFrame* next = fast_alarm(gic.plain(), ack); next != nullptr) {
            return *next;
        }
        ack = gic.acknowledge();
        vcpu = cpu.vcpu;
    }
    trace(TraceEvent::exit_irq(sysreg::read<sysreg::elr_el2>()));
    if (vcpu != nullptr) {
        sync_from(gic, vcpu->irqs);
        watch_exit(*vcpu);
    }
    take_interrupts(gic, ack);
    return resume(gic);
}

} // namespace

// A hardware interrupt in a list register is active in the distributor, never pending as well, and
// no vINTID is listed twice: else it would be lost, doubled, or storm.
template <class G>
void check_entry(G gic, const Vcpu& vcpu) {
    const u8 count = vcpu.irqs.caps().list_registers;
    const u32 active = gic.private_active();
    for (u8 n = 0; n < count; ++n) {
        const ListReg lr = gic.read_lr(LrIndex{n});
        if (!lr.is_valid()) {
            continue;
        }
        if (lr.is_hardware() && lr.pintid().is_private() &&
            (active >> lr.pintid().value() & 1U) == 0) {
            panic("INTID %u is listed as hardware interrupt but not active", lr.pintid().value());
        }
        for (u8 other = 0; other < n; ++other) {
            const ListReg twin = gic.read_lr(LrIndex{other});
            if (twin.is_valid() && twin.vintid() == lr.vintid()) {
                panic("INTID %u is in two list registers", lr.vintid().value());
            }
        }
    }
}

template void check_entry(PlainGicV2, const Vcpu&);
template void check_entry(PlainGicV3, const Vcpu&);

extern "C" ExitFrame* on_guest_irq_v2(ExitFrame*);
extern "C" ExitFrame* on_guest_irq_v3(ExitFrame*);

extern "C" ExitFrame* on_guest_irq_v2(ExitFrame* /*frame*/) {
    return &guest_irq(HostGicV2{{}, {}});
}
extern "C" ExitFrame* on_guest_irq_v3(ExitFrame* /*frame*/) {
    return &guest_irq(HostGicV3{{}, {}});
}

} // namespace hyp
