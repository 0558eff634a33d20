// SPDX-License-Identifier: Apache-2.0
// How a claim is written: `CLAIM(name_in_words)(integers...) { ... }` is proven to be true for all
// values of its arguments, and free of undefined behaviour. A condition on them is an early
// `return true`. Loops need a bound that the compiler can unroll; no memory, no tables.
#pragma once

#define CLAIM(name) extern "C" bool claim_##name
// What must be refuted, so that a prover which proves everything is found out.
#define FALSE_CLAIM(name) extern "C" bool false_claim_##name
