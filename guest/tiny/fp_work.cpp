// SPDX-License-Identifier: Apache-2.0
// The only file of the guest that uses FP registers.

#include "fp_work.hpp"

#include <bit>
#include <cstdio>

namespace {

/** One 64-bit half per register is its number mixed with the seed, the other half the seed. */
#define FP_FILL(n)                                                                                 \
    "add x10, %[seed], #" #n "\n\t"                                                                \
    "fmov d" #n ", x10\n\t"                                                                        \
    "mov v" #n ".d[1], %[seed]\n\t"
#define FP_COUNT(n)                                                                                \
    "add x10, %[seed], #" #n "\n\t"                                                                \
    "umov x11, v" #n ".d[0]\n\t"                                                                   \
    "umov x12, v" #n ".d[1]\n\t"                                                                   \
    "cmp x10, x11\n\t"                                                                             \
    "ccmp %[seed], x12, #0, eq\n\t"                                                                \
    "cinc %w[changed], %w[changed], ne\n\t"
#define FP_LOW(M)                                                                                  \
    M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15)
#define FP_HIGH(M)                                                                                 \
    M(16) M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30) M(31)
#define FP_ALL(M) FP_LOW(M) FP_HIGH(M)

} // namespace

unsigned fp_registers_changed(std::uint64_t seed, std::uint64_t rounds) {
    unsigned changed = 0;
    asm volatile(FP_ALL(FP_FILL) "1: subs %[rounds], %[rounds], #1\n\t"
                                 "b.ne 1b\n\t" FP_ALL(FP_COUNT)
                 : [rounds] "+r"(rounds), [changed] "+r"(changed)
                 : [seed] "r"(seed)
                 : "x10", "x11", "x12", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8",
                   "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",
                   "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30",
                   "v31");
    return changed;
}

std::uint64_t fp_sum_bits(unsigned terms) {
    double sum = 0.0;
    for (unsigned i = 1; i <= terms; ++i) {
        sum += 1.0 / i;
    }
    return std::bit_cast<std::uint64_t>(sum);
}

void fp_print() {
    std::printf("fp %.3f\n", 1234.5678);
}
