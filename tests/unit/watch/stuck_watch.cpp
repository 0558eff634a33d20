// SPDX-License-Identifier: Apache-2.0
// Which interrupts are called stuck, when, and how often, by an invented clock.
#include "hyp/core/watch/stuck_watch.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <set>
#include <vector>

using namespace hyp;

namespace {

constexpr u64 limit = 1000;
constexpr u32 timer = 1U << 27;

using Numbers = std::vector<u32>;

StuckWatch started() {
    StuckWatch watch;
    watch.start(limit);
    return watch;
}

// What is reported at `now`; `next`: when to look again.
Numbers overdue(StuckWatch& watch, u64 now, u64 next) {
    Numbers found;
    const u64 told = watch.check(now, [&](VIntid vintid, u64 ticks) {
        CHECK(ticks >= limit);
        found.push_back(vintid.value());
    });
    CHECK(told == next);
    return found;
}

constexpr u64 never = StuckWatch::never;

} // namespace

TEST_CASE("an interrupt is reported at its time, once, and again after its release", "[watch]") {
    StuckWatch watch = started();
    CHECK(overdue(watch, 400, never).empty());
    watch.look(0, timer, 500);
    CHECK(overdue(watch, 500, 1500).empty());
    watch.look(0, timer, 1400); // seen again: no later for that
    CHECK(overdue(watch, 1499, 1500).empty());
    CHECK(overdue(watch, 1500, never) == Numbers{27});
    watch.look(0, timer, 9000);
    CHECK(overdue(watch, 9000, never).empty());

    watch.look(0, 0, 9100); // ended
    watch.look(0, timer, 9200);
    CHECK(overdue(watch, 10199, 10200).empty());
    CHECK(overdue(watch, 10200, never) == Numbers{27});
}

TEST_CASE("an interrupt that is held at every entry but ended between is not stuck", "[watch]") {
    StuckWatch watch = started();
    for (u64 now = 0; now < 50 * limit; now += limit / 2) {
        watch.look(0, 0, now);         // after sync(): the last one was ended
        watch.look(0, timer, now + 1); // before the entry: the next one is listed
        CHECK(overdue(watch, now + 1, now + 1 + limit).empty());
    }
}

TEST_CASE("how long is told", "[watch]") {
    StuckWatch watch = started();
    watch.look(1, 1U << 5, 7);
    unsigned calls = 0;
    CHECK(watch.check(7 + 3 * limit, [&](VIntid vintid, u64 ticks) {
        ++calls;
        CHECK(vintid == VIntid{37});
        CHECK(ticks == 3 * limit);
    }) == never);
    CHECK(calls == 1);
}

TEST_CASE("several are reported each, and the first deadline counts", "[watch]") {
    StuckWatch watch = started();
    watch.look(8, 1U << 31, 100);
    watch.look(0, timer, 300);
    watch.look(1, 1U << 1 | 1U << 16, 200);
    CHECK(overdue(watch, 301, 1100).empty());
    CHECK(overdue(watch, 1100, 1200) == Numbers{287});
    CHECK(overdue(watch, 1300, never) == Numbers{27, 33, 48});
}

TEST_CASE("any history is judged as its definition says", "[watch]") {
    std::mt19937 random{11};
    StuckWatch watch = started();
    std::map<u32, u64> since;
    std::set<u32> reported;
    u64 now = 0;
    for (unsigned step = 0; step < 50'000; ++step) {
        now += random() % 300;
        const unsigned word = static_cast<unsigned>(random() % guest_words);
        const u32 held = static_cast<u32>(random() & random() & random());
        watch.look(word, held, now);
        for (u32 bit = 0; bit < 32; ++bit) {
            const u32 intid = 32 * word + bit;
            if ((held >> bit & 1U) == 0) {
                since.erase(intid);
                reported.erase(intid);
            } else {
                since.emplace(intid, now);
            }
        }
        Numbers expected;
        u64 next = never;
        for (const auto& [intid, start] : since) {
            if (reported.count(intid) == 0) {
                if (now - start >= limit) {
                    expected.push_back(intid);
                } else {
                    next = std::min(next, start + limit);
                }
            }
        }
        REQUIRE(overdue(watch, now, next) == expected);
        reported.insert(expected.begin(), expected.end());
    }
}
