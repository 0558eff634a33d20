// SPDX-License-Identifier: Apache-2.0
// The handler's address, and what happens when there is none.

#include "irq.hpp"

#include "psci.hpp"

#include <cstdio>

extern "C" {
extern char vectors[];
extern char vectors_timed[];

/** Read by vectors.S. */
extern guest::IrqHandler irq_handler;
}

namespace guest {
namespace {

void unexpected_irq(std::uint64_t entered) {
    std::printf("an interrupt came at tick %lu, before any handler was set\n", entered);
    finish(Verdict::bad);
}

} // namespace

void set_irq_handler(IrqHandler handler) {
    irq_handler = handler;
}

void end_storm() {
    std::printf("an interrupt storm: %lu interrupts and no end\n", storm_limit);
    finish(Verdict::bad);
}

void use_timed_vectors() {
    Vbar::write(reinterpret_cast<std::uintptr_t>(vectors_timed));
    isb();
}

void use_normal_vectors() {
    Vbar::write(reinterpret_cast<std::uintptr_t>(vectors));
    isb();
}

} // namespace guest

constinit guest::IrqHandler irq_handler = guest::unexpected_irq;
