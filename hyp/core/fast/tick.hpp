// SPDX-License-Identifier: Apache-2.0
// The virtual timer's interrupt handed to the guest: acknowledge, drop the priority, one list
// register. The whole of it stands in the IRQ vector; see plan.hpp for when it may.
#pragma once

#include "hyp/core/fast/plan.hpp"

namespace hyp {

// G has, besides acknowledge() and drop_priority() of GicBackend, write_lr_word(LrIndex, u64).
// False: nothing was done but the acknowledge, whose value is in `kept`; the slow path goes on
// from there. List register 0 needs no look: the interrupt could be acknowledged, so its physical
// active bit was clear, so the guest had deactivated it and its list register was empty.
template <class G>
[[nodiscard, gnu::always_inline]] inline bool fast_tick(G gic, const FastPlan& plan, u64& kept,
                                                        PIntid vtimer) {
    const auto ack = gic.acknowledge();
    const u64 lr = plan.timer_lr;
    if (__builtin_expect(ack.raw() == vtimer.value() && lr != 0, 1)) {
        gic.drop_priority(ack);
        gic.write_lr_word(timer_home, lr);
        return true;
    }
    kept = ack.raw();
    return false;
}

// After fast_tick() said no: a forwarded SPI that has a home. Its home is empty for the same reason.
// False: as there. Ack is what acknowledge() gave.
template <class Ack, class G>
[[nodiscard, gnu::always_inline]] inline bool fast_device(G gic, const FastPlan& plan, u64 kept) {
    static_assert(device_homes == 2); // spelled out: no loop, and a constant list register each
    const u32 ack = static_cast<u32>(kept);
    if (ack == plan.device[0] && plan.device_lr[0] != 0) {
        gic.drop_priority(Ack{ack});
        gic.write_lr_word(device_home(0), plan.device_lr[0]);
        return true;
    }
    if (ack == plan.device[1] && plan.device_lr[1] != 0) {
        gic.drop_priority(Ack{ack});
        gic.write_lr_word(device_home(1), plan.device_lr[1]);
        return true;
    }
    return false;
}

} // namespace hyp
