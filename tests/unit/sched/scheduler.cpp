// SPDX-License-Identifier: Apache-2.0
// The scheduler against a naive one in long random sequences, and each of its promises alone; the
// tree of deadlines against a multimap.
#include "tests/unit/sched/machine.hpp"

#include <map>
#include <memory>
#include <vector>

using namespace hyp;

namespace {

constexpr Rank normal = default_rank;
constexpr Rank urgent{1};
constexpr u64 slice = 100;

// A scheduler with `n` vCPUs of one rank, all ready.
std::unique_ptr<Scheduler> busy(u32 n, u64 length = slice) {
    auto s = std::make_unique<Scheduler>();
    for (u32 i = 0; i < n; ++i) {
        s->attach(slot_of(i), normal, length);
        s->make_ready(slot_of(i));
    }
    return s;
}

} // namespace

TEST_CASE("the scheduler decides as the naive one does", "[sched]") {
    for (u32 slots : {1U, 2U, 4U, 16U, 64U}) {
        auto m = std::make_unique<Machine>(slots);
        for (u32 n = 0; n < 20'000; ++n) {
            m->step(slots);
        }
    }
}

TEST_CASE("until the alarm nothing changes, and at the alarm something does", "[sched]") {
    Machine m{1};
    u32 changes = 0;
    for (u32 n = 0; n < 20'000; ++n) {
        m.step(8);
        const Decision d = m.scheduler.decide(m.now);
        REQUIRE(m.naive.decide(m.now) == d);
        m.last = d;
        if (d.alarm == never || d.alarm <= m.now || n % 4 != 0) {
            continue;
        }
        Scheduler early = m.scheduler;
        REQUIRE(early.decide(m.now + m.below(d.alarm - m.now)) == d);
        REQUIRE(early.decide(d.alarm - 1) == d);
        Scheduler due = m.scheduler;
        REQUIRE(!due.still(d.alarm));
        REQUIRE(due.decide(d.alarm) != d);
        ++changes;
    }
    CHECK(changes > 1000);
}

TEST_CASE("a lone vCPU is never disturbed", "[sched]") {
    auto s = busy(1);
    CHECK(s->decide(5) == Decision{slot_of(0), never});
    s->make_ready(slot_of(0)); // is ready
    CHECK(s->still(never - 1));
    CHECK(s->decide(1'000'000) == Decision{slot_of(0), never});

    // Nor by sleepers and ready ones that are less urgent,
    s->attach(slot_of(7), Rank{5}, slice);
    s->sleep(slot_of(7), 10);
    s->attach(slot_of(8), Rank{5}, slice);
    s->make_ready(slot_of(8));
    CHECK(s->decide(1'000'001) == Decision{slot_of(0), never});
    // but by one that is as urgent, or more,
    s->attach(slot_of(9), normal, slice);
    s->sleep(slot_of(9), 1'000'500);
    CHECK(s->decide(1'000'002) == Decision{slot_of(0), 1'000'500});
    s->attach(slot_of(10), urgent, slice);
    s->sleep(slot_of(10), 1'000'400);
    CHECK(s->decide(1'000'003) == Decision{slot_of(0), 1'000'400});
    // and idle wakes for the first of all.
    s->stop(slot_of(0));
    s->stop(slot_of(8));
    s->sleep(slot_of(7), 1'000'300);
    CHECK(s->decide(1'000'004) == Decision{no_slot, 1'000'300});
    CHECK(s->decide(1'000'300) == Decision{slot_of(7), 1'000'400});
}

TEST_CASE("who is preempted keeps its place and the rest of its slice", "[sched]") {
    auto s = busy(3);
    s->attach(slot_of(20), urgent, slice);
    REQUIRE(s->decide(1000) == Decision{slot_of(1), 1100});
    s->make_ready(slot_of(20));
    CHECK(s->decide(1030) == Decision{slot_of(20), never});
    s->sleep(slot_of(20), never);
    CHECK(s->decide(5000) == Decision{slot_of(1), 5070});
    CHECK(s->decide(5070) == Decision{slot_of(2), 5170});
    s->yield(slot_of(2));
    CHECK(s->decide(5080) == Decision{slot_of(0), 5180});
    s->yield(slot_of(1)); // has no turn to give away
    CHECK(s->decide(5081) == Decision{slot_of(0), 5180});
    // Stopped while preempted: its turn is over, and starts anew when it comes back.
    s->make_ready(slot_of(20));
    CHECK(s->decide(5090).next == slot_of(20));
    s->stop(slot_of(0));
    s->make_ready(slot_of(0));
    s->stop(slot_of(20));
    CHECK(s->decide(5100) == Decision{slot_of(1), 5200});
}

TEST_CASE("all of a rank get the same number of slices", "[sched]") {
    for (u32 n : {1U, 2U, 3U, 63U, 64U}) {
        auto s = busy(n);
        std::vector<u32> turns(n);
        u64 now = 10;
        for (u32 i = 0; i < 20 * n; ++i, now += slice) {
            const Decision d = s->decide(now);
            CHECK(d.alarm == (n == 1 ? never : now + slice));
            ++turns[d.next.value];
        }
        CHECK(turns == std::vector<u32>(n, 20));
    }
}

TEST_CASE("no one of a rank starves while others come and go", "[sched]") {
    std::mt19937_64 random{3};
    auto s = busy(max_slots, 10);
    u64 now = 10;
    std::vector<u32> waits(max_slots); // turns of others since it was ready and ran
    VcpuSlot last = no_slot;
    for (u32 i = 0; i < 20'000; ++i) {
        const VcpuSlot other = slot_of(1 + random() % (max_slots - 1));
        if (random() % 2 == 0) {
            s->sleep(other, now + random() % 50);
        } else {
            s->make_ready(other);
        }
        now += random() % 20;
        const Decision d = s->decide(now);
        if (d.next == last) {
            continue;
        }
        last = d.next;
        for (u32 n = 0; n < max_slots; ++n) {
            waits[n] = n == last.value || !s->is_ready(slot_of(n)) ? 0 : waits[n] + 1;
            REQUIRE(waits[n] < max_slots);
        }
    }
    CHECK(last != no_slot);
}

TEST_CASE("many that are due at once: the most urgent at once, the rest in bounded pieces",
          "[sched]") {
    Scheduler s;
    for (u32 n = 0; n < max_slots; ++n) {
        s.attach(slot_of(n), n == 63 ? urgent : normal, slice);
        s.sleep(slot_of(n), 100 + n);
    }
    CHECK(s.decide(500) == Decision{slot_of(63), never});
    CHECK(s.is_waiting(slot_of(0))); // its wake-up would cost the urgent one's time
    s.stop(slot_of(63));
    u32 decisions = 0;
    for (Decision d = s.decide(501); d.alarm <= 501; d = s.decide(501)) {
        ++decisions;
        CHECK(d.next == slot_of(1));
        CHECK(!s.still(501));
    }
    CHECK(decisions == 63 / Scheduler::max_wakes);
    CHECK(!s.is_waiting(slot_of(62)));
}

TEST_CASE("the tree knows the earliest deadline of every rank", "[sched]") {
    std::mt19937_64 random{2};
    auto tree = std::make_unique<DeadlineTree>();
    std::multimap<u64, u8> sleepers[ranks]; // of equal deadlines the lowest slot counts
    for (u32 n = 0; n < 20'000; ++n) {
        const VcpuSlot slot = slot_of(random() % std::min(max_slots, 1 + n / 100));
        tree->admit(slot);
        const Rank rank{static_cast<u8>(slot.value % 5 + slot.value % 4)};
        const u64 choices[] = {random() % 50, random() >> 7, DeadlineKey::last + random() % 4,
                               random(), never};
        const u64 deadline = choices[random() % 5];
        std::erase_if(sleepers[rank.value], [&](auto& s) { return s.second == slot.value; });
        if (random() % 3 == 0) {
            tree->clear(slot, rank);
        } else {
            tree->set(slot, rank, deadline);
            if (deadline <= DeadlineKey::last) {
                sleepers[rank.value].insert({deadline, slot.value});
            }
        }
        for (u8 r = 0; r < ranks; ++r) {
            const DeadlineKey key = tree->first(Rank{r});
            REQUIRE((tree->used_ranks() >> r & 1U) == (sleepers[r].empty() ? 0 : 1));
            REQUIRE(key.is_none() == sleepers[r].empty());
            if (!key.is_none()) {
                const auto [begin, end] = sleepers[r].equal_range(sleepers[r].begin()->first);
                REQUIRE(key.deadline() == begin->first);
                REQUIRE(key.slot().value == std::min_element(begin, end)->second);
            }
        }
    }
}
