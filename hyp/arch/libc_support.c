// SPDX-License-Identifier: Apache-2.0
/*
 * What libgcc and Debian's libfdt.a expect of their surroundings, at EL2: a population count in
 * general registers (libgcc's own uses SIMD, which EL2 never touches), and the two stack-protector
 * symbols that libfdt.a was built with.
 */
#include <stdint.h>

int __popcountdi2(uint64_t value);
_Noreturn void __stack_chk_fail(void);

/** Any fixed value: its low byte is zero so that no string operation can write past it. */
const uintptr_t __stack_chk_guard = 0x4241544f4e5aa500;

/** Number of set bits in `value`, by the usual folding of 2-, 4- and 8-bit sums. */
int __popcountdi2(uint64_t value) {
    value -= (value >> 1) & 0x5555555555555555U;
    value = (value & 0x3333333333333333U) + ((value >> 2) & 0x3333333333333333U);
    value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0fU;
    return (int)((value * 0x0101010101010101U) >> 56);
}

/** A smashed stack inside libfdt: BRK takes EL2 to its own panic report. */
_Noreturn void __stack_chk_fail(void) {
    __builtin_trap();
}
