// SPDX-License-Identifier: Apache-2.0
// The named deviations of the reference GIC model: QEMU's GICv2 and GICv3, and the older document's
// list register that stays active. Each is switched on alone and must show what was measured.
#include "tests/unit/model/gic_machine.hpp"

#include <catch2/catch.hpp>

namespace hyp::model::test {

namespace {

Options with(Generation generation, Quirk quirk) {
    Options options = architecture(generation);
    options.quirks.add(quirk);
    return options;
}

// The guest has ended the timer's interrupt while the line is still high: T8 where the quirk bites.
Machine<> stuck() {
    Machine<> m{with(Generation::v2, Quirk::stale_after_guest_deactivation)};
    m.start_guest();
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.forward(0) == vtimer);
    REQUIRE(m.guest_ack() == vtimer);
    m.guest_eoi(vtimer);
    REQUIRE(state(m, vtimer) == Distributed{true, false});
    REQUIRE(m.gic.highest_pending(0) == spurious);
    REQUIRE_FALSE(m.gic.irq(0));
    REQUIRE(m.gic.take_witnessed().has(Quirk::stale_after_guest_deactivation));
    return m;
}

} // namespace

TEST_CASE("v2 staleness: what does not re-evaluate", "[model]") {
    Machine<> m = stuck();
    (void)m.gic.read(0, Frame::gicd, gicd::isactiver);
    (void)m.gic.read(0, Frame::gicd, gicd::ispendr);
    REQUIRE(m.gic.acknowledge(0) == spurious);
    m.gic.end_of_interrupt(0, spurious);
    m.gic.set_lr(0, 2, 0);
    m.set_hcr(hcr::en);
    REQUIRE_FALSE(m.gic.irq(0));
}

TEST_CASE("v2 staleness: what re-evaluates", "[model]") {
    Machine<> m = stuck();
    switch (GENERATE(0, 1, 2, 3, 4)) {
    case 0: m.gic.write(0, Frame::gicd, gicd::icenabler, 0); break;
    case 1: m.gic.write(0, Frame::gicc, gicc::pmr, 0xff); break; // W1, the poke
    case 2: m.gic.deactivate(0, 40); break;
    case 3: m.gic.set_line(0, 30, true); break;
    default: m.set_hcr(hcr::en | hcr::npie); break; // W2: a maintenance interrupt is a line change
    }
    REQUIRE(m.gic.irq(0));
    const unsigned first = m.gic.acknowledge(0);
    REQUIRE((first == vtimer || first == maintenance_intid));
}

TEST_CASE("v2 staleness: dummy list register and UIE bring the next interrupt, W2", "[model]") {
    Machine<> m{with(Generation::v2, Quirk::stale_after_guest_deactivation)};
    m.start_guest();
    m.inject(3, m.software(1000, 0xf8));
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.forward(0) == vtimer);
    m.set_hcr(hcr::en | hcr::uie);
    REQUIRE_FALSE(m.gic.irq(0)); // two valid list registers
    REQUIRE(m.guest_ack() == vtimer);
    m.guest_eoi(vtimer);
    REQUIRE(m.gic.irq(0));
}

TEST_CASE("v2: one active bit of an SPI per PE, T5b and T30, T31 on QEMU", "[model]") {
    Machine<2> m{with(Generation::v2, Quirk::spi_active_per_pe)};
    m.start_guest(1);
    m.gic.set_line(0, uart, true);
    SECTION("acknowledged on PE 0, ended on PE 1: active for ever") {
        REQUIRE(m.gic.acknowledge(0) == uart);
        m.gic.end_of_interrupt(0, uart);
        m.inject(0, m.hardware(uart), 1);
        REQUIRE(m.guest_ack(1) == uart);
        m.guest_eoi(uart, 1);
        REQUIRE(m.gic.active(0, uart));
        REQUIRE_FALSE(m.gic.irq(0));
        m.write_bits(gicd::icactiver, uart); // what the hypervisor must do
        REQUIRE(m.gic.irq(0));
    }
    SECTION("made active by ISACTIVER: reads active after the deactivation") {
        m.write_bits(gicd::isactiver, uart);
        m.inject(0, m.hardware(uart), 1);
        REQUIRE(m.guest_ack(1) == uart);
        m.guest_eoi(uart, 1);
        REQUIRE(m.gic.active(1, uart));
    }
}

TEST_CASE("v2: ISACTIVER of an SPI sets bits of PEs that do not exist", "[model]") {
    Machine<1> m{with(Generation::v2, Quirk::spi_active_per_pe)};
    m.write_bits(gicd::isactiver, uart);
    m.gic.deactivate(0, uart);
    REQUIRE(m.gic.active(0, uart));
    m.write_bits(gicd::icactiver, uart);
    REQUIRE_FALSE(m.gic.active(0, uart));
}

TEST_CASE("v2 with several PEs: a PPI cannot be made pending", "[model]") {
    Machine<2> m{with(Generation::v2, Quirk::ppi_set_pending_ignored)};
    m.write_bits(gicd::ispendr, vtimer);
    REQUIRE_FALSE(m.gic.pending(0, vtimer));
    m.write_bits(gicd::ispendr, edge_spi);
    REQUIRE(m.gic.pending(0, edge_spi));
}

TEST_CASE("v2: groups that are disabled", "[model]") {
    for (const bool quirk : {false, true}) {
        Options options = architecture(Generation::v2);
        if (quirk) {
            options.quirks.add(Quirk::best_ignores_group_enable);
            options.quirks.add(Quirk::ack_ignores_group_enable);
        }
        Machine<> m{options};
        m.gic.write(0, Frame::gicc, gicc::ctlr, 0x207); // both groups, AckCtl
        m.gic.write(0, Frame::gicd, gicd::igroupr + 4, 2);
        m.gic.write(0, Frame::gicd, gicd::ctlr, 1); // Group 1 off at the distributor
        m.gic.write(0, Frame::gicd, gicd::ipriorityr + 40, 0x80, 1);
        m.gic.set_line(0, uart, true); // Group 1, priority 0
        m.gic.set_line(0, 40, true);   // Group 0, priority 0x80
        REQUIRE(m.gic.irq(0) == !quirk);
        REQUIRE(m.gic.acknowledge(0) == (quirk ? uart : 40));
    }
}

TEST_CASE("v2: EOI without an active priority deactivates all the same", "[model]") {
    Machine<> m{with(Generation::v2, Quirk::eoi_at_idle_deactivates)};
    m.start_guest();
    m.write_bits(gicd::isactiver, vtimer);
    m.inject(0, m.hardware(vtimer, LrState::active));
    m.guest_eoi(vtimer);
    REQUIRE_FALSE(m.gic.active(0, vtimer));
    REQUIRE(m.gic.lr_state(0, 0) == LrState::invalid);
}

TEST_CASE("v3: VGrp0D follows Group 1", "[model]") {
    const bool quirk = GENERATE(false, true);
    Machine<> m{quirk ? with(Generation::v3, Quirk::vgrp0d_tests_group1)
                      : architecture(Generation::v3)};
    m.start_guest(); // VENG1 alone
    m.set_hcr(hcr::en | hcr::vgrp0die);
    REQUIRE(m.gic.misr(0) == (quirk ? 0U : misr::vgrp0d));
}

TEST_CASE("older document: the list register stays active after the guest's EOI", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{with(generation, Quirk::lr_active_survives)};
    m.start_guest();
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.forward(0) == vtimer);
    REQUIRE(m.guest_ack() == vtimer);
    const std::uint64_t active = m.gic.lr(0, 0);
    m.gic.set_line(0, vtimer, false);
    m.guest_eoi(vtimer);
    REQUIRE(m.gic.lr(0, 0) == active);
    REQUIRE(m.gic.elrsr(0) == 0xe);
    REQUIRE_FALSE(m.gic.active(0, vtimer)); // by which the hypervisor may tell
    REQUIRE(m.virtual_apr() == 0);
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.forward(0) == vtimer); // overwrites it
    REQUIRE(m.guest_ack() == vtimer);
}

} // namespace hyp::model::test
