// SPDX-License-Identifier: Apache-2.0
// A scheduler and a naive one that are driven by the same random events and must agree.
#pragma once

#include "tests/unit/sched/naive_scheduler.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

namespace hyp {

constexpr VcpuSlot slot_of(u64 n) {
    return {static_cast<u8>(n)};
}

struct Machine {
    explicit Machine(u64 seed) : random{seed} {}

    u64 below(u64 bound) { return random() % bound; }
    void step(u32 slots);
    void check_decision();

    std::mt19937_64 random;
    Scheduler scheduler{};
    NaiveScheduler naive;
    std::vector<bool> attached = std::vector<bool>(max_slots);
    u64 now = 1000;
    Decision last{no_slot, 0};
};

inline u64 some_deadline(Machine& m) {
    switch (m.below(8)) {
    case 0: return never;
    case 1: return m.now - m.below(1000);
    case 2: return DeadlineKey::last + m.below(3);
    case 3: return m.now;
    default: return m.now + m.below(1000);
    }
}

inline void Machine::step(u32 slots) {
    const VcpuSlot slot = slot_of(below(slots) * (max_slots / slots));
    const u8 n = slot.value;
    if (!attached[n]) {
        const u64 slices[] = {never, 100, 1 + below(300), 0, never - 1};
        const Rank rank{static_cast<u8>(below(below(2) == 0 ? 2 : ranks))};
        const u64 length = slices[below(5)];
        scheduler.attach(slot, rank, length);
        naive.attach(n, rank.value, length);
        attached[n] = true;
        return;
    }
    // Whatever runs is who sleeps and yields most.
    const VcpuSlot who =
        below(2) == 0 && last.next != no_slot && attached[last.next.value] ? last.next : slot;
    switch (below(12)) {
    case 0:
    case 1:
    case 2:
        scheduler.make_ready(slot);
        naive.make_ready(n);
        break;
    case 3:
    case 4:
    case 5: {
        const u64 deadline = some_deadline(*this);
        scheduler.sleep(who, deadline);
        naive.sleep(who.value, deadline);
        break;
    }
    case 6:
        scheduler.yield(who);
        naive.yield(who.value);
        break;
    case 7:
        if (below(4) == 0) {
            scheduler.stop(slot);
            naive.stop(n);
        }
        break;
    case 8:
        if (below(8) == 0) {
            scheduler.detach(slot);
            naive.detach(n);
            attached[n] = false;
        }
        break;
    default:
        now = below(3) == 0 && last.alarm >= now && last.alarm - now < 10'000 ? last.alarm
                                                                              : now + below(150);
        now += below(1000) == 0 ? u64{1'000'000'000} : 0;
        check_decision();
    }
    if (attached[n]) {
        const auto state = naive.state(n);
        REQUIRE(scheduler.is_off(slot) == (state == NaiveScheduler::State::off));
        REQUIRE(scheduler.is_ready(slot) == (state == NaiveScheduler::State::ready));
        REQUIRE(scheduler.is_waiting(slot) == (state == NaiveScheduler::State::waiting));
    }
}

inline void Machine::check_decision() {
    const bool still = scheduler.still(now);
    const Decision expected = naive.decide(now);
    const Decision got = scheduler.decide(now);
    INFO("now " << now << " next " << int{got.next.value} << ", expected "
                << int{expected.next.value} << ", alarm " << got.alarm << ", expected "
                << expected.alarm);
    REQUIRE(got == expected);
    REQUIRE((!still || got == last));
    REQUIRE(scheduler.still(now) == (now < got.alarm));
    last = got;
}

} // namespace hyp
