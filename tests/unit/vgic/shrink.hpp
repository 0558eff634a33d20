// SPDX-License-Identifier: Apache-2.0
// A failing walk, made as short as it gets: parts are left out, large ones first, as long as the
// same check fails (Zeller's delta debugging). Walks are deterministic, so nothing else is kept.
#pragma once

#include "tests/unit/vgic/steps.hpp"

#include <algorithm>

namespace hyp::test {

struct Replay {
    std::string failure = "good";
    std::vector<Step> walk; // the steps that were possible, up to the failure
};

// The walk without the steps that are not possible; at its end what looks ahead is checked, too.
template <class M>
[[nodiscard]] Replay replay(const M& start, const std::vector<Step>& walk) {
    Replay result;
    M machine = start;
    for (const Step step : walk) {
        if (!can(machine, step)) {
            continue;
        }
        result.walk.push_back(step);
        perform(machine, step);
        if (machine.failure != nullptr) {
            break;
        }
    }
    if (machine.failure == nullptr) {
        machine.check_drained();
        machine.check_fast_equals_slow();
        machine.check_fast_traps();
    }
    result.failure = machine.verdict();
    return result;
}

// A walk that fails as `walk` does and from which no single step can be left out.
template <class M>
[[nodiscard]] std::vector<Step> shrink(const M& start, const std::vector<Step>& walk) {
    const Replay first = replay(start, walk);
    std::vector<Step> best = first.walk;
    if (first.failure == "good") {
        return walk;
    }
    for (usize part = std::max<usize>(best.size() / 2, 1); part != 0;) {
        bool shorter = false;
        for (usize from = 0; from < best.size();) {
            std::vector<Step> less = best;
            const auto at = less.begin() + static_cast<std::ptrdiff_t>(from);
            const usize count = std::min(part, less.size() - from);
            less.erase(at, at + static_cast<std::ptrdiff_t>(count));
            const Replay one = replay(start, less);
            if (one.failure == first.failure) {
                best = one.walk;
                shorter = true;
            } else {
                from += part;
            }
        }
        part = shorter && part == 1 ? 1 : part / 2;
    }
    return best;
}

// For a person to read: the check, and one step after another.
template <class M>
[[nodiscard]] std::string scenario(const M& start, const Report& report) {
    const std::vector<Step> walk = shrink(start, report.walk);
    return report.failure + " after " + std::to_string(walk.size()) + " of " +
           std::to_string(report.walk.size()) + " steps: " + to_text(walk);
}

} // namespace hyp::test
