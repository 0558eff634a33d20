// SPDX-License-Identifier: Apache-2.0
// Without sanitizers: every exploration of explorations.hpp, two vCPUs (H24), and random walks on
// every kind of machine (kinds.hpp), as many steps as `make test` has time for, from fixed seeds;
// or, with `make soak`, for as long as is asked. A failure is printed as a short scenario with what
// repeats it; status 1. What was reached is printed.
//
// Usage: soak steps COUNT     the explorations and that many steps in all; last line
//                             "N passed, N failed"
//        soak SECONDS [SEED]  on one CPU; the seed comes from the clock when it is not given
#include "tests/soak/kinds.hpp"
#include "tests/unit/vgic/explorations.hpp"
#include "tests/unit/vgic/impossible.hpp"
#include "tests/unit/vgic/pair_explore.hpp"
#include "tests/unit/vgic/shared.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

using namespace hyp;
using namespace hyp::test;

namespace {

using Clock = std::chrono::steady_clock;

struct Totals {
    u64 walks = 0;
    u64 failed = 0;
    Report sum;
    Coverage reached;

    void add(const Report& report) {
        sum.transitions += report.transitions;
        sum.exits += report.exits;
        sum.fast_ticks += report.fast_ticks;
        sum.fast_devices += report.fast_devices;
        sum.fast_traps += report.fast_traps;
    }
    void add(const Totals& other) {
        walks += other.walks;
        failed += other.failed;
        add(other.sum);
    }
};

// One walk; false, and the story, when it failed.
[[nodiscard]] bool walk(const Kind& kind, u64 steps, u32 seed, Totals& totals) {
    const Walked one = kind.walk(kind.setup, steps, seed);
    ++totals.walks;
    totals.add(one.report);
    if (one.report.failure == "good") {
        return true;
    }
    std::printf("FAILED: %s, seed %u\n  %s\n", kind.name.c_str(), seed, one.scenario.c_str());
    return false;
}

void print(const Totals& totals) {
    const Report& sum = totals.sum;
    std::printf("walks: %lu of %lu steps in all, %lu exits; by the fast path %lu ticks, %lu device "
                "interrupts, %lu traps\n",
                totals.walks, sum.transitions, sum.exits, sum.fast_ticks, sum.fast_devices,
                sum.fast_traps);
}

// One exploration; false, and the shortest walk, when it failed.
[[nodiscard]] bool explored(const Exploration& one) {
    const Report report = one.run(one.setup, one.steps);
    std::printf("explored %s: %lu states, %lu transitions%s\n", one.name.c_str(), report.states,
                report.transitions, report.fixed_point ? "" : " (cut off)");
    if (report.failure == "good") {
        return true;
    }
    std::printf("FAILED: %s\n  %s\n", report.failure.c_str(), to_text(report.walk).c_str());
    return false;
}

// H11.
[[nodiscard]] bool explored(const SharedExploration& one) {
    const ShareReport report = one.run(one.setup, one.steps, most_states);
    std::printf("explored %s: %lu states, %lu transitions%s\n", one.name.c_str(), report.states,
                report.transitions, report.fixed_point ? "" : " (cut off)");
    if (report.failure != "good") {
        std::printf("FAILED: %s\n  %s\n", report.failure.c_str(), report.walk.c_str());
    }
    return report.failure == "good";
}

// H24: all that matters to 12 steps and more, everything as far as there is time, and deeper by
// chance.
template <GicGeneration G>
[[nodiscard]] bool explored_pair(Totals& totals) {
    bool good = true;
    const auto print = [&good](const char* what, const PairReport& report) {
        good = good && report.failure == "good";
        std::printf("H24, two vCPUs, GICv%d, %s: %lu states, %lu transitions, depth %u%s: %s\n",
                    G == GicGeneration::v2 ? 2 : 3, what, report.states, report.transitions,
                    report.depth, report.fixed_point ? ", all there are" : "",
                    report.failure.c_str());
        if (report.failure != "good") {
            std::printf("  %s\n", report.walk.c_str());
        }
    };
    constexpr unsigned deep = 14;
    print("timers, disk, SGIs", explore_pair<G>(no_software_spi, deep, 60'000));
    print("and shared SPIs routed", explore_pair<G>(each_its_own, deep, 10'000));
    print("H17, they change their PEs", explore_pair<G>(with_migration, deep, 8'000));
    print("each reads what the other has", explore_pair<G>(with_reads, deep, 8'000));
    print("each reads and ends what the other has", explore_pair<G>(with_reads, deep, 8'000, true));
    for (const bool split_eoi : {false, true}) {
        const PairReport random = wander_pair<G>(200'000, 24, split_eoi);
        totals.sum.transitions += random.transitions;
        print(split_eoi ? "everything at random, EOImode 1" : "everything at random", random);
    }
    return good;
}

// Runs the jobs on every CPU; each adds to its thread's totals.
[[nodiscard]] Totals run(const std::vector<std::function<bool(Totals&)>>& jobs) {
    std::atomic<usize> next{0};
    std::mutex lock;
    Totals all;
    const auto work = [&] {
        Totals mine;
        for (usize n = next++; n < jobs.size(); n = next++) {
            mine.failed += jobs[n](mine) ? 0U : 1U;
        }
        const std::lock_guard guard{lock};
        all.add(mine);
        all.reached.add(coverage());
    };
    std::vector<std::thread> threads;
    for (unsigned n = 0; n < std::max(std::thread::hardware_concurrency(), 1U); ++n) {
        threads.emplace_back(work);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    return all;
}

// Every kind once, in `steps` in all, and every exploration.
[[nodiscard]] int prove(u64 steps) {
    const std::vector<Kind> kinds = all_kinds();
    const std::vector<Exploration> explorations = all_explorations();
    std::vector<std::function<bool(Totals&)>> jobs{
        [](Totals& totals) { return explored_pair<GicGeneration::v2>(totals); },
        [](Totals& totals) { return explored_pair<GicGeneration::v3>(totals); }};
    for (const Exploration& one : explorations) {
        jobs.emplace_back([&one](Totals&) { return explored(one); });
    }
    const std::vector<SharedExploration> shared = all_shared_explorations();
    for (const SharedExploration& one : shared) {
        jobs.emplace_back([&one](Totals&) { return explored(one); });
    }
    for (usize n = 0; n < kinds.size(); ++n) {
        jobs.emplace_back([&kinds, n, steps](Totals& totals) {
            return walk(kinds[n], steps / kinds.size() + 1, static_cast<u32>(n), totals);
        });
    }
    const Totals all = run(jobs);
    print(all);
    const u64 failed = all.failed + (report_coverage(all.reached) ? 0U : 1U);
    std::printf("%lu passed, %lu failed\n", jobs.size() + 1 - failed, failed);
    return failed == 0 ? 0 : 1;
}

[[nodiscard]] int soak(Clock::time_point end, u32 seed) {
    constexpr u64 steps = 200'000; // about a second's work
    const std::vector<Kind> kinds = all_kinds();
    Totals totals;
    bool good = true;
    for (; good; ++seed) {
        for (const Kind& kind : kinds) {
            if (Clock::now() >= end) {
                print(totals);
                std::printf("soak: nothing found\n");
                return 0;
            }
            good = good && walk(kind, steps, seed, totals);
        }
    }
    print(totals);
    std::printf("soak: again with make soak SEED=%u\n", seed - 1);
    return 1;
}

} // namespace

int main(int count, char** words) {
    if (count == 3 && std::string{words[1]} == "steps") {
        return prove(std::strtoull(words[2], nullptr, 10));
    }
    if (count < 2) {
        std::fprintf(stderr, "usage: soak SECONDS [SEED] | soak steps COUNT\n");
        return 2;
    }
    const long seconds = std::strtol(words[1], nullptr, 10);
    const auto now = static_cast<u32>(std::chrono::system_clock::now().time_since_epoch().count());
    const u32 seed = count > 2 ? static_cast<u32>(std::strtoul(words[2], nullptr, 10)) : now;
    std::printf("soak: %ld s from SEED=%u\n", seconds, seed);
    std::fflush(stdout);
    return soak(Clock::now() + std::chrono::seconds{seconds}, seed);
}
