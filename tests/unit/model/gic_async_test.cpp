// SPDX-License-Identifier: Apache-2.0
// Asynchronous mode of the reference GIC model: distributor writes of the active state,
// deactivations and line changes arrive later, in any order between sources (GIC-500, GIC-600).
#include "tests/unit/model/gic_machine.hpp"

#include <catch2/catch.hpp>

#include <unordered_set>
#include <vector>

namespace hyp::model::test {

namespace {

Options late(Generation generation) {
    return architecture(generation, Timing::asynchronous);
}

struct GicHash {
    std::size_t operator()(const Gic<1, 32, 4>& gic) const { return gic.hash(); }
};

// Every state in which all messages have arrived, over all orders of arrival.
std::vector<Gic<1, 32, 4>> settled(const Gic<1, 32, 4>& start) {
    std::unordered_set<Gic<1, 32, 4>, GicHash> seen{start};
    std::vector<Gic<1, 32, 4>> open{start};
    std::vector<Gic<1, 32, 4>> done;
    while (!open.empty()) {
        const Gic<1, 32, 4> gic = open.back();
        open.pop_back();
        if (gic.deliverable() == 0) {
            done.push_back(gic);
        }
        for (unsigned i = 0; i < gic.deliverable(); ++i) {
            Gic<1, 32, 4> next = gic;
            next.deliver(i);
            if (seen.insert(next).second) {
                open.push_back(next);
            }
        }
    }
    return done;
}

} // namespace

TEST_CASE("a line change is seen when it arrives, in order per line", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{late(generation)};
    m.gic.set_line(0, vtimer, true);
    REQUIRE_FALSE(m.gic.irq(0));
    REQUIRE(m.gic.deliverable() == 1);
    m.gic.set_line(0, vtimer, true); // no change, no message
    m.gic.set_line(0, vtimer, false);
    m.gic.set_line(0, uart, true);
    REQUIRE(m.gic.deliverable() == 2); // the heads of two lines; the timer's fall waits behind
    m.gic.deliver(1);
    REQUIRE(m.gic.pending(0, uart));
    REQUIRE_FALSE(m.gic.pending(0, vtimer));
    m.gic.deliver(0);
    REQUIRE(m.gic.pending(0, vtimer));
    m.gic.deliver(0);
    REQUIRE_FALSE(m.gic.pending(0, vtimer));
    REQUIRE(m.gic.deliverable() == 0);
}

TEST_CASE("a write to the active state completes with the read-back", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{late(generation)};
    m.write_bits(gicd::isactiver, vtimer);
    m.write_bits(gicd::icenabler, uart); // same port: stays behind it
    REQUIRE_FALSE(m.gic.active(0, vtimer));
    REQUIRE(m.gic.enabled(0, uart));
    REQUIRE(m.gic.deliverable() == 1);
    (void)m.gic.read(0, m.v2 ? Frame::gicd : Frame::gicr, m.v2 ? gicd::isactiver : sgi_base);
    REQUIRE(m.gic.active(0, vtimer));
    REQUIRE_FALSE(m.gic.enabled(0, uart));
}

TEST_CASE("a full queue delivers its oldest message and loses none", "[model]") {
    Machine<> m{late(Generation::v3)};
    for (unsigned spi = 32; spi < 50; ++spi) {
        m.gic.set_line(0, spi, true);
    }
    REQUIRE(m.gic.pending(0, 32));
    REQUIRE_FALSE(m.gic.pending(0, 49));
    m.gic.deliver_all();
    for (unsigned spi = 32; spi < 50; ++spi) {
        REQUIRE(m.gic.pending(0, spi));
    }
}

TEST_CASE("the list register before ISACTIVER is complete can leave the PPI dead, N8", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    const bool read_back = GENERATE(true, false);
    Machine<> m{late(generation)};
    m.start_guest();
    m.write_bits(gicd::isactiver, vtimer);
    if (read_back) {
        (void)m.gic.read(0, m.v2 ? Frame::gicd : Frame::gicr, m.v2 ? gicd::isactiver : sgi_base);
    }
    m.inject(0, m.hardware(vtimer));
    REQUIRE(m.guest_ack() == vtimer);
    m.guest_eoi(vtimer);
    unsigned dead = 0;
    for (const auto& gic : settled(m.gic)) {
        dead += gic.active(0, vtimer) ? 1U : 0U;
        REQUIRE(gic.lr_state(0, 0) == LrState::invalid);
    }
    REQUIRE((dead != 0) == !read_back);
}

TEST_CASE("IAR returns the INTID only after its list register was emptied (H5)", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{late(generation)};
    m.start_guest();
    m.gic.set_line(0, vtimer, true);
    m.gic.deliver_all();
    REQUIRE(m.forward(0) == vtimer);
    REQUIRE(m.guest_ack() == vtimer);
    m.guest_eoi(vtimer);
    REQUIRE(m.gic.lr_state(0, 0) == LrState::invalid);
    REQUIRE(m.gic.active(0, vtimer)); // the deactivation is on its way
    REQUIRE_FALSE(m.gic.irq(0));
    m.gic.deliver(0);
    REQUIRE(m.gic.irq(0));
}

} // namespace hyp::model::test
