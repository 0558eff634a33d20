// SPDX-License-Identifier: Apache-2.0
// The fast path's memo: its word, each reason to withdraw it, and what the vector does with it.
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;

Setup fast() {
    Setup setup;
    setup.fast = true;
    return setup;
}

// Counts what the vector does, in order.
struct Recorder {
    std::vector<const char*>* calls;
    u32 iar;
    u64* lr;

    [[nodiscard]] Ack acknowledge() const {
        calls->push_back("acknowledge");
        return Ack{iar};
    }
    void drop_priority(Ack) const { calls->push_back("drop"); }
    void write_lr_word(LrIndex index, u64 word) const {
        calls->push_back(index == timer_home ? "home" : "elsewhere");
        *lr = word;
    }
};

} // namespace

TEST_CASE("the armed word is the list register of a pending timer", "[fast]") {
    CHECK(Machine<v3, 4>{fast()}.plan.timer_lr == 0x70a0'001b'0000'001b);
    CHECK(Machine<v2, 4>{fast()}.plan.timer_lr == 0x9a00'6c1b);
    CHECK(Machine<v3, 1>{fast()}.plan.timer_lr == 0x70a0'001b'0000'001b);
    CHECK(alignof(FastPlan) == 64);
}

TEST_CASE("the armed word carries the guest's priority", "[fast]") {
    Machine<v3, 4> m{fast()};
    m.trap([](VcpuIrqs& v) { v.guest_set_priority(VIntid{timer}, 0x48); });
    CHECK(m.plan.timer_lr == 0x7048'001b'0000'001b);
}

TEST_CASE("three accesses, or one and the value handed on", "[fast]") {
    std::vector<const char*> calls;
    u64 lr = 0;
    u64 kept = 0;
    FastPlan plan;
    const std::vector<const char*> all{"acknowledge", "drop", "home"};
    const std::vector<const char*> one{"acknowledge"};

    plan.timer_lr = 0x70a0'001b'0000'001b;
    CHECK(fast_tick(Recorder{&calls, 27, &lr}, plan, kept, PIntid{27}));
    CHECK(calls == all);
    CHECK(lr == plan.timer_lr);

    calls.clear();
    CHECK(!fast_tick(Recorder{&calls, 33, &lr}, plan, kept, PIntid{27}));
    CHECK(calls == one);
    CHECK(kept == 33);

    calls.clear();
    CHECK(!fast_tick(Recorder{&calls, 1023, &lr}, plan, kept, PIntid{27}));
    CHECK(kept == 1023);

    calls.clear();
    plan.timer_lr = 0;
    CHECK(!fast_tick(Recorder{&calls, 27, &lr}, plan, kept, PIntid{27}));
    CHECK(calls == one);
    CHECK(kept == 27);
}

TEST_CASE("withdrawn: from outside, and under the GICv2 fault", "[fast]") {
    Machine<v3, 4> m{fast()};
    CHECK(plan_for(m.irqs, FastPath::allowed).timer_lr != 0);
    FastPlan nothing;
    nothing.sgis = no_sgis;
    nothing.gicd = no_page; // page 0 is one that a guest can touch
    CHECK(plan_for(m.irqs, FastPath::withdrawn) == nothing);
    Setup faulty = fast();
    faulty.stale = true;
    faulty.workaround = true;
    CHECK(Machine<v2, 4>{faulty}.plan.timer_lr == 0);
}

TEST_CASE("withdrawn: timer disabled, its group disabled; armed again after", "[fast]") {
    Machine<v3, 4> m{fast()};
    m.trap([](VcpuIrqs& v) { v.guest_disable(0, 1U << timer); });
    CHECK(m.plan.timer_lr == 0);
    m.trap([](VcpuIrqs& v) { v.guest_enable(0, 1U << timer); });
    CHECK(m.plan.timer_lr != 0);
    m.trap([](VcpuIrqs& v) { v.set_group_enables(1); }); // the timer is in Group 1
    CHECK(m.plan.timer_lr == 0);
    m.trap([](VcpuIrqs& v) { v.set_group_enables(2); });
    CHECK(m.plan.timer_lr != 0);
}

TEST_CASE("armed beside an SGI in its own home; withdrawn while anything waits", "[fast]") {
    Machine<v3, 2> m{fast()};
    m.raise_sgi(self_sgi, 0);
    CHECK(m.plan.timer_lr != 0);
    m.raise_spi(); // takes the timer's home
    CHECK(m.plan.timer_lr == 0);
    while (m.guest_signalled()) {
        static_cast<void>(m.acknowledge());
        m.end(0);
    }
    m.trap([](VcpuIrqs&) {});
    CHECK(m.plan.timer_lr != 0);
}

TEST_CASE("withdrawn: the timer is listed away from home", "[fast]") {
    Machine<v3, 2> m{fast()};
    m.trap([](VcpuIrqs& v) { v.guest_set_priority(VIntid{self_sgi}, 0x80); });
    m.raise_sgi(self_sgi, 0);
    m.raise_spi(); // in list register 0
    CHECK(m.acknowledge() == self_sgi);
    m.end(0); // list register 1 is free
    m.line(timer, true);
    m.interrupt();
    CHECK(m.irqs.in_hardware(LrIndex{1}).vintid() == VIntid{timer});
    CHECK(m.acknowledge() == soft_spi);
    m.end(0); // the home is free, the timer is still elsewhere
    m.trap([](VcpuIrqs&) {});
    CHECK(!m.irqs.in_hardware(timer_home).is_valid());
    CHECK(m.plan.timer_lr == 0);
    CHECK(m.acknowledge() == timer);
    m.line(timer, false);
    m.end(0);
    m.trap([](VcpuIrqs&) {});
    CHECK(m.plan.timer_lr != 0);
    CHECK(m.verdict() == "good");
}

TEST_CASE("the fast path's own tick is seen by the next exit", "[fast]") {
    Machine<v3, 4> m{fast()};
    m.line(timer, true);
    m.interrupt();
    REQUIRE(m.fast_ticks == 1);
    CHECK(!m.irqs.is_listed(VIntid{timer})); // EL2 has not looked
    m.trap([](VcpuIrqs&) {});
    CHECK(m.irqs.is_listed(VIntid{timer}));
    m.line(timer, false);
    m.trap([](VcpuIrqs&) {});
    CHECK(!m.irqs.is_listed(VIntid{timer})); // the level dropped: both or neither
    CHECK(!m.gic.active(0, timer));
    CHECK(m.verdict() == "good");
}
