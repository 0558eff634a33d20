// SPDX-License-Identifier: Apache-2.0
// A 32-bit word that several pCPUs change. Reads acquire and changes release, so what a pCPU wrote
// before it changed the word is seen by whoever reads the change. Copying is for tests, and for
// start-up when nobody else looks. Whoever declares one names the case of tests/litmus/cases.py that
// needs these orders (`litmus: NAME` beside it).
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

class SharedWord {
public:
    constexpr SharedWord() = default;
    explicit constexpr SharedWord(u32 value) : value_{value} {}

    [[nodiscard, gnu::always_inline]] u32 load() const {
        return __atomic_load_n(&value_, __ATOMIC_ACQUIRE);
    }
    void store(u32 value) { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
    // Each returns what the word was before.
    [[nodiscard, gnu::always_inline]] u32 exchange(u32 value) {
        return __atomic_exchange_n(&value_, value, __ATOMIC_ACQ_REL);
    }
    u32 fetch_add(u32 n) { return __atomic_fetch_add(&value_, n, __ATOMIC_ACQ_REL); }
    [[gnu::always_inline]] u32 fetch_or(u32 bits) {
        return __atomic_fetch_or(&value_, bits, __ATOMIC_ACQ_REL);
    }
    u32 fetch_and(u32 bits) { return __atomic_fetch_and(&value_, bits, __ATOMIC_ACQ_REL); }
    // True: it was `expected` and is `desired` now. Else `expected` becomes what it is.
    [[nodiscard]] bool replace(u32& expected, u32 desired) {
        return __atomic_compare_exchange_n(&value_, &expected, desired, false, __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE);
    }
    // One attempt, which may fail although it was `expected`: no loop in the machine code.
    [[nodiscard, gnu::always_inline]] bool try_replace(u32 expected, u32 desired) {
        return __atomic_compare_exchange_n(&value_, &expected, desired, true, __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE);
    }

    friend constexpr bool operator==(const SharedWord&, const SharedWord&) = default;

private:
    u32 value_ = 0;
};

// Sixty-four bits, each of which anyone may set and one pCPU takes; the same order.
class SharedBits {
public:
    constexpr SharedBits() = default;
    // Returns whether one of `bits` was clear.
    [[gnu::always_inline]] bool set(u64 bits) {
        return (__atomic_fetch_or(&value_, bits, __ATOMIC_ACQ_REL) & bits) != bits;
    }
    [[nodiscard]] bool is_empty() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED) == 0; }
    [[nodiscard]] u64 take() { return __atomic_exchange_n(&value_, 0, __ATOMIC_ACQ_REL); }

private:
    u64 value_ = 0;
};

} // namespace hyp
