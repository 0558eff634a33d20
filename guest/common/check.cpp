// SPDX-License-Identifier: Apache-2.0
// Runs a check and prints one line for it.

#include "check.hpp"

#include <cstdio>

namespace guest {

void run_check(const Check& check, Tally& tally) {
    const Outcome outcome = check.run();
    switch (outcome.kind) {
    case Outcome::Kind::pass:
        ++tally.passed;
        std::printf("check %s pass\n", check.name);
        break;
    case Outcome::Kind::fail:
        ++tally.failed;
        std::printf("check %s FAIL %s (0x%lx)\n", check.name, outcome.why, outcome.seen);
        break;
    case Outcome::Kind::skip: std::printf("check %s skip: %s\n", check.name, outcome.why); break;
    }
}

} // namespace guest
