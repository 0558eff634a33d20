// SPDX-License-Identifier: Apache-2.0
#pragma once
// The system registers that this guest fills, and how.

#include "common/sysreg.hpp"

#include <span>

namespace guest::registers {

enum class Kept : std::uint8_t {
    always,  // what reads back once reads back for ever
    lazily,  // the same, but looked at in some rounds only, so that it is not used in the others
    or_zero, // hidden: whoever can reach it finds what he left, or zero
};

/** CPACR_EL1: FP, and SVE and SME as far as they exist, are open. */
constexpr std::uint64_t cpacr_open = 0x3330000;

/** Instead of the bits that are 1: the address of the guest's own tables. */
constexpr std::uint64_t own_table = ~std::uint64_t{0};

/** Bits that get the pattern, and bits that are 1. */
struct Bits {
    std::uint64_t pattern;
    std::uint64_t one;
};

struct Row {
    const char* name;
    std::uint64_t (*read)();
    void (*write)(std::uint64_t value);
    Bits flat;   // while the MMU is off
    Bits mapped; // while it is on
    Kept kept;
    std::uint64_t compared; // bits that do not change by themselves
};

/** In the order in which they are written: SCTLR_EL1, which turns the MMU on, is the last. */
[[nodiscard]] std::span<const Row> rows();

} // namespace guest::registers
