// SPDX-License-Identifier: Apache-2.0
// Distributor and physical CPU interface of the reference GIC model: what registers read back, SGIs,
// routing, priorities, groups.
#include "tests/unit/model/gic_machine.hpp"

#include <catch2/catch.hpp>

namespace hyp::model::test {

TEST_CASE("ISPENDR reads latch or level and line; ICPENDR clears the latch alone", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.gic.set_line(0, uart, true);
    m.write_bits(gicd::icpendr, uart);
    REQUIRE(m.gic.pending(0, uart)); // the line is still high
    m.write_bits(gicd::ispendr, uart);
    m.gic.set_line(0, uart, false);
    REQUIRE(m.gic.read(0, Frame::gicd, gicd::ispendr + 4) == 2);
    REQUIRE(m.gic.read(0, Frame::gicd, gicd::icpendr + 4) == 2);
    m.write_bits(gicd::icpendr, uart);
    REQUIRE_FALSE(m.gic.pending(0, uart));

    m.gic.set_line(0, edge_spi, true);
    REQUIRE(m.gic.pending(0, edge_spi));
    m.write_bits(gicd::icpendr, edge_spi);
    REQUIRE_FALSE(m.gic.pending(0, edge_spi)); // no new edge, though the line is high
}

TEST_CASE("pending is visible while disabled, and signalled when enabled", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.write_bits(gicd::icenabler, vtimer);
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.gic.pending(0, vtimer));
    REQUIRE_FALSE(m.gic.irq(0));
    REQUIRE(m.gic.acknowledge(0) == spurious);
    m.write_bits(gicd::isenabler, vtimer);
    REQUIRE(m.gic.irq(0));
    m.gic.set_line(0, vtimer, false);
    REQUIRE(m.gic.acknowledge(0) == spurious); // the line fell before the acknowledge
}

TEST_CASE("disable while active: the EOI still deactivates, T32", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.gic.set_line(0, uart, true);
    REQUIRE(m.forward(0) == uart);
    REQUIRE(m.guest_ack() == uart);
    m.write_bits(gicd::icenabler, uart);
    m.guest_eoi(uart);
    REQUIRE_FALSE(m.gic.active(0, uart));
    REQUIRE_FALSE(m.gic.irq(0));
    m.write_bits(gicd::isenabler, uart);
    REQUIRE(m.gic.irq(0));
}

TEST_CASE("priority mask, running priority, ties to the lowest INTID", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    for (unsigned word = 32; word < 64; word += 4) {
        m.gic.write(0, Frame::gicd, gicd::ipriorityr + word, 0xa0a0a0a0);
    }
    m.gic.set_line(0, 40, true);
    m.gic.set_line(0, uart, true);
    REQUIRE(m.gic.acknowledge(0) == uart);
    REQUIRE(m.gic.running_priority(0) == 0xa0);
    REQUIRE_FALSE(m.gic.irq(0)); // 40 is equal, not higher
    REQUIRE(m.gic.acknowledge(0) == spurious);
    m.gic.write(0, Frame::gicd, gicd::ipriorityr + 40, 0x50, 1);
    REQUIRE(m.gic.acknowledge(0) == 40); // preempts
    REQUIRE(m.gic.running_priority(0) == 0x50);
    m.gic.end_of_interrupt(0, 40);
    REQUIRE(m.gic.running_priority(0) == 0xa0);
    m.gic.end_of_interrupt(0, uart);
    REQUIRE(m.gic.running_priority(0) == idle_priority);
    m.gic.deactivate(0, 40);
    m.gic.deactivate(0, uart);
    const bool masked = GENERATE(true, false);
    const unsigned mask = masked ? 0x50 : 0x58;
    if (m.v2) {
        m.gic.write(0, Frame::gicc, gicc::pmr, mask);
    } else {
        m.gic.write(0, Sysreg::icc_pmr, mask);
    }
    REQUIRE(m.gic.irq(0) == !masked);
}

TEST_CASE("EOImode 0 deactivates at EOIR; spurious and unknown INTIDs change nothing", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    if (m.v2) {
        m.gic.write(0, Frame::gicc, gicc::ctlr, 1);
    } else {
        m.gic.write(0, Sysreg::icc_ctlr, 0);
    }
    m.gic.set_line(0, uart, true);
    REQUIRE(m.gic.acknowledge(0) == uart);
    const auto before = m.gic;
    m.gic.end_of_interrupt(0, spurious);
    m.gic.deactivate(0, uart); // EOImode 0: DIR does nothing
    REQUIRE(m.gic == before);
    m.gic.end_of_interrupt(0, uart);
    REQUIRE_FALSE(m.gic.active(0, uart));
    REQUIRE(m.gic.irq(0)); // the line is still high
}

TEST_CASE("SGIs of v2 carry their source; several sources are several interrupts", "[model]") {
    Machine<3> m{architecture(Generation::v2)};
    m.gic.write(1, Frame::gicd, gicd::sgir, 1U << 16 | 5); // list: PE 0
    m.gic.write(2, Frame::gicd, gicd::sgir, 1U << 24 | 5); // all but self
    REQUIRE(m.gic.read(0, Frame::gicd, gicd::spendsgir + 4) == 0x600);
    REQUIRE((m.gic.highest_pending(0)) == (1U << 10 | 5));
    REQUIRE(m.gic.acknowledge(0) == (1U << 10 | 5));
    m.gic.end_of_interrupt(0, 1U << 10 | 5);
    REQUIRE_FALSE(m.gic.irq(0)); // active, though pending from PE 2
    m.gic.deactivate(0, 1U << 10 | 5);
    REQUIRE(m.gic.acknowledge(0) == (2U << 10 | 5));
    REQUIRE(m.gic.pending(1, 5));
    m.gic.write(1, Frame::gicd, gicd::cpendsgir + 5, 1U << 2, 1);
    REQUIRE_FALSE(m.gic.pending(1, 5));
    m.gic.write(1, Frame::gicd, gicd::icpendr, 0xffff); // WI for SGIs
    m.gic.write(1, Frame::gicd, gicd::sgir, 2U << 24 | 6);
    REQUIRE(m.gic.pending(1, 6));
    REQUIRE_FALSE(m.gic.pending(0, 6));
}

TEST_CASE("SGIs of v3: target list, broadcast, group of the register", "[model]") {
    Machine<3> m{architecture(Generation::v3)};
    m.gic.write(0, Sysreg::icc_sgi1r, 5U << 24 | 6);
    REQUIRE_FALSE(m.gic.pending(0, 5));
    REQUIRE(m.gic.pending(1, 5));
    REQUIRE(m.gic.pending(2, 5));
    m.gic.write(1, Sysreg::icc_sgi1r, std::uint64_t{1} << 40 | 7U << 24);
    REQUIRE(m.gic.pending(0, 7));
    REQUIRE_FALSE(m.gic.pending(1, 7));
    m.gic.write(0, Sysreg::icc_sgi1r, std::uint64_t{1} << 16 | 8U << 24 | 7); // affinity 0.0.1.x
    m.gic.write(0, Sysreg::icc_sgi0r, 9U << 24 | 7);                          // Group 0: SGI 9 is 1
    REQUIRE_FALSE(m.gic.pending(1, 8));
    REQUIRE_FALSE(m.gic.pending(1, 9));
    REQUIRE(m.gic.acknowledge(1) == 5);
}

TEST_CASE("SPI routing; private interrupts are banked", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<2> m{architecture(generation)};
    m.gic.set_line(0, uart, true);
    REQUIRE(m.gic.irq(0));
    REQUIRE_FALSE(m.gic.irq(1));
    if (m.v2) {
        m.gic.write(0, Frame::gicd, gicd::itargetsr + uart, 2, 1);
        REQUIRE(m.gic.read(0, Frame::gicd, gicd::itargetsr + uart, 1) == 2);
        REQUIRE(m.gic.read(1, Frame::gicd, gicd::itargetsr) == 0x02020202);
    } else {
        m.gic.write(0, Frame::gicd, gicd::irouter + 8 * uart, 1, 8);
    }
    REQUIRE_FALSE(m.gic.irq(0));
    REQUIRE(m.gic.irq(1));
    REQUIRE(m.gic.acknowledge(1) == uart);
    m.gic.set_line(1, vtimer, true);
    REQUIRE(state(m, vtimer, 0) == Distributed{false, false});
    REQUIRE(state(m, vtimer, 1) == Distributed{true, false});
}

TEST_CASE("registers read back what is implemented", "[model]") {
    Machine<2> v2{architecture(Generation::v2)};
    Machine<2> v3{architecture(Generation::v3)};
    REQUIRE(v2.gic.read(0, Frame::gicd, gicd::typer) == 0x21);
    REQUIRE(v2.gic.read(0, Frame::gicd, gicd::isenabler) == 0xffffffff);
    v2.gic.write(0, Frame::gicd, gicd::icenabler, 0xffffffff); // SGIs stay enabled
    REQUIRE(v2.gic.read(0, Frame::gicd, gicd::isenabler) == 0xffff);
    v2.gic.write(0, Frame::gicd, gicd::ipriorityr + 32, 0xff7fbf3f);
    REQUIRE(v2.gic.read(0, Frame::gicd, gicd::ipriorityr + 32) == 0xf878b838);
    REQUIRE(v2.gic.read(0, Frame::gicd, gicd::ipriorityr + 64) == 0); // beyond the last INTID
    REQUIRE(v2.gic.read(0, Frame::gicd, gicd::icfgr) == 0xaaaaaaaa);

    REQUIRE(v3.gic.read(0, Frame::gicd, gicd::ctlr) == 0x53);
    REQUIRE(v3.gic.read(0, Frame::gicd, gicd::isenabler) == 0); // private ones are in the GICR
    REQUIRE(v3.gic.read(0, Frame::gicr, sgi_base + gicd::isenabler) == 0xffffffff);
    REQUIRE(v3.gic.read(0, Frame::gicr, redistributor_stride + gicr::typer, 8) ==
            (std::uint64_t{1} << 32 | 0x110));
    v3.gic.write(0, Sysreg::icc_pmr, 0xff);
    REQUIRE(v3.gic.read(0, Sysreg::icc_pmr) == 0xf8);
    v3.gic.write(0, Sysreg::icc_bpr1, 0);
    REQUIRE(v3.gic.read(0, Sysreg::icc_bpr1) == 3);
}

TEST_CASE("v3: Group 0 is FIQ and not seen by IAR1", "[model]") {
    Machine<> m{architecture(Generation::v3)};
    m.gic.write(0, Frame::gicr, sgi_base + gicd::igroupr, 0); // as after reset
    m.gic.set_line(0, vtimer, true);
    REQUIRE_FALSE(m.gic.fiq(0)); // Group 0 not enabled at the CPU interface
    m.gic.write(0, Sysreg::icc_igrpen0, 1);
    REQUIRE(m.gic.fiq(0));
    REQUIRE_FALSE(m.gic.irq(0));
    REQUIRE(m.gic.acknowledge(0, 1) == spurious);
    REQUIRE(m.gic.acknowledge(0, 0) == vtimer);
    m.gic.end_of_interrupt(0, vtimer, 1); // wrong group: ignored
    REQUIRE(m.gic.running_priority(0) != idle_priority);
    m.gic.end_of_interrupt(0, vtimer, 0);
    REQUIRE(m.gic.running_priority(0) == idle_priority);
}

TEST_CASE("v3: an EOIR of the other group neither drops nor deactivates", "[model]") {
    Machine<> m{architecture(Generation::v3)};
    m.gic.write(0, Sysreg::icc_ctlr, 0); // EOImode 0
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.gic.acknowledge(0, 1) == vtimer);
    m.gic.end_of_interrupt(0, vtimer, 0);
    REQUIRE(m.gic.active(0, vtimer));
    REQUIRE(m.gic.running_priority(0) == 0);
    m.gic.end_of_interrupt(0, vtimer, 1);
    REQUIRE_FALSE(m.gic.active(0, vtimer));
}

TEST_CASE("a PPI made pending by software is pending once", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.write_bits(gicd::ispendr, vtimer);
    REQUIRE(state(m, vtimer) == Distributed{true, false});
    REQUIRE(m.gic.acknowledge(0) == vtimer);
    REQUIRE(state(m, vtimer) == Distributed{false, true});
    m.gic.end_of_interrupt(0, vtimer);
    m.gic.deactivate(0, vtimer);
    REQUIRE_FALSE(m.gic.irq(0));
}

TEST_CASE("v3: a coarser binary point masks the running priority too", "[model]") {
    Machine<> m{architecture(Generation::v3)};
    m.gic.write(0, Frame::gicd, gicd::ipriorityr + uart, 0x88, 1);
    m.gic.write(0, Frame::gicd, gicd::ipriorityr + 40, 0x80, 1);
    m.gic.set_line(0, uart, true);
    REQUIRE(m.gic.acknowledge(0) == uart);
    m.gic.set_line(0, 40, true);
    REQUIRE(m.gic.irq(0));
    m.gic.write(0, Sysreg::icc_bpr1, 6);
    REQUIRE_FALSE(m.gic.irq(0));
}

TEST_CASE("v2: ICFGR of the SGIs is fixed", "[model]") {
    Machine<> m{architecture(Generation::v2)};
    m.gic.write(0, Frame::gicd, gicd::icfgr, 0);
    REQUIRE(m.gic.read(0, Frame::gicd, gicd::icfgr) == 0xaaaaaaaa);
}

TEST_CASE("the binary point decides what preempts", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    const unsigned point = m.v2 ? 5 : 6; // group priority [7:6]; BPR1 of v3 is one more
    if (m.v2) {
        m.gic.write(0, Frame::gicc, gicc::bpr, point);
    } else {
        m.gic.write(0, Sysreg::icc_bpr1, point);
    }
    m.gic.write(0, Frame::gicd, gicd::ipriorityr + uart, 0xa0, 1);
    m.gic.write(0, Frame::gicd, gicd::ipriorityr + 40, 0x88, 1); // same group priority 0x80
    m.gic.write(0, Frame::gicd, gicd::ipriorityr + 41, 0x78, 1); // higher
    m.gic.set_line(0, uart, true);
    REQUIRE(m.gic.acknowledge(0) == uart);
    REQUIRE(m.gic.running_priority(0) == 0x80);
    m.gic.set_line(0, 40, true);
    REQUIRE_FALSE(m.gic.irq(0));
    m.gic.set_line(0, 41, true);
    REQUIRE(m.gic.irq(0));
}

} // namespace hyp::model::test
