// SPDX-License-Identifier: Apache-2.0
#pragma once
// The registers that nobody but this guest may change, and the wait that holds them.

#include "common/sysreg.hpp"
#include "pattern.h"

#include <cstddef>

namespace guest {

/** x30 alone holds an address of the wait itself, which is looked at, too. */
struct Registers {
    static constexpr unsigned words = 104;

    std::uint64_t x[32]; // x0 to x29; two words of no register
    std::uint64_t fp[64];
    std::uint64_t tpidr_el0;
    std::uint64_t tpidrro_el0;
    std::uint64_t tpidr_el1;
    std::uint64_t sp_el0;
    std::uint64_t contextidr; // 32 bits
    std::uint64_t far;
    std::uint64_t fpcr; // rounding mode alone
    std::uint64_t fpsr; // the cumulative flags alone
};
static_assert(sizeof(Registers) == Registers::words * sizeof(std::uint64_t));
static_assert(offsetof(Registers, fp) == PATTERN_FP);
static_assert(offsetof(Registers, tpidr_el0) == PATTERN_SYSTEM);

extern "C" {
/**
 * Loads all of `load`, opens interrupts and waits, spinning or in WFI, until a handler moves ELR_EL1
 * from between pattern_begin and pattern_end to pattern_end; stores what the registers hold then.
 * Call with interrupts masked; they are masked again on return.
 */
void hold_pattern(const Registers* load, Registers* found, std::uint64_t sleep);
extern char pattern_begin[];
extern char pattern_end[];
}

} // namespace guest
