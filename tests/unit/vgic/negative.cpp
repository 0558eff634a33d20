// SPDX-License-Identifier: Apache-2.0
// The checks can fail: each fault that EL2 could have is found by exploration, under the name of
// the check that is there to find it. The walk is the shortest one.
#include "tests/unit/vgic/explore.hpp"
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;
constexpr usize limit = 20'000;

template <GicGeneration G>
[[nodiscard]] Report with_fault(Fault fault, Steps steps) {
    Setup setup;
    setup.fault = fault;
    return explore(Machine<G, 4>{setup}, steps, limit);
}

} // namespace

TEST_CASE("N1: software marks an interrupt without making it active", "[vgic][negative]") {
    const Steps steps = basic | marking | enabling;
    const std::string expected = "H3: listed by hardware, physically not active";
    CHECK(with_fault<v3>(Fault::no_set_active, steps).failure == expected);
    CHECK(with_fault<v2>(Fault::no_set_active, steps).failure == expected);
}

// With the line high nothing holds the interrupt back: one exit after another.
TEST_CASE("N1, the storm half: the guest does not get to run", "[vgic][negative]") {
    Setup setup;
    for (const Fault fault : {Fault::none, Fault::no_set_active}) {
        setup.fault = fault;
        Machine<v3, 4> m{setup};
        m.trap([](VcpuIrqs& v) { v.guest_disable(0, 1U << timer); });
        m.line(timer, true);
        m.trap([](VcpuIrqs& v) { v.guest_enable(0, 1U << timer); });
        m.mark_timer();
        CHECK(m.pending_exit() == (fault == Fault::no_set_active));
    }
}

TEST_CASE("N2: deactivated by EL2 after the priority drop", "[vgic][negative]") {
    const std::string expected = "storm: acknowledging does not come to an end";
    CHECK(with_fault<v3>(Fault::early_deactivate, basic).failure == expected);
    CHECK(with_fault<v2>(Fault::early_deactivate, basic).failure == expected);
    Setup setup;
    setup.fault = Fault::early_deactivate;
    Machine<v3, 4> m{setup};
    m.driver().set_priority(PIntid{timer}, Priority{0xa0});
    m.line(timer, true);
    const Ack ack = m.driver().acknowledge();
    REQUIRE(ack.intid() == PIntid{timer});
    m.driver().drop_priority(ack);
    CHECK(m.pending_exit()); // at once, with the line still high
}

TEST_CASE("N3: listed without the HW bit", "[vgic][negative]") {
    const std::string expected = "H4: physically active, not in exactly one place";
    CHECK(with_fault<v3>(Fault::listed_as_software, basic).failure == expected);
    CHECK(with_fault<v2>(Fault::listed_as_software, basic).failure == expected);
}

TEST_CASE("N4: listed with another's physical INTID", "[vgic][negative]") {
    const std::string expected = "H3: listed by hardware, physically not active";
    CHECK(with_fault<v3>(Fault::wrong_pintid, basic).failure == expected);
    CHECK(with_fault<v2>(Fault::wrong_pintid, basic).failure == expected);
}

TEST_CASE("N5: pending and active with the HW bit", "[vgic][negative]") {
    const std::string expected = "H1: pending and active with HW";
    CHECK(with_fault<v3>(Fault::pending_and_active, basic).failure == expected);
    CHECK(with_fault<v2>(Fault::pending_and_active, basic).failure == expected);
}

TEST_CASE("N9: the level dropped, the physical active bit stays", "[vgic][negative]") {
    const std::string expected = "H4: physically active, not in exactly one place";
    CHECK(with_fault<v3>(Fault::keep_active, basic).failure == expected);
    CHECK(with_fault<v2>(Fault::keep_active, basic).failure == expected);
}

TEST_CASE("N15: the GICv2 that does not look again, not worked around", "[vgic][negative]") {
    Setup setup;
    setup.stale = true;
    const Report report = explore(Machine<v2, 4>{setup}, basic, limit);
    CHECK(report.failure == "lost: the timer's line is high and no tick came");
    INFO("the walk: " << to_text(report.walk));
    CHECK(report.walk.size() >= 3); // a tick, a line that stays or comes back, no end to the wait
}

// A fast path that was left armed: the timer's home is taken, the plan still says it is not.
TEST_CASE("a plan that is not withdrawn is noticed", "[vgic][negative]") {
    Setup setup;
    setup.fast = true;
    Machine<v3, 1> m{setup};
    const FastPlan armed = m.plan;
    REQUIRE(armed.timer_lr != 0);
    m.raise_sgi(self_sgi, 0);
    CHECK(m.plan.timer_lr == 0);
    m.line(timer, true);
    m.plan = armed;
    m.interrupt();
    m.check_drained();
    CHECK(m.verdict() == "lost: an SGI");
}
