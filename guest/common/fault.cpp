// SPDX-License-Identifier: Apache-2.0
// Catches a provoked exception; reports any other and ends the run with a bad verdict.

#include "fault.hpp"

#include "psci.hpp"

#include <cstdio>

namespace guest {
namespace {

struct Catching {
    volatile bool on;
    CaughtFault last;
};

/** One for each CPU that these guests can have: they differ in MPIDR_EL1.Aff0. */
constinit Catching by_cpu[8] = {};

Catching& mine() {
    return by_cpu[Mpidr::read() & 7];
}

const char* describe(std::uint64_t kind) {
    static constexpr const char* names[4] = {"synchronous exception", "IRQ", "FIQ", "SError"};
    return names[kind & 3];
}

[[noreturn]] void report(const FaultFrame& frame) {
    std::printf("unexpected %s (vector %lu): ESR 0x%lx FAR 0x%lx ELR 0x%lx SPSR 0x%lx\n",
                describe(frame.kind), frame.kind, frame.esr, frame.far, frame.elr, frame.spsr);
    for (unsigned i = 0; i < 31; ++i) {
        std::printf("x%-2u 0x%016lx%s", i, frame.x[i], i % 4 == 3 ? "\n" : "  ");
    }
    std::printf("sp  0x%016lx\n", frame.sp);
    finish(Verdict::bad);
}

} // namespace

void catch_faults() {
    mine().last = CaughtFault{};
    isb();
    mine().on = true;
}

CaughtFault caught() {
    isb();
    mine().on = false;
    return mine().last;
}

/** Called by vectors.S for everything but an IRQ; returning resumes at `frame.elr`. */
extern "C" void guest_fault(FaultFrame& frame);

extern "C" void guest_fault(FaultFrame& frame) {
    constexpr std::uint64_t synchronous_here = 4;
    Catching& catching = mine();
    if (!catching.on || frame.kind != synchronous_here) {
        catching.on = false;
        report(frame);
    }
    catching.last = CaughtFault{true, frame.esr, frame.far};
    frame.elr += 4;
}

} // namespace guest
