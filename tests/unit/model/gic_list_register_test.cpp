// SPDX-License-Identifier: Apache-2.0
// List registers, delivery order and the maintenance interrupt of the reference GIC model: T43 to
// T55 of the test oracle, both generations.
#include "tests/unit/model/gic_machine.hpp"

#include <catch2/catch.hpp>

namespace hyp::model::test {

TEST_CASE("list register words, both layouts", "[model]") {
    STATIC_REQUIRE(encode_lr(Generation::v2, {.vintid = 60,
                                              .pintid = 60,
                                              .priority = 0xa0,
                                              .state = LrState::pending,
                                              .hw = true}) == 0x9a00f03c);
    STATIC_REQUIRE(
        encode_lr(
            Generation::v2,
            {.vintid = 5, .source = 3, .priority = 0x80, .state = LrState::pending, .eoi = true}) ==
        0x18080c05);
    STATIC_REQUIRE(encode_lr(Generation::v3, {.vintid = 0x2005,
                                              .priority = 0x80,
                                              .group = 1,
                                              .state = LrState::pending_active,
                                              .eoi = true}) == 0xd080020000002005);
    for (unsigned bits = 0; bits < 4096; ++bits) { // every field, both values, round trip
        LrFields lr;
        lr.hw = (bits & 1) != 0;
        lr.state = static_cast<LrState>(bits >> 1 & 3);
        lr.group = bits >> 3 & 1;
        lr.priority = static_cast<std::uint8_t>((bits >> 4 & 31) << 3);
        lr.vintid = (bits & 0x200) != 0 ? 1019 : 16;
        (lr.hw ? lr.pintid : lr.source) = (bits & 0x400) != 0 ? (lr.hw ? 511 : 7) : 0;
        lr.eoi = !lr.hw && (bits & 0x800) != 0;
        REQUIRE(decode_lr(Generation::v2, encode_lr(Generation::v2, lr)) == lr);
        lr.source = 0; // v2 only
        REQUIRE(decode_lr(Generation::v3, encode_lr(Generation::v3, lr)) == lr);
    }
}

TEST_CASE("type register, T43, and reserved bits", "[model]") {
    Machine<> v2{architecture(Generation::v2)};
    Machine<> v3{architecture(Generation::v3)};
    REQUIRE(v2.gic.read(0, Frame::gich, gich::vtr) == 0x90000003);
    REQUIRE(v3.gic.read(0, Sysreg::ich_vtr) == 0x90b80003);
    v3.gic.set_lr(0, 0, 0x70a7001b0000001b); // priority bits below the five are RES0
    REQUIRE(v3.gic.lr(0, 0) == 0x70a0001b0000001b);
    Machine<1, 16> many{architecture(Generation::v3)};
    many.gic.write(0, static_cast<Sysreg>(static_cast<unsigned>(Sysreg::ich_lr0) + 15),
                   0x50a000000000003c);
    REQUIRE(many.gic.elrsr(0) == 0x7fff);
}

TEST_CASE("HW 0: EOI asks for maintenance, T44, or not, T45", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    const bool eoi = GENERATE(true, false);
    Machine<> m{architecture(generation)};
    m.start_guest();
    LrFields lr = m.software(50);
    lr.eoi = eoi;
    m.inject(0, lr);
    REQUIRE(m.guest_ack() == 50);
    m.guest_eoi(50);
    REQUIRE(m.gic.eisr(0) == (eoi ? 1U : 0U));
    REQUIRE(m.gic.elrsr(0) == (eoi ? 0xeU : 0xfU));
    REQUIRE(m.gic.misr(0) == (eoi ? misr::eoi : 0U));
    REQUIRE(m.gic.pending(0, maintenance_intid) == eoi);
    REQUIRE(m.gic.irq(0) == eoi);
    m.gic.set_lr(0, 0, 0);
    REQUIRE(m.gic.misr(0) == 0);
    REQUIRE_FALSE(m.gic.irq(0));
}

TEST_CASE("underflow and no pending, T46 and T47", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.set_hcr(hcr::en | hcr::uie | hcr::npie);
    REQUIRE(m.gic.misr(0) == (misr::u | misr::np));
    m.inject(0, m.software(50));
    REQUIRE(m.gic.misr(0) == misr::u);
    m.inject(1, m.software(51));
    REQUIRE(m.gic.misr(0) == 0);
    REQUIRE_FALSE(m.gic.line(0, maintenance_intid));
    REQUIRE(m.guest_ack() == 50);
    REQUIRE(m.gic.misr(0) == 0); // one is still pending
    m.guest_eoi(50);
    REQUIRE(m.gic.misr(0) == misr::u);
    REQUIRE(m.guest_ack() == 51); // right after the ack of the last pending one
    REQUIRE(m.gic.misr(0) == (misr::u | misr::np));
    REQUIRE(m.gic.irq(0));
    m.set_hcr(hcr::npie); // without En the line is low, whatever MISR says
    REQUIRE(m.gic.misr(0) == misr::np);
    REQUIRE_FALSE(m.gic.line(0, maintenance_intid));
}

TEST_CASE("a pending dummy hides NPIE", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.set_hcr(hcr::en | hcr::npie);
    REQUIRE(m.gic.misr(0) == misr::np);
    m.inject(3, m.software(1000, 0xf8));
    REQUIRE(m.gic.misr(0) == 0);
    REQUIRE_FALSE(m.gic.virq(0)); // masked by PMR 0xf8
}

TEST_CASE("EOI of a spilled interrupt is counted, T48", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.set_hcr(hcr::en | hcr::lrenpie);
    m.inject(0, m.software(50));
    REQUIRE(m.guest_ack() == 50);
    m.gic.set_lr(0, 0, 0); // EL2 spills it
    m.guest_eoi(50);
    REQUIRE(m.gic.hcr(0) >> hcr::eoicount_shift == 1);
    REQUIRE(m.gic.misr(0) == misr::lrenp);
    m.guest_eoi(50); // no active priority left: not counted
    REQUIRE(m.gic.hcr(0) >> hcr::eoicount_shift == 1);
    m.set_hcr(hcr::en);
    m.guest_eoi(spurious);
    REQUIRE(m.gic.hcr(0) == hcr::en);
}

TEST_CASE("DIR of a spilled interrupt is counted with EOImode 1, and the count wraps", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest(0, true);
    for (unsigned n = 1; n <= 33; ++n) {
        m.gic.guest_deactivate(0, 50);
        REQUIRE(m.gic.hcr(0) == (hcr::en | (n % 32) << hcr::eoicount_shift));
    }
}

TEST_CASE("a spilled active HW interrupt comes back and deactivates, T50", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.gic.set_line(0, uart, true);
    REQUIRE(m.forward(2) == uart);
    REQUIRE(m.guest_ack() == uart);
    m.gic.set_lr(0, 2, 0);
    REQUIRE(m.gic.active(0, uart));
    m.inject(0, m.hardware(uart, LrState::active));
    m.gic.set_line(0, uart, false);
    m.guest_eoi(uart);
    REQUIRE_FALSE(m.gic.active(0, uart));
}

TEST_CASE("four levels of preemption and back, T51", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    const std::uint8_t priorities[] = {0x80, 0x60, 0x40, 0x20};
    std::uint32_t apr = 0;
    for (unsigned i = 0; i < 4; ++i) {
        m.inject(i, m.software(50 + i, priorities[i]));
        REQUIRE(m.gic.virq(0));
        REQUIRE(m.guest_ack() == 50 + i);
        apr |= 1U << (priorities[i] >> 3);
        REQUIRE(m.virtual_apr() == apr);
        REQUIRE(m.guest_ack() == spurious);
    }
    for (unsigned i = 4; i-- > 0;) {
        m.guest_eoi(50 + i);
        apr &= apr - 1;
        REQUIRE(m.virtual_apr() == apr);
    }
    REQUIRE(m.gic.elrsr(0) == 0xf);
}

TEST_CASE("lower priority never preempts, equal priorities by index, T52", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.inject(0, m.software(90));
    m.inject(1, m.software(85));
    m.inject(2, m.software(70, 0xa8));
    REQUIRE((m.gic.guest_highest_pending(0, m.group)) == 90);
    REQUIRE(m.guest_ack() == 90);
    REQUIRE_FALSE(m.gic.virq(0));
    REQUIRE(m.guest_ack() == spurious);
    m.guest_eoi(90);
    REQUIRE(m.guest_ack() == 85);
    m.guest_eoi(85);
    REQUIRE(m.guest_ack() == 70);
}

TEST_CASE("pending and active is no candidate until the active part is gone", "[model]") {
    Machine<> m{architecture(Generation::v3)};
    m.start_guest();
    m.inject(0, m.software(60));
    REQUIRE(m.guest_ack() == 60);
    m.inject(0, m.software(60, 0xa0, LrState::pending_active));
    REQUIRE(m.gic.lr(0, 0) == 0xd0a000000000003c);
    REQUIRE(m.guest_ack() == spurious);
    m.guest_eoi(60);
    REQUIRE(m.gic.lr(0, 0) == 0x50a000000000003c);
    REQUIRE(m.guest_ack() == 60);
    m.guest_eoi(60);
    REQUIRE(m.gic.lr(0, 0) == 0x10a000000000003c);
}

TEST_CASE("source CPU of an SGI, T53, and Group 1 without AckCtl, T54: v2", "[model]") {
    Machine<> m{architecture(Generation::v2)};
    m.start_guest();
    LrFields lr = m.software(5);
    lr.source = 3;
    m.inject(0, lr);
    REQUIRE(m.guest_ack() == 0xc05);
    m.guest_eoi(0xc05);
    REQUIRE(m.gic.elrsr(0) == 0xf);

    lr = m.software(50);
    lr.group = 1;
    m.inject(0, lr);
    m.gic.write(0, Frame::gicv, gicc::ctlr, 3);
    REQUIRE(m.guest_ack() == other_group);
    m.gic.write(0, Frame::gicv, gicc::ctlr, 7);
    REQUIRE(m.guest_ack() == 50);
}

TEST_CASE("disabled virtual interface, T55; masked by PMR", "[model]") {
    const auto generation = GENERATE(Generation::v2, Generation::v3);
    Machine<> m{architecture(generation)};
    m.start_guest();
    m.inject(0, m.software(50));
    const std::uint64_t word = m.gic.lr(0, 0);
    m.set_hcr(0);
    REQUIRE_FALSE(m.gic.virq(0));
    REQUIRE(m.guest_ack() == spurious);
    REQUIRE(m.gic.lr(0, 0) == word);
    m.set_hcr(hcr::en);
    if (m.v2) {
        m.gic.write(0, Frame::gicv, gicc::pmr, 0xa0);
    } else {
        m.gic.guest_write(0, Sysreg::icc_pmr, 0xa0);
    }
    REQUIRE(m.guest_ack() == spurious); // strictly higher than the mask
    REQUIRE_FALSE(m.gic.virq(0));
}

TEST_CASE("EOI with no active priority: v3 ignores it", "[model]") {
    Machine<> m{architecture(Generation::v3)};
    m.start_guest();
    m.inject(0, m.hardware(vtimer, LrState::active)); // moved here without its APR (N7)
    m.write_bits(gicd::isactiver, vtimer);
    m.guest_eoi(vtimer);
    REQUIRE(m.gic.lr_state(0, 0) == LrState::active);
    REQUIRE(m.gic.active(0, vtimer));
    m.gic.write(0, Sysreg::ich_ap1r0, 0x100000);
    m.guest_eoi(vtimer);
    REQUIRE(m.gic.lr_state(0, 0) == LrState::invalid);
    REQUIRE_FALSE(m.gic.active(0, vtimer));
}

TEST_CASE("v3: an EOIR that does not match the running priority leaves its LR active", "[model]") {
    Machine<> m{architecture(Generation::v3)};
    m.start_guest();
    m.inject(0, m.software(50, 0x80));
    m.inject(1, m.software(51, 0x40));
    m.gic.set_lr(0, 1, 0);
    REQUIRE(m.guest_ack() == 50);
    m.inject(1, m.software(51, 0x40));
    REQUIRE(m.guest_ack() == 51);
    m.guest_eoi(50); // out of order: drops 0x40, which is not 50's
    REQUIRE(m.virtual_apr() == 1U << 16);
    REQUIRE(m.gic.lr_state(0, 0) == LrState::active);
    REQUIRE(m.gic.hcr(0) == hcr::en); // and is not counted, for 50 is in a list register
}

TEST_CASE("a virtual LPI is gone after EOIR even with EOImode 1 and is never counted", "[model]") {
    Machine<> m{architecture(Generation::v3)};
    const bool eoi_mode = GENERATE(false, true);
    m.start_guest(0, eoi_mode);
    m.inject(0, m.software(8197));
    REQUIRE(m.guest_ack() == 8197);
    m.guest_eoi(8197);
    REQUIRE(m.gic.lr_state(0, 0) == LrState::invalid);
    m.inject(0, m.software(8197));
    REQUIRE(m.guest_ack() == 8197);
    m.gic.set_lr(0, 0, 0);
    m.guest_eoi(8197);
    REQUIRE(m.gic.hcr(0) == hcr::en);
}

} // namespace hyp::model::test
