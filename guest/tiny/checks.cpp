// SPDX-License-Identifier: Apache-2.0
// Runs the checks that the command line chooses.

#include "checks.hpp"

#include "lab.hpp"
#include "modes.hpp"

#include <cstdio>

namespace guest {

Verdict run_checks(const BootArgs& args) {
    const std::string_view only = args.value("only", {});
    Tally tally;
    open_lab();
    for (const std::span<const Check> group :
         {timer_checks(), gic_checks(), cpu_checks(), time_checks()}) {
        for (const Check& check : group) {
            if (only.empty() || lists(only, check.name)) {
                run_check(check, tally);
            }
        }
    }
    std::printf("checks: %u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed != 0 ? Verdict::good : Verdict::bad;
}

} // namespace guest
