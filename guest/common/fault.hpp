// SPDX-License-Identifier: Apache-2.0
#pragma once
// Synchronous exceptions of the guest itself. Normally one ends the run with a report; a check
// that provokes one on purpose catches it.

#include "frame.h"
#include "sysreg.hpp"

#include <cstddef>

namespace guest {

/** What vectors.S saves for anything but an IRQ. */
struct FaultFrame {
    std::uint64_t x[31];
    std::uint64_t sp;
    std::uint64_t elr;
    std::uint64_t spsr;
    std::uint64_t esr;
    std::uint64_t far;
    std::uint64_t kind; // number of the vector, 0 to 15
    std::uint64_t padding;
};
static_assert(sizeof(FaultFrame) == FAULT_FRAME_SIZE && FAULT_FRAME_SIZE % 16 == 0);
static_assert(offsetof(FaultFrame, x[30]) == FAULT_FRAME_LR);
static_assert(offsetof(FaultFrame, elr) == FAULT_FRAME_ELR);
static_assert(offsetof(FaultFrame, esr) == FAULT_FRAME_ESR);
static_assert(offsetof(FaultFrame, kind) == FAULT_FRAME_KIND);

/** What a caught exception left behind; `taken` is false when there was none. */
struct CaughtFault {
    bool taken = false;
    std::uint64_t esr = 0;
    std::uint64_t far = 0;

    /** ESR_EL1.EC, the exception class. */
    [[nodiscard]] constexpr unsigned exception_class() const {
        return static_cast<unsigned>(esr >> 26) & 0x3f;
    }

    /** EC 0x25, a data abort at the same EL, with DFSC 0x10, a synchronous external abort. */
    [[nodiscard]] constexpr bool is_external_data_abort() const {
        return taken && exception_class() == 0x25 && (esr & 0x3f) == 0x10;
    }

    /** EC 0, "unknown reason": the instruction is UNDEFINED. */
    [[nodiscard]] constexpr bool is_undefined() const { return taken && exception_class() == 0; }
};

/** Until caught(): a synchronous exception is recorded and its instruction skipped. */
void catch_faults();

/** Ends catch_faults() and tells what was caught last. */
[[nodiscard]] CaughtFault caught();

/** Runs `code`, a few instructions that may fault, and returns what it caught. */
template <class Code>
[[nodiscard]] CaughtFault probe(Code&& code) {
    catch_faults();
    code();
    return caught();
}

} // namespace guest
