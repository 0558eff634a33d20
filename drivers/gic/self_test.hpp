// SPDX-License-Identifier: Apache-2.0
// Self-tests at boot: does the INTID that the device tree names for EL2's own timer and for the
// maintenance interrupt really arrive? To be run after init_cpu(), with interrupts masked at EL2
// and before any guest. Each leaves its interrupt disabled, inactive and its cause removed.
#pragma once

#include "drivers/gic/gic.hpp"
#include "drivers/timer/el2_timer.hpp"
#include "hyp/core/base/bus.hpp"

namespace hyp {

// About 10 us of the system counter, in which a real, asynchronous GIC answers many times over.
template <SysRegBus S>
class PollWindow {
public:
    explicit PollWindow(S sys) : sys_{sys} {
        constexpr u64 windows_per_second = 100'000;
        length_ = sys_.template read<SysReg::cntfrq>() / windows_per_second + 1;
        start_ = now();
    }
    [[nodiscard]] bool is_open() {
        sys_.relax();
        return now() - start_ < length_;
    }

private:
    [[nodiscard]] u64 now() {
        sys_.template barrier<Barrier::isb>(); // the counter may not be read ahead of a poll
        return sys_.template read<SysReg::cntpct>();
    }

    [[no_unique_address]] S sys_;
    u64 start_ = 0;
    u64 length_ = 0;
};

// EL2's physical timer, CNTHP, with its line up (a compare value long past) or down.
template <SysRegBus S>
void raise_hyp_timer(S sys) {
    El2Timer<S>{sys}.arm(0);
}
template <SysRegBus S>
void lower_hyp_timer(S sys) {
    El2Timer<S>{sys}.stop();
}

// Acknowledges until `expected` or the window ends. Others are ended: nobody waits for them yet.
template <GicBackend G, SysRegBus S>
[[nodiscard]] Ack await_interrupt(G& gic, S sys, PIntid expected) {
    PollWindow<S> window{sys};
    do {
        const Ack ack = gic.acknowledge();
        if (ack.intid() == expected) {
            return ack;
        }
        if (!ack.is_spurious()) {
            gic.drop_priority(ack);
            gic.deactivate(ack);
        }
    } while (window.is_open());
    constexpr u32 none = 1023;
    return Ack{none};
}

// Raises a cause, waits for `pintid`, removes the cause, ends the interrupt. True if it arrived.
template <GicBackend G, SysRegBus S, class Raise, class Lower>
[[nodiscard]] bool interrupt_arrives(G& gic, S sys, PIntid pintid, Raise raise, Lower lower) {
    gic.set_enable(pintid, Enable::on);
    raise();
    const Ack ack = await_interrupt(gic, sys, pintid);
    lower();
    sys.template barrier<Barrier::dsb_sy>(); // a level must be down before it is deactivated
    if (!ack.is_spurious()) {
        gic.drop_priority(ack);
        gic.deactivate(ack);
    }
    gic.set_enable(pintid, Enable::off);
    return !ack.is_spurious();
}

template <GicBackend G, SysRegBus S>
[[nodiscard]] bool hyp_timer_arrives(G& gic, S sys, PIntid pintid) {
    return interrupt_arrives(
        gic, sys, pintid, [&] { raise_hyp_timer(sys); }, [&] { lower_hyp_timer(sys); });
}

// With no list register pending, NPIE alone makes a maintenance interrupt.
template <GicBackend G, SysRegBus S>
[[nodiscard]] bool maintenance_arrives(G& gic, S sys, PIntid pintid) {
    const auto control = [&](VirtControl value) {
        gic.write_control(value);
        sys.template barrier<Barrier::isb>(); // in force before the poll
    };
    return interrupt_arrives(
        gic, sys, pintid, [&] { control({.enable = true, .no_pending = true}); },
        [&] { control({}); });
}

} // namespace hyp
