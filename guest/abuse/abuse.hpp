// SPDX-License-Identifier: Apache-2.0
#pragma once
// The guest that misbehaves: each chapter does what no guest should, and afterwards everything
// that is not UNPREDICTABLE must be as the architecture says - ticks, SGIs, registers. It passes on
// the bare machine, too, but for what QEMU's own GIC does not survive.

#include "common/bootargs.hpp"
#include "common/interrupt_lab.hpp"
#include "common/mmio.hpp"
#include "common/psci.hpp"

namespace guest::lab {

struct Chapter {
    const char* name;
    Outcome (*run)();
};

/** Every offset and size of GICD and GICR, and around them. */
[[nodiscard]] Outcome abuse_registers();
/** Every register of the CPU interface. */
[[nodiscard]] Outcome abuse_interface();
/** Every system register there could be. */
[[nodiscard]] Outcome abuse_system_registers();
/** Ends of what never began, twice, in the wrong order. */
[[nodiscard]] Outcome abuse_ends();
/** A hundred thousand SGIs to itself. */
[[nodiscard]] Outcome abuse_sgis();
/** Everything enabled and pending at priority 0. */
[[nodiscard]] Outcome abuse_priorities();
/** Timers that never stop firing. */
[[nodiscard]] Outcome abuse_timers();
/** Whole-GIC switches thrown while interrupts are on their way. */
[[nodiscard]] Outcome abuse_switches();
/** Accesses of forms that no driver uses. */
[[nodiscard]] Outcome abuse_forms();
/** Calls with random arguments. */
[[nodiscard]] Outcome abuse_calls();
/** The virtual timer fires for ever, and this never returns; it prints that it is alive. */
[[noreturn]] void fire_for_ever();

/** Notes what the registers hold while all is well. Once. */
void note_health();
/** Everything that a well-behaved guest relies on, after any chapter. */
[[nodiscard]] Outcome is_healthy();

/** A repeatable sequence without pattern. */
class Random {
public:
    [[nodiscard]] std::uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_;
    }
    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return next() % limit; }

private:
    std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

/** One store or load of 1, 2, 4 or 8 bytes at any address; within catch_faults(). */
void store(std::uintptr_t address, unsigned size, std::uint64_t value);
std::uint64_t load(std::uintptr_t address, unsigned size);

} // namespace guest::lab
