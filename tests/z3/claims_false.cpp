// SPDX-License-Identifier: Apache-2.0
// What the prover must not prove: each is wrong for one input of very many, runs into undefined
// behaviour, or has no formula.
#include "hyp/core/base/types.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

FALSE_CLAIM(one_word_in_all_is_wrong)(u64 word) {
    return (word ^ 0x0123'4567'89ab'cdef) != 0;
}

FALSE_CLAIM(one_pair_in_all_is_wrong)(u32 a, u32 b) {
    return a + b != 0xffff'fffe || (a & b) != 0x7fff'ffff;
}

FALSE_CLAIM(a_case_of_a_switch_is_wrong)(u8 which, u32 word) {
    switch (which) {
    case 3: return (word & 1U) == 0 || word % 3 != 1;
    case 200: return word != 77;
    default: return true;
    }
}

FALSE_CLAIM(a_shift_by_too_much_is_undefined)(u32 word, u32 by) {
    return by > 32 || (word >> by) <= word;
}

FALSE_CLAIM(an_overflow_is_undefined)(i64 a) {
    return a < a + 1;
}

FALSE_CLAIM(a_loop_without_a_bound_has_no_formula)(u64 word) {
    u64 steps = 0;
    while (word > 1) {
        word = (word & 1U) != 0 ? word * 3 + 1 : word / 2;
        ++steps;
    }
    return steps != 1;
}
