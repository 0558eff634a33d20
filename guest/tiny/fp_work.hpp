// SPDX-License-Identifier: Apache-2.0
#pragma once
// Floating point work for the checks. Everything else in the guest is compiled for general
// registers only (common/sysreg.hpp), so the FP code stands alone, behind integer interfaces.

#include <cstdint>

/** Fills v0 to v31 from `seed`, spins `rounds` times, and counts the registers that changed. */
[[nodiscard]] unsigned fp_registers_changed(std::uint64_t seed, std::uint64_t rounds);

/** The bits of the double 1/1 + 1/2 + ... + 1/terms. */
[[nodiscard]] std::uint64_t fp_sum_bits(unsigned terms);

/** Prints "fp 1234.568" by newlib's printf; whoever reads the console can check it. */
void fp_print();
