// SPDX-License-Identifier: Apache-2.0
// The reference GIC model explored breadth-first under the plainest forwarding EL2 (acknowledge,
// drop, list register) with a timer PPI and a UART SPI: in every reachable state the invariants H1,
// H2, H3 and H5 hold, and from every state both lines can still be served (nothing is lost).
#include "tests/unit/model/gic_machine.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <unordered_set>

namespace hyp::model::test {

namespace {

using SmallGic = Gic<1, 32, 2>;

struct SmallHash {
    std::size_t operator()(const SmallGic& gic) const { return gic.hash(); }
};

constexpr unsigned intids[] = {vtimer, uart}; // list register 0 and 1

struct World {
    Machine<1, 2> machine;

    [[nodiscard]] LrState lr(unsigned index) const { return machine.gic.lr_state(0, index); }

    void el2() {
        const unsigned iar = machine.gic.acknowledge(0);
        if (iar >= first_special) {
            return;
        }
        const unsigned index = iar == vtimer ? 0 : 1;
        REQUIRE(lr(index) == LrState::invalid); // H5
        machine.gic.end_of_interrupt(0, iar);
        machine.inject(index, machine.hardware(iar));
    }

    void guest_end() {
        for (unsigned i = 0; i < 2; ++i) {
            if (lr(i) == LrState::active) {
                machine.guest_eoi(intids[i]);
                return;
            }
        }
    }

    // Actions 0, 1: the lines; 2: EL2; 3, 4: the guest; 5...: messages.
    void act(unsigned action) {
        switch (action) {
        case 0:
        case 1: {
            const unsigned intid = intids[action];
            machine.gic.set_line(0, intid, !machine.gic.line(0, intid));
            return;
        }
        case 2:
            if (machine.gic.irq(0)) {
                el2();
            }
            return;
        case 3: (void)machine.guest_ack(); return;
        case 4: guest_end(); return;
        default: machine.gic.deliver(action - 5);
        }
    }

    void check() const {
        const bool settled = machine.gic.deliverable() == 0;
        for (unsigned i = 0; i < 2; ++i) {
            REQUIRE(lr(i) != LrState::pending_active); // H1
            if (lr(i) != LrState::invalid && settled) {
                REQUIRE(machine.gic.active(0, intids[i])); // H3
            }
        }
    }

    // A quiet world: the guest serves what is there and quiets the device. Both lines must fall.
    void drain() {
        machine.gic.deliver_all();
        for (unsigned turn = 0; turn < 8; ++turn) {
            guest_end();
            machine.gic.deliver_all();
            act(2);
            const unsigned iar = machine.guest_ack();
            if (iar < first_special) {
                machine.gic.set_line(0, iar, false);
            }
            machine.gic.deliver_all();
        }
        for (const unsigned intid : intids) {
            REQUIRE_FALSE(machine.gic.line(0, intid));
            REQUIRE(state(machine, intid) == Distributed{false, false});
        }
    }
};

unsigned explore(Generation generation, Timing timing) {
    World start{Machine<1, 2>{architecture(generation, timing)}};
    start.machine.start_guest();
    start.machine.gic.deliver_all();
    std::unordered_set<SmallGic, SmallHash> seen{start.machine.gic};
    std::deque<World> open{start};
    while (!open.empty()) {
        const World world = open.front();
        open.pop_front();
        world.check();
        World{world}.drain();
        const unsigned messages = world.machine.gic.deliverable();
        for (unsigned action = messages < 3 ? 0 : 2; action < 5 + messages; ++action) {
            World next = world;
            next.act(action);
            if (seen.insert(next.machine.gic).second) {
                open.push_back(next);
            }
        }
    }
    return static_cast<unsigned>(seen.size());
}

} // namespace

TEST_CASE("every reachable state of a forwarding EL2 keeps the invariants", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    REQUIRE(explore(generation, Timing::synchronous) > 20);
    REQUIRE(explore(generation, Timing::asynchronous) > 100);
}

TEST_CASE("equal states have equal hashes and any difference shows", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    const Machine<> m{architecture(generation)};
    Gic<1, 32, 4> other = m.gic;
    REQUIRE(other == m.gic);
    REQUIRE(other.hash() == m.gic.hash());
    switch (GENERATE(0, 1, 2, 3, 4)) {
    case 0: other.set_line(0, 40, true); break;
    case 1: other.set_lr(0, 3, 0x1000000000000000 >> (m.v2 ? 32 : 0)); break;
    case 2: other.write(0, Frame::gicd, gicd::ipriorityr + 63, 8, 1); break;
    case 3: other.write(0, Frame::gicd, gicd::isactiver + 4, 1); break;
    default: other.write(0, Frame::gicd, gicd::ctlr, 1); break;
    }
    REQUIRE_FALSE(other == m.gic);
    REQUIRE(other.hash() != m.gic.hash());
}

} // namespace hyp::model::test
