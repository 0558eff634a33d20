// SPDX-License-Identifier: Apache-2.0
#pragma once
// The bench on which checks are built: one GIC, the timers' interrupts enabled, an IRQ handler
// that counts and then runs the check's own script, and waits that end.

#include "common/gic.hpp"
#include "common/psci.hpp"
#include "common/timer.hpp"

namespace guest {

/** What the handler counted since prepare(). */
struct Events {
    volatile std::uint64_t virtual_ticks;
    volatile std::uint64_t physical_ticks;
    volatile std::uint64_t spurious; // acknowledges that returned 1023
    volatile std::uint64_t foreign;  // interrupts of no timer
    volatile std::uint64_t entered;  // CNTVCT at the last vector entry
};

/**
 * What a check does with the `nth` (from 1) virtual tick between acknowledge and return, in the
 * handler: it must see to the timer's line and to the end of the interrupt.
 */
using Script = void (*)(Ack ack, std::uint64_t nth);

[[nodiscard]] Gic& gic();
[[nodiscard]] Events& events();

/** Makes the timer's line low, then ends the interrupt: what a handler should do. */
void mask_then_end(Ack ack, std::uint64_t nth);

/** Brings the GIC up and installs the handler. Once. */
void open_lab();

/** Before each check: interrupts masked, timers off, nothing active, counters 0, this script. */
void prepare(Script script = mask_then_end, EoiMode mode = EoiMode::joint);

/** Arms the virtual timer in the past and waits until it has expired. */
void raise_line();

/** Unmasks interrupts for so long that whatever is pending is taken, and masks them again. */
void take_interrupts();

/** As take_interrupts(), but ends as soon as `ticks` virtual ticks came, or 2 s passed. */
void take_ticks(std::uint64_t ticks);

/** Reads `condition()` until it is true, for 1 s at most: devices and busy hosts answer later. */
template <class Condition>
[[nodiscard]] bool soon(Condition&& condition) {
    const std::uint64_t end = VirtualTimer::now() + microseconds(1000000);
    while (!condition()) {
        if (VirtualTimer::now() > end) {
            return false;
        }
    }
    return true;
}

[[nodiscard]] inline Intid vtimer() {
    return machine().virtual_timer;
}

} // namespace guest
