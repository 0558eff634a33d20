// SPDX-License-Identifier: Apache-2.0
// Part of machine.hpp: the checks that look ahead, each on a copy: nothing is lost or stuck, and the
// fast paths end where the slow one does.
#pragma once

#include "tests/unit/vgic/machine.hpp"

namespace hyp::test {

// What a guest that has ended everything is still owed. `seen`: bit per level of {timer, uart}.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_nothing_owed(u32 seen) const {
    const auto may = [&](u32 intid) { return irqs.is_eligible(VIntid{intid}); };
    require((seen & 1U) != 0 || !ghost.timer.wanted || !may(timer),
            "lost: the timer's line is high and no tick came");
    require((seen & 2U) != 0 || !ghost.uart.wanted || !may(uart),
            "lost: the UART's line is high and no interrupt came");
    require(!ghost.timer.forced || !may(timer), "lost: the timer's ISPENDR");
    require(ghost.disk_due == 0 || !may(disk), "lost: H7, an edge");
    require(ghost.sgi_due[self_sgi] == 0 || !may(self_sgi), "lost: an SGI");
    require(ghost.sgi_due[other_sgi] == 0 || !may(other_sgi), "lost: an SGI");
    require(!ghost.spi_due || !may(soft_spi), "lost: an SPI");
    require((!ghost.soft.wanted && !ghost.soft.forced) || !may(soft_level),
            "lost: a software line is high");
    require(ghost.taken_count == 0, "stuck: an interrupt cannot be ended");
    for (const u32 intid : {timer, disk, uart}) {
        const bool owed = irqs.at(VIntid{intid}).template get<Delivery::Owed>();
        require(!gic.active(0, intid) || owed, "stuck: physically active at rest");
    }
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::check_drained() const {
    Machine copy = *this;
    u32 seen = 0;
    copy.set_pmr(0xf0);
    for (const u32 intid : {timer, disk, uart, soft_spi}) {
        if ((copy.ghost.made_active >> intid & 1U) != 0) {
            copy.clear_active(intid);
        }
    }
    unsigned idle_exits = 0;
    for (unsigned step = 0; step < 200 && copy.failure == nullptr; ++step) {
        while (copy.gic.deliverable() != 0) {
            copy.deliver(0);
        }
        if (copy.pending_exit()) {
            copy.require(++idle_exits < 4, "storm: exits without a guest step between");
            copy.interrupt();
            continue;
        }
        idle_exits = 0;
        if (copy.guest_signalled()) {
            const u32 intid = copy.acknowledge() & 0x3ffU; // a handler silences its device
            if (intid == timer || intid == uart) {
                seen |= intid == timer ? 1U : 2U;
                copy.line(intid, false);
            } else if (intid == soft_level && copy.ghost.soft.wanted) {
                copy.soft_line(false);
            }
        } else if (copy.ghost.taken_count != 0) {
            copy.end(copy.ghost.taken_count - 1U);
        } else {
            break;
        }
    }
    if (!setup.lawless) {
        copy.check_nothing_owed(seen);
    }
    require(copy.failure == nullptr, copy.failure);
}

// Both have done the same, one by the fast path: after the next exit nothing tells them apart.
template <GicGeneration G, unsigned L>
void Machine<G, L>::check_alike(const char* what, Machine quick, Machine slow) const {
    for (Machine* one : {&quick, &slow}) {
        for (unsigned n = 0; n < 4 && one->pending_exit(); ++n) {
            one->interrupt();
        }
        for (unsigned n = 0; n < 2; ++n) { // what is under way may matter to the exit
            while (one->gic.deliverable() != 0) {
                one->deliver(0);
            }
            one->trap([](VcpuIrqs&) {});
        }
    }
    const bool same = quick.gic == slow.gic && quick.irqs == slow.irqs && quick.vm == slow.vm &&
                      quick.ghost == slow.ghost;
    require(same, what);
    require(quick.failure == nullptr, quick.failure);
    require(slow.failure == nullptr, slow.failure);
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::check_fast_equals_slow() const {
    const u32 next = gic.highest_pending(0);
    bool armed = next == timer && plan.timer_lr != 0;
    for (u32 n = 0; n < device_homes; ++n) {
        armed = armed || (next != 0 && next == plan.device[n] && plan.device_lr[n] != 0);
    }
    if (!armed || gic.deliverable() != 0) {
        return; // what is under way may arrive before the one exit and after the other
    }
    Machine quick = *this;
    Machine slow = *this;
    slow.setup.fast = false;
    quick.interrupt();
    require(quick.fast_ticks + quick.fast_devices == fast_ticks + fast_devices + 1,
            "fast: the armed plan was not used");
    // The slow path takes along what else is pending; after the fast one it exits again for it.
    for (unsigned n = 0; n < 4 && quick.pending_exit(); ++n) {
        quick.interrupt();
    }
    slow.interrupt();
    // The slow path also withdraws a level that dropped, and, as the older document has it, clears
    // list registers that look active.
    const bool dropped = (gic.active(0, timer) && !gic.line(0, timer)) ||
                         (gic.active(0, uart) && !gic.line(0, uart));
    require(setup.survives || dropped || quick.gic == slow.gic,
            "fast: the GIC differs at the entry");
    check_alike("fast: an interrupt differs after the next exit", quick, slow);
}

template <GicGeneration G, unsigned L>
void Machine<G, L>::check_fast_traps() const {
    // A lawless guest's EOIcount lasts until the control is written, by whichever exit.
    if (gic.deliverable() != 0 || (setup.lawless && pending_exit())) {
        return;
    }
    const auto compare = [this](const char* what, auto operation) {
        Machine quick = *this;
        operation(quick);
        if (quick.fast_traps != fast_traps) {
            Machine slow = *this;
            slow.setup.fast = false;
            operation(slow);
            check_alike(what, quick, slow);
        }
    };
    if (has_sgis()) {
        compare("fast: an SGI differs after the next exit",
                [](Machine& m) { m.raise_sgi(self_sgi, 0); });
    }
    // While something waits, which list register it gets depends on when the slow path runs.
    if (plan.spis != nullptr && irqs.nothing_waits() && !pending_exit()) {
        const bool on = irqs.at(VIntid{soft_spi}).template get<Delivery::Enabled>();
        compare("fast: an enable differs after the next exit",
                [on](Machine& m) { m.enable_spi(soft_spi, !on); });
    }
}

} // namespace hyp::test
