// SPDX-License-Identifier: Apache-2.0
// The power word of a VM: every step of next(), and callers that race, in every order of their single
// accesses to memory.
#include "hyp/core/vm/power.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

using namespace hyp;

namespace {

constexpr PowerState states[] = {PowerState::off, PowerState::claimed, PowerState::on_pending,
                                 PowerState::on, PowerState::suspended};

// Runs functions as threads of which one runs at a time. At each access to memory the plan says who
// goes on, and next_plan() makes the next one, until all are done.
class Turns {
public:
    Turns() { current_ = this; }
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;
    ~Turns() { current_ = nullptr; }

    // Before each access of a thread; whoever has just begun has its turn already.
    static void stop() {
        if (self_ != nobody_runs && begun_) {
            current_->hand_on();
        }
        begun_ = true;
    }

    void run(const std::vector<std::function<void()>>& bodies) {
        depth_ = 0;
        alive_.assign(bodies.size(), true);
        std::vector<std::thread> threads;
        turn_ = choose();
        for (usize n = 0; n < bodies.size(); ++n) {
            threads.emplace_back([this, n, &bodies] {
                self_ = n;
                begun_ = false;
                wait();
                bodies[n]();
                const std::lock_guard guard{mutex_};
                alive_[n] = false;
                turn_ = choose();
                changed_.notify_all();
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
        self_ = nobody_runs;
    }

    // False: every order has been.
    [[nodiscard]] bool next_plan() {
        while (!plan_.empty() && plan_.back().taken + 1 == plan_.back().choices) {
            plan_.pop_back();
        }
        if (plan_.empty()) {
            return false;
        }
        ++plan_.back().taken;
        return true;
    }

private:
    struct Choice {
        usize taken;
        usize choices;
    };
    static constexpr usize nobody_runs = ~usize{0};

    [[nodiscard]] usize choose() {
        std::vector<usize> able;
        for (usize n = 0; n < alive_.size(); ++n) {
            if (alive_[n]) {
                able.push_back(n);
            }
        }
        if (able.empty()) {
            return nobody_runs;
        }
        if (depth_ == plan_.size()) {
            plan_.push_back({0, able.size()});
        }
        return able[plan_[depth_++].taken];
    }
    void hand_on() {
        {
            const std::lock_guard guard{mutex_};
            turn_ = choose();
            changed_.notify_all();
        }
        wait();
    }
    void wait() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return turn_ == self_; });
    }

    static Turns* current_;
    static thread_local usize self_;
    static thread_local bool begun_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<bool> alive_;
    usize turn_ = nobody_runs;
    std::vector<Choice> plan_;
    usize depth_ = 0;
};
Turns* Turns::current_ = nullptr;
thread_local usize Turns::self_ = Turns::nobody_runs;
thread_local bool Turns::begun_ = false;

struct TestWord {
    u32 value = 0;
    [[nodiscard]] u32 load() const {
        Turns::stop();
        return value;
    }
    void store(u32 to) {
        Turns::stop();
        value = to;
    }
    [[nodiscard]] bool replace(u32& expected, u32 desired) {
        Turns::stop();
        const bool same = value == expected;
        (same ? value : expected) = same ? desired : value;
        return same;
    }
};

struct TestCell {
    u64 value = 0;
    TestCell& operator=(u64 to) {
        Turns::stop();
        value = to;
        return *this;
    }
    operator u64() const { // NOLINT as u64 does
        Turns::stop();
        return value;
    }
};

using TestPower = BasicVmPower<TestWord, TestCell>;
constexpr VcpuIndex first{0};
constexpr VcpuIndex second{1};
constexpr VcpuIndex third{2};

[[nodiscard]] TestPower two_on() {
    TestPower power{4};
    PowerStart start;
    REQUIRE(power.try_on(second, {}) == OnOutcome::started);
    REQUIRE(power.arrive(second, start));
    return power;
}

} // namespace

TEST_CASE("power: each event has its states, and touches one vCPU") {
    const auto after = [](PowerEvent event, PowerState state) {
        switch (event) {
        case PowerEvent::claim: return state == PowerState::off ? PowerState::claimed : state;
        case PowerEvent::publish:
            return state == PowerState::claimed ? PowerState::on_pending : state;
        case PowerEvent::arrive:
            return state == PowerState::on_pending || state == PowerState::suspended
                       ? PowerState::on
                       : state;
        case PowerEvent::turn_off: return state == PowerState::on ? PowerState::off : state;
        case PowerEvent::suspend: return state == PowerState::on ? PowerState::suspended : state;
        }
        return state;
    };
    for (const PowerEvent event : {PowerEvent::claim, PowerEvent::publish, PowerEvent::arrive,
                                   PowerEvent::turn_off, PowerEvent::suspend}) {
        for (const PowerState state : states) {
            for (u8 n = 0; n < max_vcpus; ++n) {
                for (const u32 others : {0U, 0x3333'3333U, 0x1402'3140U}) {
                    const PowerWord word = PowerWord{others}.with(VcpuIndex{n}, state);
                    const PowerWord result = next(word, event, VcpuIndex{n});
                    CHECK(result.state(VcpuIndex{n}) == after(event, state));
                    CHECK(result.with(VcpuIndex{n}, state) == word);
                    CHECK(may_happen(event, state) == (after(event, state) != state));
                }
            }
        }
    }
}

TEST_CASE("power: two CPU_ON of one vCPU and its home, in every order") {
    unsigned orders = 0;
    unsigned started_twice = 0;
    Turns turns;
    do {
        TestPower power = two_on();
        OnOutcome told[2]{};
        PowerStart got{};
        bool arrived = false;
        const auto turn_on = [&](unsigned who) {
            told[who] = power.try_on(third, {0x1000U + who, 0x2000U + who});
        };
        turns.run({[&] { turn_on(0); }, [&] { turn_on(1); },
                   [&] { arrived = power.arrive(third, got); }});
        const unsigned started =
            unsigned{told[0] == OnOutcome::started} + unsigned{told[1] == OnOutcome::started};
        started_twice += started != 1;
        if (!arrived) {
            CHECK(power.word().state(third) == PowerState::on_pending);
            REQUIRE(power.arrive(third, got));
        }
        // Entry and context are of one call, and of the one that was told so.
        const unsigned winner = told[0] == OnOutcome::started ? 0 : 1;
        REQUIRE(got.entry == 0x1000U + winner);
        REQUIRE(got.context == 0x2000U + winner);
        const OnOutcome lost = told[1 - winner];
        REQUIRE((lost == OnOutcome::on_pending || (arrived && lost == OnOutcome::already_on)));
        REQUIRE(power.word().raw() == 0x333);
        ++orders;
    } while (turns.next_plan());
    CHECK(started_twice == 0);
    CHECK(orders > 200);
}

TEST_CASE("power: of two that turn off at once exactly one is the last") {
    unsigned orders = 0;
    unsigned lasts[2]{};
    Turns turns;
    do {
        TestPower power = two_on();
        bool last[2]{};
        turns.run(
            {[&] { last[0] = power.turn_off(first); }, [&] { last[1] = power.turn_off(second); }});
        REQUIRE(last[0] != last[1]);
        REQUIRE(power.word() == PowerWord{});
        ++lasts[last[1] ? 1 : 0];
        ++orders;
    } while (turns.next_plan());
    CHECK(orders >= 6);
    CHECK(lasts[0] > 0);
    CHECK(lasts[1] > 0);
}

TEST_CASE("power: a change of one vCPU does not undo another's") {
    Turns turns;
    do {
        TestPower power = two_on();
        REQUIRE(power.try_on(third, {0x1000, 0x2000}) == OnOutcome::started);
        PowerStart start;
        bool arrived = false;
        bool last = true;
        turns.run({[&] { arrived = power.arrive(third, start); },
                   [&] { last = power.turn_off(second); }});
        REQUIRE(arrived);
        REQUIRE_FALSE(last);
        REQUIRE(power.word().raw() == 0x303);
    } while (turns.next_plan());
}

TEST_CASE("power: one turns off while another turns it on, or sleeps") {
    unsigned orders = 0;
    unsigned started = 0;
    Turns turns;
    do {
        TestPower power = two_on();
        OnOutcome told{};
        bool last = true;
        turns.run({[&] { last = power.turn_off(second); },
                   [&] {
                       told = power.try_on(second, {0x1000, 0x2000});
                   }});
        REQUIRE_FALSE(last);
        const bool on = told == OnOutcome::started;
        REQUIRE((on || told == OnOutcome::already_on));
        REQUIRE(power.word().state(second) == (on ? PowerState::on_pending : PowerState::off));
        started += on;
        ++orders;
    } while (turns.next_plan());
    CHECK(started > 0);
    CHECK(started < orders);
    Turns others;
    do {
        TestPower power = two_on();
        bool last = true;
        others.run({[&] { last = power.turn_off(second); },
                    [&] {
                        power.suspend(first, {0x1000, 0x2000});
                    }});
        REQUIRE_FALSE(last); // who sleeps comes back
        REQUIRE(power.word() == PowerWord{}.with(first, PowerState::suspended));
    } while (others.next_plan());
}
