// SPDX-License-Identifier: Apache-2.0
#pragma once
// Connects each interrupt with the code that serves it, and counts. A check stands between
// begin_check() and end_check(): a timer ticks all the while, so that several interrupts are under
// way at once, and at the end every count must add up. Interrupts are masked except while waiting.

#include "common/check.hpp"
#include "common/gic.hpp"
#include "common/timer.hpp"
#include "common/tree.hpp"

namespace guest {

/** What a service did with the end of its interrupt. */
enum class After : std::uint8_t {
    end_it, // nothing: the switchboard ends it
    ended,  // ended it itself, or keeps it active
};

/** Called in the IRQ handler between acknowledge and end; may not use printf nor FP. */
using Service = After (*)(Ack ack);

/** How to wait for an interrupt. */
enum class Idle : std::uint8_t { spin, sleep };

[[nodiscard]] Gic& gic();

/** Brings the GIC up and installs the one handler. Once. */
void open_switchboard();

/** From now on `service` serves `intid`; a second time replaces the first. At most 8 INTIDs. */
void connect(Intid intid, Service service);

/** Sets up the SPI with the trigger that the device tree names, connects and enables it. */
void connect_spi(Wire wire, Service service);

/** How often `intid` was acknowledged since begin_check(). */
[[nodiscard]] std::uint64_t taken(Intid intid);

/** At which place since begin_check() `intid` was first acknowledged, from 1; 0: never. */
[[nodiscard]] std::uint64_t first_place(Intid intid);

/** EOIR and, when split, DIR. */
void finish_interrupt(Ack ack);

/** Every SPI is set up as a level, whatever the tree says: what a driver must not do. */
void keep_level();

/** Counters 0, nothing active, ticks running; ends are done as `mode` says. */
void begin_check(EoiMode mode = EoiMode::joint);

/**
 * Takes whatever is still pending, stops the ticks, and compares: no acknowledge without an
 * interrupt, none that nobody asked for, every tick exactly once, nothing left pending or active.
 */
[[nodiscard]] Outcome end_check();

/** When waiting for something becomes a failure: hosts may be busy. */
constexpr std::uint64_t patience_us = 5000000;

/** Takes interrupts until `condition()` holds; false when `within_us` passed before. */
template <class Condition>
[[nodiscard]] bool serve_until(Condition&& condition, Idle idle = Idle::spin,
                               std::uint64_t within_us = patience_us) {
    const std::uint64_t end = VirtualTimer::now() + microseconds(within_us);
    if (idle == Idle::sleep) { // a sleep that no interrupt ends needs another end
        PhysicalTimer::arm(PhysicalTimer::now() + microseconds(within_us));
    }
    bool held = condition();
    while (!held && VirtualTimer::now() < end) {
        if (idle == Idle::sleep) {
            wfi(); // interrupts are masked: one that came before the WFI ends it at once
        }
        unmask_interrupts();
        mask_interrupts();
        held = condition();
    }
    PhysicalTimer::stop();
    return held;
}

/** Takes interrupts for so long that one too many would come. */
inline void serve_rest() {
    (void)serve_until([] { return false; }, Idle::spin, 300);
}

/** Reads `condition()` without taking interrupts; false when `within_us` passed before. */
template <class Condition>
[[nodiscard]] bool poll(Condition&& condition, std::uint64_t within_us = patience_us) {
    const std::uint64_t end = VirtualTimer::now() + microseconds(within_us);
    while (!condition()) {
        if (VirtualTimer::now() > end) {
            return false;
        }
    }
    return true;
}

} // namespace guest
