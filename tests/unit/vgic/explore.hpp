// SPDX-License-Identifier: Apache-2.0
// Two ways through the states of a Machine: every state there is, breadth first with a visited set,
// so that a failure comes with the shortest walk to it; and random walks for what is too large.
#pragma once

#include "tests/unit/vgic/coverage.hpp"
#include "tests/unit/vgic/steps.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <unordered_set>

namespace hyp::test {

namespace detail {

struct Origin {
    u32 from;
    Step step;
};

[[nodiscard]] inline std::vector<Step> walk_to(const std::vector<Origin>& origins, u32 state) {
    std::vector<Step> walk;
    for (u32 at = state; at != 0; at = origins[at].from) {
        walk.push_back(origins[at].step);
    }
    std::reverse(walk.begin(), walk.end());
    return walk;
}

} // namespace detail

// Every state reachable from `start` by `allowed`, or as many as `limit`. In each, the state's own
// checks too: drained, and fast path equals slow path.
template <class M>
[[nodiscard]] Report explore(const M& start, Steps allowed, usize limit) {
    Report report;
    std::vector<detail::Origin> origins{{0, Step::count}};
    std::unordered_set<u64> visited{start.hash()};
    std::deque<std::pair<M, u32>> frontier;
    frontier.emplace_back(start, 0);
    while (!frontier.empty()) {
        const auto [machine, id] = frontier.front();
        frontier.pop_front();
        for (u8 s = 0; s < static_cast<u8>(Step::count); ++s) {
            const Step step = static_cast<Step>(s);
            if (!allowed.has(step) || !can(machine, step)) {
                continue;
            }
            coverage().note(machine, step);
            M next = machine;
            perform(next, step);
            ++report.transitions;
            const bool fresh = next.failure != nullptr || visited.insert(next.hash()).second;
            if (!fresh) {
                continue;
            }
            origins.push_back({id, step});
            const u32 number = static_cast<u32>(origins.size() - 1);
            next.check_drained();
            next.check_fast_equals_slow();
            next.check_fast_traps();
            if (next.failure != nullptr) {
                report.failure = next.verdict();
                report.walk = detail::walk_to(origins, number);
                report.states = visited.size();
                return report;
            }
            if (visited.size() < limit) {
                frontier.emplace_back(next, number);
            }
        }
    }
    report.states = visited.size();
    report.fixed_point = visited.size() < limit;
    return report;
}

namespace detail {

// One of the steps that are possible; hvc always is.
template <class M>
[[nodiscard]] Step draw(const M& machine, Steps allowed, u64 chance) {
    std::array<Step, static_cast<usize>(Step::count)> possible;
    usize choices = 0;
    for (u8 s = 0; s < static_cast<u8>(Step::count); ++s) {
        const Step step = static_cast<Step>(s);
        if (allowed.has(step) && can(machine, step)) {
            possible[choices++] = step;
        }
    }
    return choices == 0 ? Step::hvc : possible[chance % choices];
}

} // namespace detail

// `count` steps. Starts over now and then, each time with another part of the alphabet, so that rare
// steps meet one another, and the walk to a failure is short enough to be read. What looks ahead is
// checked now and then.
template <class M>
[[nodiscard]] Report wander(const M& start, Steps allowed, u64 count, u32 seed) {
    constexpr u64 between_starts = 400;
    constexpr u64 between_drains = 16;
    Report report;
    std::mt19937_64 random{seed};
    M machine = start;
    Steps some;
    for (u64 n = 0; report.transitions < count && machine.failure == nullptr; ++n) {
        if (n % between_starts == 0) {
            report.add(machine);
            report.walk.clear();
            machine = start;
            some = (Steps::of_bits(random()) | basic) & allowed;
        }
        // Half of the steps are no exits of the guest's: else little comes by the fast path.
        const Step step = detail::draw(machine, random() % 2 == 0 ? some & basic : some, random());
        report.walk.push_back(step);
        coverage().note(machine, step);
        perform(machine, step);
        ++report.transitions;
        if (report.transitions % between_drains == 0) {
            machine.check_drained();
            machine.check_fast_traps();
        }
        machine.check_fast_equals_slow();
    }
    report.add(machine);
    report.failure = machine.verdict();
    return report;
}

} // namespace hyp::test
