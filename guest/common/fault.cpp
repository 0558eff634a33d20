// SPDX-License-Identifier: Apache-2.0
// Catches a provoked exception; reports any other and ends the run with a bad verdict.

#include "fault.hpp"

#include "psci.hpp"

#include <cstdio>

namespace guest {
namespace {

constinit volatile bool catching = false;
constinit CaughtFault last_fault{};

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
    last_fault = CaughtFault{};
    isb();
    catching = true;
}

CaughtFault caught() {
    isb();
    catching = false;
    return last_fault;
}

/** Called by vectors.S for everything but an IRQ; returning resumes at `frame.elr`. */
extern "C" void guest_fault(FaultFrame& frame);

extern "C" void guest_fault(FaultFrame& frame) {
    constexpr std::uint64_t synchronous_here = 4;
    if (!catching || frame.kind != synchronous_here) {
        catching = false;
        report(frame);
    }
    last_fault = CaughtFault{true, frame.esr, frame.far};
    frame.elr += 4;
}

} // namespace guest
