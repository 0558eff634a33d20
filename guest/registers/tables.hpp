// SPDX-License-Identifier: Apache-2.0
#pragma once
// The guest's own translation: all as it is without, and one page whose place depends on the pattern.

#include "common/sysreg.hpp"

namespace guest::registers {

/** Fills the tables for this pattern and returns what belongs in TTBR0_EL1. MMU off. */
[[nodiscard]] std::uint64_t make_tables(std::uint64_t pattern);

/** With the MMU on: the page that is another one for another pattern is this guest's. */
[[nodiscard]] bool sees_own_page(std::uint64_t pattern);

} // namespace guest::registers
