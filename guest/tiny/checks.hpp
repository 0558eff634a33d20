// SPDX-License-Identifier: Apache-2.0
#pragma once
// The checks: each is one function that provokes something and compares what the guest sees with
// what the architecture promises. They pass on the bare machine too, where the promise is the
// hardware's own; what only a hypervisor can be asked for is skipped there.

#include "common/gic.hpp"

#include <span>

namespace guest {

/** How a check ended. `why` is one short sentence, `seen` the value that contradicts it. */
struct Outcome {
    enum class Kind : std::uint8_t { pass, fail, skip };
    Kind kind;
    const char* why;
    std::uint64_t seen;
};

constexpr Outcome passed{Outcome::Kind::pass, "", 0};

[[nodiscard]] constexpr Outcome failed(const char* why, std::uint64_t seen) {
    return {Outcome::Kind::fail, why, seen};
}

[[nodiscard]] constexpr Outcome skipped(const char* why) {
    return {Outcome::Kind::skip, why, 0};
}

/** passed when `good`, else a failure. */
[[nodiscard]] constexpr Outcome expect(bool good, const char* why, std::uint64_t seen) {
    return good ? passed : failed(why, seen);
}

/** Returns a failed outcome from the surrounding check unless `condition` holds. */
#define GUEST_REQUIRE(condition, why, seen)                                                        \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return failed(why, static_cast<std::uint64_t>(seen));                                  \
        }                                                                                          \
    } while (false)

struct Check {
    const char* name;
    Outcome (*run)();
};

/** The life of one level interrupt, the virtual timer's (checks_timer.cpp). */
[[nodiscard]] std::span<const Check> timer_checks();
/** Sleeping, the other timer, many ticks, FP registers (checks_time.cpp). */
[[nodiscard]] std::span<const Check> time_checks();
/** Registers of distributor and redistributor, ends of what never began (checks_gic.cpp). */
[[nodiscard]] std::span<const Check> gic_checks();
/** Calls, system registers and addresses that are there, or not (checks_cpu.cpp). */
[[nodiscard]] std::span<const Check> cpu_checks();

} // namespace guest
