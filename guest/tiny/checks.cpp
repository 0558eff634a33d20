// SPDX-License-Identifier: Apache-2.0
// Runs the checks and prints one line for each.

#include "checks.hpp"

#include "lab.hpp"
#include "modes.hpp"

#include <cstdio>

namespace guest {
namespace {

struct Tally {
    unsigned passed = 0;
    unsigned failed = 0;
};

void run_one(const Check& check, Tally& tally) {
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

} // namespace

Verdict run_checks(const BootArgs& args) {
    const std::string_view only = args.value("only", {});
    Tally tally;
    open_lab();
    for (const std::span<const Check> group :
         {timer_checks(), gic_checks(), cpu_checks(), time_checks()}) {
        for (const Check& check : group) {
            if (only.empty() || lists(only, check.name)) {
                run_one(check, tally);
            }
        }
    }
    std::printf("checks: %u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed != 0 ? Verdict::good : Verdict::bad;
}

} // namespace guest
