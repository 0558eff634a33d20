// SPDX-License-Identifier: Apache-2.0
/*
 * What libgcc would have in SIMD registers, which EL2 never touches: a population count.
 */
#include <stdint.h>

int __popcountdi2(uint64_t value);

/** Number of set bits in `value`, by the usual folding of 2-, 4- and 8-bit sums. */
int __popcountdi2(uint64_t value) {
    value -= (value >> 1) & 0x5555555555555555U;
    value = (value & 0x3333333333333333U) + ((value >> 2) & 0x3333333333333333U);
    value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0fU;
    return (int)((value * 0x0101010101010101U) >> 56);
}
