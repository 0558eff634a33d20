// SPDX-License-Identifier: Apache-2.0
#pragma once
// A check is one function that provokes something and compares what the guest sees with what the
// architecture promises; it prints one line. Checks pass on the bare machine too, where the
// promise is the hardware's own; what only a hypervisor can be asked for is skipped there.

#include "sysreg.hpp"

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

struct Tally {
    unsigned passed = 0;
    unsigned failed = 0;
};

/** Runs one check, prints its line, and adds it to `tally` unless it was skipped. */
void run_check(const Check& check, Tally& tally);

} // namespace guest
