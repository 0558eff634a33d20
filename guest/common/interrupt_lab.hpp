// SPDX-License-Identifier: Apache-2.0
#pragma once
// The bench on which checks of the interrupt controller are built: a handler that may be nested,
// logs what it acknowledged and runs the check's own script, and waits that end.

#include "check.hpp"
#include "interrupts.hpp"
#include "timer.hpp"

/** Returns the outcome of `step` from the surrounding check if it is a failure. */
#define GUEST_TRY(step)                                                                            \
    do {                                                                                           \
        if (const ::guest::Outcome tried = (step); tried.kind == ::guest::Outcome::Kind::fail) {   \
            return tried;                                                                          \
        }                                                                                          \
    } while (false)

namespace guest::lab {

/** What a check is run with: the group of every interrupt, and whether DIR deactivates. */
struct Setup {
    Group group = Group::group1;
    EoiMode mode = EoiMode::joint;
};

/** One acknowledged interrupt: by which group's registers, and as FIQ or IRQ. */
struct Taken {
    Ack ack{spurious_intid.value};
    Group group = Group::group1;
    bool fiq = false;
};

/** What came since prepare(). */
struct Log {
    static constexpr unsigned kept = 64;
    volatile unsigned count;    // interrupts acknowledged
    volatile unsigned spurious; // acknowledges that returned 1023
    Taken taken[kept];          // the first ones, in order
};

/**
 * Called by the handler with the `nth` (from 1) interrupt since prepare(); it must see to the
 * interrupt's end. It may unmask() and mask() in between.
 */
using Script = void (*)(const Taken& taken, unsigned nth);

/**
 * Brings the GIC up and installs vectors and handler, once, and says for which guest and where.
 * False if the machine has no GIC.
 */
[[nodiscard]] bool open_interrupt_lab(const char* guest);

[[nodiscard]] const Interrupts& irqs();
[[nodiscard]] inline const CpuInterface& cpu() {
    return irqs().cpu();
}
[[nodiscard]] const Setup& setup();
/** Whose IAR, EOIR and HPPIR serve the setup's group: on v2 AckCtl is set, so Group 0's always. */
[[nodiscard]] Group bank();
[[nodiscard]] Log& log();

/** Ends an interrupt as the setup's EOI mode wants it. The script of a check that has none. */
void finish_interrupt(const Taken& taken);
void end_at_once(const Taken& taken, unsigned nth);

/** Before each check: all masked, timers off, GIC reset and on in this setup, log empty. */
void prepare(const Setup& wanted, Script script = end_at_once);
void set_script(Script script);

/** PSTATE.I and PSTATE.F. */
inline void unmask() {
    asm volatile("msr daifclr, #3\n\tisb" : : : "memory");
}
inline void mask() {
    asm volatile("msr daifset, #3" : : : "memory");
}

/** Enables, at this priority. */
void open(Intid i, std::uint8_t priority = 0xa0);
/** Makes it pending in the setup's group. */
inline void pend(Intid i) {
    irqs().make_pending(i, setup().group);
}

/** Unmasked until `count` interrupts came (200 ms at most), and then so long that one too many
 * would come, too. */
void take(unsigned count);
/** Unmasked for long enough that whatever can come does. */
void take_any();

/** Exactly these interrupts came, in any order when each is of the same INTID. */
[[nodiscard]] Outcome exactly(unsigned count);
/** Both: waits for `count` interrupts, of which no more may come. */
[[nodiscard]] Outcome takes(unsigned count);

/** Reads `condition()` until it is true, for 200 ms at most. */
template <class Condition>
[[nodiscard]] bool soon(Condition&& condition) {
    const std::uint64_t end = VirtualTimer::now() + microseconds(200000);
    while (!condition()) {
        if (VirtualTimer::now() > end) {
            return false;
        }
    }
    return true;
}

/** Nothing is pending for the CPU, nothing active there: RPR idle, and IAR gives 1023. */
[[nodiscard]] Outcome is_idle();

} // namespace guest::lab
