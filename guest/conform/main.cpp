// SPDX-License-Identifier: Apache-2.0
// Runs the checks, each in every setup that it is for, and prints one line for each.
// Command line: [only=NAME,...] [deviates=NAME,...]; of the latter a failure is known and counted as
// skipped, and a success is a failure of whoever still says so.

#include "conform.hpp"

#include "common/bootargs.hpp"

#include <cstdio>

namespace guest::lab {
namespace {

struct Totals {
    unsigned passed = 0;
    unsigned failed = 0;
    unsigned skipped = 0;
};

constexpr Setup setups[] = {
    {Group::group1, EoiMode::joint},
    {Group::group1, EoiMode::split},
    {Group::group0, EoiMode::joint},
    {Group::group0, EoiMode::split},
};

/** The first setup of `setups` stands for all where one is enough. */
bool is_for(When when, const Setup& setup) {
    const bool first = &setup == &setups[0];
    switch (when) {
    case When::once: return first;
    case When::always: return true;
    case When::joint: return setup.mode == EoiMode::joint;
    case When::split: return setup.mode == EoiMode::split;
    case When::v2: return first && !irqs().is_v3();
    case When::v3: return first && irqs().is_v3();
    }
    return false;
}

const char* describe(When when, const Setup& setup) {
    if (when == When::once || when == When::v2 || when == When::v3) {
        return "";
    }
    if (setup.group == Group::group0) {
        return setup.mode == EoiMode::joint ? "/group0" : "/group0/split";
    }
    return setup.mode == EoiMode::joint ? "/group1" : "/group1/split";
}

Outcome result_of(const Rule& rule, bool deviates) {
    const Outcome outcome = rule.run();
    if (!deviates || outcome.kind == Outcome::Kind::skip) {
        return outcome;
    }
    return outcome.kind == Outcome::Kind::fail ? skipped(outcome.why)
                                               : failed("is said to deviate, and does not", 0);
}

void run_one(const Rule& rule, const Setup& setup, bool deviates, Totals& totals) {
    prepare(setup);
    const Outcome outcome = result_of(rule, deviates);
    mask();
    const char* const where = describe(rule.when, setup);
    switch (outcome.kind) {
    case Outcome::Kind::pass:
        ++totals.passed;
        std::printf("PASS %s%s\n", rule.name, where);
        break;
    case Outcome::Kind::fail:
        ++totals.failed;
        std::printf("FAIL %s%s: %s (0x%lx)\n", rule.name, where, outcome.why, outcome.seen);
        break;
    case Outcome::Kind::skip:
        ++totals.skipped;
        std::printf("SKIP %s%s: %s\n", rule.name, where, outcome.why);
        break;
    }
}

} // namespace
} // namespace guest::lab

namespace guest {

Verdict guest_main() {
    using namespace lab;
    if (!open_interrupt_lab("conform")) {
        return Verdict::bad;
    }
    const BootArgs args{machine().bootargs};
    const std::string_view only = args.value("only", {});
    const std::string_view deviates = args.value("deviates", {});
    Totals totals;
    for (const std::span<const Rule> chapter :
         {identity_checks(), array_checks(), route_checks(), life_checks(), meddling_checks(),
          sgi_checks(), group_checks(), group_register_checks(), priority_checks(),
          nesting_checks(), crowd_checks(), depth_checks(), timer_checks(), line_checks()}) {
        for (const Rule& rule : chapter) {
            for (const Setup& setup : setups) {
                if (is_for(rule.when, setup) && (only.empty() || lists(only, rule.name))) {
                    run_one(rule, setup, lists(deviates, rule.name), totals);
                }
            }
        }
    }
    std::printf("conform: %u passed, %u failed, %u skipped\n", totals.passed, totals.failed,
                totals.skipped);
    return totals.failed == 0 && totals.passed != 0 ? Verdict::good : Verdict::bad;
}

} // namespace guest
