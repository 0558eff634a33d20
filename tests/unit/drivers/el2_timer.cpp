// SPDX-License-Identifier: Apache-2.0
// EL2's timer and its interrupt on the reference model, and what the trace is told by a driver.
#include "drivers/timer/el2_timer.hpp"
#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "drivers/gic/traced.hpp"
#include "hyp/core/trace/describe.hpp"
#include "tests/unit/drivers/model_machine.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace hyp;
using namespace hyp::test;
using model::Generation;

namespace {

using Machine = ModelMachine<1>;
using Mmio = ModelMmio<Machine>;
using Sys = ModelSysReg<Machine>;
using V2 = GicV2<Mmio, Sys>;
using V3 = GicV3<Mmio, Sys>;

constexpr unsigned storm = 50;

template <class G>
struct Rig {
    Machine machine{
        model::architecture(G::generation == GicGeneration::v2 ? Generation::v2 : Generation::v3)};
    G gic{Mmio{machine}, Sys{machine}};
    El2Timer<Sys> timer{Sys{machine}};

    Rig() {
        REQUIRE(gic.init_distributor().ok());
        REQUIRE(gic.init_cpu().ok());
        gic.set_enable(PIntid{26}, Enable::on);
    }

    // Arms the timer and takes interrupts, each ended by `end`, until none comes; at most `storm`.
    template <class End>
    unsigned interrupts(End end) {
        timer.arm(timer.now() + 200);
        unsigned taken = 0;
        for (unsigned look = 0; look < 4 * storm && taken < storm; ++look) {
            const Ack ack = gic.acknowledge();
            if (!ack.is_spurious()) {
                REQUIRE(ack.intid() == PIntid{26});
                ++taken;
                gic.drop_priority(ack);
                end(ack);
            }
            static_cast<void>(timer.now()); // time goes by
        }
        return taken;
    }
};

template <class G>
DistributorState state_of(Rig<G>& rig, PIntid pintid) {
    return distributor_state(Mmio{rig.machine}, G::generation, pintid);
}

std::vector<std::string> told;
struct Listener {
    static void event(TraceEvent event) {
        TraceRecord record;
        TraceRing ring{&record, TraceRing::every_kind};
        ring.record(event, 0);
        char line[event_line_size];
        describe(record, line);
        told.emplace_back(line);
    }
};

} // namespace

TEMPLATE_TEST_CASE("the timer's interrupt comes once, not before its time, and ends",
                   "[drivers][model]", V2, V3) {
    Rig<TestType> rig;
    rig.timer.arm(rig.timer.now() + 1000);
    CHECK(rig.gic.acknowledge().is_spurious());
    CHECK(rig.interrupts([&](Ack ack) { rig.timer.end_interrupt(rig.gic, ack); }) == 1);
    CHECK(rig.gic.private_active() == 0);
    CHECK(rig.gic.private_pending() == 0);
    CHECK(rig.interrupts([&](Ack ack) { rig.timer.end_interrupt(rig.gic, ack); }) == 1);
}

// N10: the fault that end_interrupt() is there to rule out, and that the check above would see.
TEMPLATE_TEST_CASE("a timer that is not stopped before its interrupt is deactivated storms",
                   "[drivers][model][negative]", V2, V3) {
    Rig<TestType> rig;
    CHECK(rig.interrupts([&](Ack ack) { rig.gic.deactivate(ack); }) == storm);
}

TEMPLATE_TEST_CASE("a timer that is stopped after the deactivation has signalled again by then",
                   "[drivers][model][negative]", V2, V3) {
    Rig<TestType> rig;
    bool early = false;
    static_cast<void>(rig.interrupts([&](Ack ack) {
        rig.gic.deactivate(ack);
        early = rig.machine.gic.irq(0);
        rig.timer.stop();
    }));
    CHECK(early);
    static_cast<void>(rig.interrupts([&](Ack ack) {
        rig.timer.end_interrupt(rig.gic, ack);
        early = rig.machine.gic.irq(0);
    }));
    CHECK_FALSE(early);
}

TEMPLATE_TEST_CASE("the distributor's state of one INTID", "[drivers][model]", V2, V3) {
    Rig<TestType> rig;
    for (const u32 intid : {27U, 48U}) {
        const PIntid pintid{intid};
        const auto is = [&](bool pending, bool active, bool enabled) {
            const DistributorState state = state_of(rig, pintid);
            return state.pending == pending && state.active == active && state.enabled == enabled;
        };
        CHECK(is(false, false, false));
        rig.gic.set_trigger(pintid, Trigger::edge);
        rig.gic.set_pending(pintid);
        CHECK(is(true, false, false));
        rig.gic.set_enable(pintid, Enable::on);
        CHECK(is(true, false, true));
        const Ack ack = rig.gic.acknowledge();
        CHECK(ack.intid() == pintid);
        CHECK(is(false, true, true));
        rig.gic.drop_priority(ack);
        rig.gic.deactivate(ack);
        CHECK(is(false, false, true));
    }
}

TEMPLATE_TEST_CASE("a traced driver does what the plain one does, and tells it",
                   "[drivers][model][trace]", V2, V3) {
    Rig<TestType> rig;
    TracedGic<TestType, Listener> gic{rig.gic};
    static_assert(GicBackend<TracedGic<TestType, Listener>>);
    told.clear();
    const PIntid pintid{48};
    for (const PhysChange change :
         {PhysChange::edge, PhysChange::enable, PhysChange::set_pending}) {
        apply_change(gic, change, pintid);
    }
    const Ack ack = gic.acknowledge();
    gic.drop_priority(ack);
    const ListReg lr = ListReg::hardware(VIntid{48}, pintid, Priority{0x80}, Group::group1);
    gic.write_lr(LrIndex{1}, lr);
    CHECK(gic.read_lr(LrIndex{1}) == lr);
    CHECK(state_of(rig, pintid).active);
    gic.deactivate(ack);
    CHECK_FALSE(state_of(rig, pintid).active);
    apply_change(gic, PhysChange::set_active, PIntid{27});
    CHECK(state_of(rig, PIntid{27}).active);
    apply_change(gic, PhysChange::clear_active, PIntid{27});
    CHECK_FALSE(state_of(rig, PIntid{27}).active);
    CHECK(told == std::vector<std::string>{
                      "trigger edge physical INTID 48", "enable physical INTID 48",
                      "set pending physical INTID 48", "acknowledge INTID 48 and drop its priority",
                      "list register 1 := pending INTID 48, hardware 48, priority 80",
                      "list register 1 found pending INTID 48, hardware 48, priority 80",
                      "deactivate INTID 48", "set active physical INTID 27",
                      "clear active physical INTID 27"});
}
