// SPDX-License-Identifier: Apache-2.0
// Random walks for as long as is asked: every kind of machine in turn, each round with a seed of its
// own, without sanitizers. A failure is printed with what repeats it and the walk to it; status 1.
//
// Usage: soak SECONDS [SEED].  The seed comes from the clock when it is not given.
#include "tests/unit/vgic/explore.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace hyp;
using namespace hyp::test;

namespace {

using Clock = std::chrono::steady_clock;

constexpr u64 draws = 400'000; // a few seconds' work

struct Kind {
    const char* name;
    Setup setup;
    bool v2_only = false;
};

[[nodiscard]] std::vector<Kind> kinds() {
    const Setup plain{.fast = true};
    Setup asynchronous = plain;
    asynchronous.timing = model::Timing::asynchronous;
    Setup stale = plain;
    stale.stale = true;
    stale.workaround = true;
    Setup survives = plain;
    survives.survives = true;
    return {{"synchronous", plain},
            {"asynchronous", asynchronous},
            {"without a second look", stale, true},
            {"list registers that stay active", survives}};
}

struct Totals {
    u64 walks = 0;
    u64 steps = 0;
    u64 exits = 0;
    u64 fast_ticks = 0;
};

class Soak {
public:
    Soak(Clock::time_point end, u32 seed) : end_{end}, seed_{seed} {}

    // Walks until the time is over; false at the first failure.
    [[nodiscard]] bool run() {
        const std::vector<Kind> all = kinds();
        for (;; ++seed_) {
            for (const Kind& kind : all) {
                for (const bool split : {false, true}) {
                    if (!both(kind, split)) {
                        return false;
                    }
                    if (Clock::now() >= end_) {
                        return true;
                    }
                }
            }
        }
    }
    [[nodiscard]] const Totals& totals() const { return totals_; }

private:
    [[nodiscard]] bool both(const Kind& kind, bool split) {
        return all_sizes<GicGeneration::v2>(kind, split) &&
               (kind.v2_only || all_sizes<GicGeneration::v3>(kind, split));
    }
    template <GicGeneration G>
    [[nodiscard]] bool all_sizes(const Kind& kind, bool split) {
        return one<G, 1>(kind, split) && one<G, 2>(kind, split) && one<G, 3>(kind, split) &&
               one<G, 4>(kind, split);
    }
    template <GicGeneration G, unsigned L>
    [[nodiscard]] bool one(const Kind& kind, bool split) {
        if (Clock::now() >= end_) {
            return true;
        }
        Setup setup = kind.setup;
        setup.eoi_mode = split;
        const Report report = wander(Machine<G, L>{setup}, everything, draws, seed_);
        ++totals_.walks;
        totals_.steps += report.transitions;
        totals_.exits += report.exits;
        totals_.fast_ticks += report.fast_ticks;
        if (report.failure == "good") {
            return true;
        }
        std::printf("FAILED: %s\n  GICv%d, %u list registers, EOImode %d, %s\n  again: make soak "
                    "SEED=%u\n  the walk: %s\n",
                    report.failure.c_str(), G == GicGeneration::v2 ? 2 : 3, L, split ? 1 : 0,
                    kind.name, seed_, to_text(report.walk).c_str());
        return false;
    }

    Clock::time_point end_;
    u32 seed_;
    Totals totals_;
};

} // namespace

int main(int count, char** words) {
    if (count < 2) {
        std::fprintf(stderr, "usage: soak SECONDS [SEED]\n");
        return 2;
    }
    const long seconds = std::strtol(words[1], nullptr, 10);
    const auto now = static_cast<u32>(std::chrono::system_clock::now().time_since_epoch().count());
    const u32 seed = count > 2 ? static_cast<u32>(std::strtoul(words[2], nullptr, 10)) : now;
    std::printf("soak: %ld s from SEED=%u\n", seconds, seed);
    std::fflush(stdout);
    Soak soak{Clock::now() + std::chrono::seconds{seconds}, seed};
    const bool good = soak.run();
    const Totals& totals = soak.totals();
    std::printf("soak: %lu walks, %lu steps, %lu exits, %lu ticks by the fast path: %s\n",
                totals.walks, totals.steps, totals.exits, totals.fast_ticks,
                good ? "nothing found" : "see above");
    return good ? 0 : 1;
}
