// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where an interrupt goes: vectors.S calls the one handler that is set here.

#include "sysreg.hpp"

namespace guest {

/**
 * Called with PSTATE.I set, for every IRQ. `entered` is CNTVCT_EL0 as the vector read it. The
 * handler acknowledges and ends the interrupt; it may not use printf (nor FP, see sysreg.hpp).
 */
using IrqHandler = void (*)(std::uint64_t entered);

/** Sets the handler; from now on an IRQ calls it. Call with interrupts masked. */
void set_irq_handler(IrqHandler handler);

/** More interrupts than any mode of these guests asks for. */
constexpr std::uint64_t storm_limit = 1000000;

/** For handlers: ends the run when interrupts do not stop coming, which else would be a hang. */
[[noreturn]] void end_storm();

/** Selects the vectors whose very first IRQ instruction reads the counter (and loses x9). */
void use_timed_vectors();

/** Selects the everyday vectors again. */
void use_normal_vectors();

} // namespace guest
