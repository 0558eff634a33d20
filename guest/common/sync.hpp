// SPDX-License-Identifier: Apache-2.0
#pragma once
// Words that several CPUs share, and waits. Every spin holds WFE: where CPUs take turns on one core a
// spin without it starves the one that it waits for. Needs the MMU on (mmu.hpp).

#include "psci.hpp"
#include "timer.hpp"

namespace guest {

/**
 * A word that several CPUs read and change: reads acquire and changes release, so what a CPU stored
 * before a change is seen by whoever reads the change. (std::atomic's header wants threads here.)
 */
template <class T>
class Shared {
public:
    constexpr Shared() = default;
    explicit constexpr Shared(T value) : value_{value} {}
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

    [[nodiscard]] T load() const { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
    operator T() const { return load(); }
    void store(T value) { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }

    /** Each returns what the word was before. */
    T exchange(T value) { return __atomic_exchange_n(&value_, value, __ATOMIC_ACQ_REL); }
    T fetch_add(T value) { return __atomic_fetch_add(&value_, value, __ATOMIC_ACQ_REL); }
    T fetch_sub(T value) { return __atomic_fetch_sub(&value_, value, __ATOMIC_ACQ_REL); }

    /** One attempt, which may fail though it was `expected`, which then becomes what it is. */
    [[nodiscard]] bool try_replace(T& expected, T desired) {
        return __atomic_compare_exchange_n(&value_, &expected, desired, true, __ATOMIC_ACQ_REL,
                                           __ATOMIC_ACQUIRE);
    }

private:
    T value_{};
};

using Word = Shared<std::uint32_t>;
using LongWord = Shared<std::uint64_t>;

/**
 * DDI 0487, CNTKCTL_EL1.EVNTEN and EVNTI: an event about each 30 us at the usual 62.5 MHz. So no WFE
 * waits for ever, whatever it waits for. Once on each CPU.
 */
inline void start_event_stream() {
    asm volatile("msr cntkctl_el1, %0\n\tisb" : : "r"(std::uint64_t{10 << 4 | 1 << 2}) : "memory");
}

/** Inside a spin: lets another CPU have the core. */
inline void relax() {
    asm volatile("wfe" : : : "memory");
}

/** DDI 0487, SEV: wakes every CPU that waits in WFE. */
inline void send_event() {
    asm volatile("dsb ish\n\tsev" : : : "memory");
}

/** DDI 0487, WFE: until an event, an interrupt, or the loss of an exclusive reservation. */
inline void wait_for_event() {
    asm volatile("wfe" : : : "memory");
}

/** A wait for another CPU. Where WFE is not trapped (QEMU never does) a long one asks Baton. */
class Spin {
public:
    void relax() {
        constexpr unsigned long_wait = 32;
        guest::relax();
        if (++rounds_ % long_wait == 0 && machine().under_baton) {
            hvc(static_cast<std::uint32_t>(Function::baton_yield));
        }
    }

private:
    unsigned rounds_ = 0;
};

/** How long anything may take before it counts as lost: hosts may be busy. */
constexpr std::uint64_t patience_us = 5000000;

/** Reads `condition()` until it is true, for `us` microseconds at most; false when it never was. */
template <class Condition>
[[nodiscard]] bool wait_until(Condition&& condition, std::uint64_t us = patience_us) {
    const std::uint64_t end = VirtualTimer::now() + microseconds(us);
    for (Spin spin;;) {
        for (unsigned i = 0; i < 8; ++i) { // the counter and WFE are dear in emulation
            if (condition()) {
                return true;
            }
        }
        if (VirtualTimer::now() > end) {
            return condition(); // the host may have slept between the two
        }
        spin.relax();
    }
}

/** Spins for `us` microseconds. */
inline void pass_time(std::uint64_t us) {
    (void)wait_until([] { return false; }, us);
}

/** Sleeps in WFE while `word` is `old`: the exclusive load makes the other's store an event. */
inline void wait_while(const Word& word, std::uint32_t old) {
    std::uint32_t now;
    for (Spin spin;;) {
        asm volatile("ldaxr %w0, %1" : "=r"(now) : "Q"(word) : "memory");
        if (now != old) {
            asm volatile("clrex" : : : "memory");
            return;
        }
        spin.relax();
    }
}

/** Where `count` CPUs meet, any number of times. */
class Barrier {
public:
    void meet(std::uint32_t count) {
        const std::uint32_t round = round_.load();
        if (arrived_.fetch_add(1) + 1 == count) {
            arrived_.store(0);
            round_.store(round + 1);
            send_event();
        } else {
            wait_while(round_, round);
        }
    }

private:
    Word arrived_{0};
    Word round_{0};
};

/** Mutual exclusion. Not for interrupt handlers. */
class Lock {
public:
    void take() {
        for (Spin spin; held_.exchange(1) != 0;) {
            spin.relax();
        }
    }
    void drop() { held_.store(0); }

private:
    Word held_{0};
};

} // namespace guest
