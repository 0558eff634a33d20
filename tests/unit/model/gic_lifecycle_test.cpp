// SPDX-License-Identifier: Apache-2.0
// The measured life cycles of forwarded interrupts, step by step, on both generations: level PPI 27
// (timer), level SPI 33 (UART), edge SPI 60. Numbers T1..T16, T27..T31 are those of the test oracle.
#include "tests/unit/model/gic_machine.hpp"

#include <catch2/catch.hpp>

namespace hyp::model::test {

namespace {

struct Words {
    std::uint64_t pending, active, done;
};

Words vtimer_words(bool v2) {
    return v2 ? Words{0x9a006c1b, 0xaa006c1b, 0x8a006c1b}
              : Words{0x70a0001b0000001b, 0xb0a0001b0000001b, 0x30a0001b0000001b};
}

// T1 to T4: from the line to the list register.
void forward_by_steps(Machine<>& m, const Words& words) {
    m.gic.set_line(0, vtimer, true); // T1
    REQUIRE(state(m, vtimer) == Distributed{true, false});
    REQUIRE(m.gic.irq(0));

    REQUIRE(m.gic.acknowledge(0) == vtimer); // T2: stays pending, the line is high
    REQUIRE(state(m, vtimer) == Distributed{true, true});
    REQUIRE(m.gic.running_priority(0) != idle_priority);

    m.gic.end_of_interrupt(0, vtimer); // T3: EOImode 1 drops the priority only
    REQUIRE(state(m, vtimer) == Distributed{true, true});
    REQUIRE(m.gic.running_priority(0) == idle_priority);
    REQUIRE_FALSE(m.gic.irq(0));

    m.inject(0, m.hardware(vtimer)); // T4
    REQUIRE(m.gic.lr(0, 0) == words.pending);
    REQUIRE(m.gic.elrsr(0) == 0xe);
    REQUIRE(m.gic.virq(0));
}

} // namespace

TEST_CASE("life cycle of the timer PPI, T1 to T8", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    const Words words = vtimer_words(m.v2);
    m.start_guest();
    forward_by_steps(m, words);

    REQUIRE(m.guest_ack() == vtimer); // T6
    REQUIRE(m.gic.lr(0, 0) == words.active);
    REQUIRE(m.gic.active(0, vtimer));
    REQUIRE(m.virtual_apr() == 0x100000);
    REQUIRE_FALSE(m.gic.virq(0));

    SECTION("the guest quiets the timer, T7") {
        m.gic.set_line(0, vtimer, false);
        REQUIRE(state(m, vtimer) == Distributed{false, true});
        m.guest_eoi(vtimer);
        REQUIRE(m.gic.lr(0, 0) == words.done);
        REQUIRE(m.gic.elrsr(0) == 0xf);
        REQUIRE(state(m, vtimer) == Distributed{false, false});
        REQUIRE(m.virtual_apr() == 0);
        REQUIRE_FALSE(m.gic.irq(0));
    }
    SECTION("the line is still high, T8: a fresh physical interrupt at once") {
        m.guest_eoi(vtimer);
        REQUIRE(state(m, vtimer) == Distributed{true, false});
        REQUIRE(m.gic.irq(0));
        REQUIRE(m.gic.acknowledge(0) == vtimer);
        REQUIRE(m.gic.lr_state(0, 0) == LrState::invalid); // the list register is free again (H5)
    }
}

TEST_CASE("active silences the line whatever it does, T5", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.forward(0) == vtimer);
    for (int toggles = 0; toggles < 6; ++toggles) {
        m.gic.set_line(0, vtimer, toggles % 2 != 0);
        REQUIRE_FALSE(m.gic.irq(0));
        REQUIRE((m.gic.highest_pending(0, m.group) & 0x3ff) == spurious);
    }
}

TEST_CASE("guest with EOImode 1, T9, and DIR with EOImode 0, T10", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    const Words words = vtimer_words(m.v2);
    const bool eoi_mode = GENERATE(true, false);
    m.start_guest(0, eoi_mode);
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.forward(0) == vtimer);
    m.gic.set_line(0, vtimer, false);
    REQUIRE(m.guest_ack() == vtimer);
    if (eoi_mode) {
        m.guest_eoi(vtimer);
        REQUIRE(m.gic.active(0, vtimer));
        REQUIRE(m.gic.lr(0, 0) == words.active);
        REQUIRE(m.virtual_apr() == 0);
        m.gic.guest_deactivate(0, vtimer);
        REQUIRE_FALSE(m.gic.active(0, vtimer));
        REQUIRE(m.gic.lr(0, 0) == words.done);
        return;
    }
    const auto before = m.gic;
    m.gic.guest_deactivate(0, vtimer);
    REQUIRE(m.gic == before);
}

TEST_CASE("made active by software, T11 and T12", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.gic.irq(0));
    m.write_bits(gicd::isactiver, vtimer);
    REQUIRE(state(m, vtimer) == Distributed{true, true});
    REQUIRE_FALSE(m.gic.irq(0));
    SECTION("then as if acknowledged") {
        m.inject(0, m.hardware(vtimer));
        REQUIRE(m.guest_ack() == vtimer);
        m.guest_eoi(vtimer);
        REQUIRE(state(m, vtimer) == Distributed{true, false});
        REQUIRE(m.gic.irq(0));
    }
    SECTION("ICACTIVER with the line high signals again, T12") {
        m.write_bits(gicd::icactiver, vtimer);
        REQUIRE(m.gic.irq(0));
    }
}

TEST_CASE("the line falls while the list register is pending, T13 and T14", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.gic.set_line(0, vtimer, true);
    REQUIRE(m.forward(0) == vtimer);
    m.gic.set_line(0, vtimer, false);
    SECTION("without an exit the guest sees one spurious tick") {
        REQUIRE(m.guest_ack() == vtimer);
        m.guest_eoi(vtimer);
        REQUIRE(state(m, vtimer) == Distributed{false, false});
    }
    SECTION("with an exit it is withdrawn, and the next one comes") {
        m.gic.set_lr(0, 0, 0);
        m.write_bits(gicd::icactiver, vtimer);
        REQUIRE(m.guest_ack() == spurious);
        m.gic.set_line(0, vtimer, true);
        REQUIRE(m.gic.irq(0));
    }
    SECTION("withdrawn without ICACTIVER it is dead (N9)") {
        m.gic.set_lr(0, 0, 0);
        m.gic.set_line(0, vtimer, true);
        REQUIRE_FALSE(m.gic.irq(0));
    }
}

TEST_CASE("a thousand ticks, one exit each, T15 and T16", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    unsigned exits = 0;
    unsigned ticks = 0;
    m.gic.set_line(0, vtimer, true);
    for (unsigned n = 0; n < 1000; ++n) {
        REQUIRE(m.gic.irq(0));
        REQUIRE(m.forward(0) == vtimer);
        ++exits;
        REQUIRE(m.guest_ack() == vtimer);
        ++ticks;
        m.gic.set_line(0, vtimer, false); // re-armed
        m.gic.set_line(0, vtimer, true);  // ... in the past
        m.guest_eoi(vtimer);
    }
    REQUIRE(exits == ticks);
}

TEST_CASE("level SPI passed through, T26", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.gic.set_line(0, uart, true);
    REQUIRE(m.forward(1) == uart);
    REQUIRE(state(m, uart) == Distributed{true, true});
    REQUIRE(m.guest_ack() == uart);
    m.gic.set_line(0, uart, false); // drained
    const bool more = GENERATE(false, true);
    m.gic.set_line(0, uart, more); // bytes between drain and EOI
    m.guest_eoi(uart);
    REQUIRE(state(m, uart) == Distributed{more, false});
    REQUIRE(m.gic.irq(0) == more);
}

TEST_CASE("edges of an SPI while it is active merge into one, T27 to T29", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    const unsigned edges = GENERATE(0U, 1U, 3U);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.write_bits(gicd::ispendr, edge_spi);
    REQUIRE(state(m, edge_spi) == Distributed{true, false});
    REQUIRE(m.forward(0) == edge_spi);
    REQUIRE(state(m, edge_spi) == Distributed{false, true});
    for (unsigned i = 0; i < edges; ++i) {
        m.gic.set_line(0, edge_spi, true);
        m.gic.set_line(0, edge_spi, false);
        REQUIRE(state(m, edge_spi) == Distributed{true, true});
        REQUIRE_FALSE(m.gic.irq(0));
    }
    REQUIRE(m.guest_ack() == edge_spi);
    m.guest_eoi(edge_spi);
    REQUIRE(m.gic.irq(0) == (edges != 0));
    if (edges != 0) {
        REQUIRE(m.forward(0) == edge_spi);
        REQUIRE(m.guest_ack() == edge_spi);
        m.guest_eoi(edge_spi);
    }
    REQUIRE_FALSE(m.gic.irq(0));
    REQUIRE(state(m, edge_spi) == Distributed{false, false});
}

TEST_CASE("an SPI acknowledged on one PE and ended by a guest on another, T30 and T31", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<2> m{architecture(generation)};
    m.start_guest(1);
    m.gic.set_line(0, uart, true);
    REQUIRE(m.gic.acknowledge(0) == uart);
    m.gic.end_of_interrupt(0, uart);
    m.inject(0, m.hardware(uart), 1);
    m.gic.set_line(0, uart, false);
    REQUIRE(m.guest_ack(1) == uart);
    m.guest_eoi(uart, 1);
    REQUIRE(state(m, uart) == Distributed{false, false});

    m.write_bits(gicd::isactiver, uart); // T31
    m.inject(0, m.hardware(uart), 1);
    REQUIRE(m.guest_ack(1) == uart);
    m.guest_eoi(uart, 1);
    REQUIRE_FALSE(m.gic.active(0, uart));
}

} // namespace hyp::model::test
