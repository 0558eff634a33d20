// SPDX-License-Identifier: Apache-2.0
// H24: the states of a Pair, breadth first, to a depth or until there are no more.
#pragma once

#include "tests/unit/vgic/pair.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <unordered_set>

namespace hyp::test {

struct PairReport {
    std::string failure = "good";
    std::string walk;
    u64 states = 0;
    u64 transitions = 0;
    unsigned depth = 0; // that was walked completely
    bool fixed_point = false;
};

[[nodiscard]] inline std::string to_text(const std::vector<PairStep>& walk) {
    std::string text;
    for (const PairStep step : walk) {
        text += pair_event_names[static_cast<usize>(step.event)];
        text += step.event == PairEvent::edge ? " " : "@" + std::to_string(step.who) + " ";
    }
    return text;
}

// What may happen: bit n, PairEvent n.
inline constexpr u32 all_pair_events = (1U << static_cast<u32>(PairEvent::count)) - 1;
template <class... Events>
[[nodiscard]] constexpr u32 but(Events... events) {
    return all_pair_events & ~((1U << static_cast<u32>(events)) | ...);
}
// What does not concern the other's list registers; of it, without shared SPIs.
inline constexpr u32 each_its_own =
    but(PairEvent::unpend, PairEvent::end_theirs, PairEvent::look, PairEvent::swap);
inline constexpr u32 no_software_spi =
    each_its_own & but(PairEvent::raise, PairEvent::route, PairEvent::toggle);
inline constexpr u32 with_migration =
    no_software_spi | (1U << static_cast<u32>(PairEvent::swap)); // H17
inline constexpr u32 with_reads =
    but(PairEvent::line_up, PairEvent::line_down, PairEvent::sgi, PairEvent::swap);

// As far as `limit` states and `depth` steps. Each state is drained, too.
template <GicGeneration G>
[[nodiscard]] PairReport explore_pair(u32 events, unsigned depth, usize limit,
                                      bool split_eoi = false) {
    struct Node {
        Pair<G> pair;
        std::vector<PairStep> walk;
    };
    PairReport report;
    std::deque<Node> frontier;
    frontier.push_back({Pair<G>{split_eoi}, {}});
    std::unordered_set<u64> visited{frontier.front().pair.hash()};
    while (!frontier.empty() && frontier.front().walk.size() < depth) {
        const Node node = std::move(frontier.front());
        frontier.pop_front();
        report.depth = static_cast<unsigned>(node.walk.size());
        for (u8 n = 0; n < 2 * static_cast<u8>(PairEvent::count); ++n) {
            const PairStep step{static_cast<PairEvent>(n / 2), static_cast<u8>(n % 2)};
            if ((events >> (n / 2) & 1U) == 0 || !node.pair.can(step)) {
                continue;
            }
            Node next = node;
            next.walk.push_back(step);
            next.pair.perform(step);
            ++report.transitions;
            const bool fresh = next.pair.failure != nullptr ||
                               (visited.size() < limit && visited.insert(next.pair.hash()).second);
            if (!fresh) {
                continue;
            }
            next.pair.check_drained();
            if (next.pair.failure != nullptr) {
                report.failure = next.pair.failure;
                report.walk = to_text(next.walk);
                return report;
            }
            frontier.push_back(std::move(next));
        }
    }
    report.states = visited.size();
    report.fixed_point = frontier.empty() && visited.size() < limit;
    report.depth =
        frontier.empty() ? report.depth + 1 : static_cast<unsigned>(frontier.front().walk.size());
    return report;
}

// Deeper than the exploration comes: `count` steps at random, started over now and then.
template <GicGeneration G>
[[nodiscard]] PairReport wander_pair(u64 count, u32 seed, bool split_eoi = false) {
    constexpr usize between_starts = 60;
    constexpr u64 between_drains = 8;
    PairReport report;
    std::mt19937 random{seed};
    const Pair<G> start{split_eoi};
    Pair<G> pair = start;
    std::vector<PairStep> walk;
    while (report.transitions < count && pair.failure == nullptr) {
        if (walk.size() == between_starts) {
            pair = start;
            walk.clear();
        }
        const auto event = static_cast<PairEvent>(random() % static_cast<u32>(PairEvent::count));
        const PairStep step{event, static_cast<u8>(random() % 2)};
        if (!pair.can(step)) {
            continue;
        }
        walk.push_back(step);
        pair.perform(step);
        if (++report.transitions % between_drains == 0) {
            pair.check_drained();
        }
    }
    report.failure = pair.failure == nullptr ? "good" : pair.failure;
    report.walk = pair.failure == nullptr ? "" : to_text(walk);
    return report;
}

} // namespace hyp::test
