// SPDX-License-Identifier: Apache-2.0
// The drivers and their boot self-tests on the reference model: initialisation whatever firmware
// left behind, and each self-test's answer on sound and on faulty hardware.
#include "drivers/gic/self_test.hpp"
#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "drivers/gic/reeval_test.hpp"
#include "tests/unit/drivers/model_machine.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace hyp;
using namespace hyp::test;
using model::Generation;
using model::Timing;

namespace {

using Machine = ModelMachine<1>;
using Mmio = ModelMmio<Machine>;
using Sys = ModelSysReg<Machine>;
using V2 = GicV2<Mmio, Sys>;
using V3 = GicV3<Mmio, Sys>;

template <class G>
constexpr Generation generation = std::is_same_v<G, V2> ? Generation::v2 : Generation::v3;

template <class G>
G started(Machine& machine) {
    G gic{Mmio{machine}, Sys{machine}};
    REQUIRE(gic.init_distributor().ok());
    REQUIRE(gic.init_cpu().ok());
    machine.gic.deliver_all();
    return gic;
}

// Nothing that any part of Baton would mistake for an interrupt.
void check_quiet(Machine& machine, unsigned list_registers = 4) {
    machine.gic.deliver_all();
    CHECK_FALSE(machine.gic.irq(0));
    CHECK_FALSE(machine.gic.fiq(0));
    CHECK_FALSE(machine.gic.virq(0));
    CHECK_FALSE(machine.gic.vfiq(0));
    CHECK(machine.gic.running_priority(0) == model::idle_priority);
    for (unsigned intid = 0; intid < 96; ++intid) {
        CHECK_FALSE(machine.gic.active(0, intid));
        CHECK_FALSE(machine.gic.pending(0, intid));
        CHECK((!machine.gic.enabled(0, intid) || intid < 16));
    }
    for (unsigned n = 0; n < list_registers; ++n) {
        CHECK(machine.gic.lr(0, n) == 0);
    }
    CHECK(machine.gic.misr(0) == 0);
    const bool v2 = machine.gic.options().generation == Generation::v2;
    CHECK((v2 ? machine.read(Frame::gich, 0, 4) : machine.sys_read(SysReg::ich_hcr)) == 0);
}

// Anything in the groups, enables, pending and active bits and the priorities.
void spoil_distributor(Machine& machine, std::mt19937& random, bool v2) {
    auto& gic = machine.gic;
    const model::Frame own = v2 ? model::Frame::gicd : model::Frame::gicr;
    const unsigned base = v2 ? 0 : 0x10000;
    for (unsigned offset = 0x80; offset < 0x400; offset += 4) {
        gic.write(0, model::Frame::gicd, offset, random());
    }
    for (const unsigned offset : {0x80U, 0x100U, 0x200U, 0x300U}) {
        gic.write(0, own, base + offset, random());
    }
    for (unsigned byte = 0; byte < 96; ++byte) {
        gic.write(0, model::Frame::gicd, 0x400 + byte, random() & 0xff, 1);
        gic.write(0, own, base + 0x400 + (byte & 31), random() & 0xff, 1);
    }
    gic.write(0, model::Frame::gicd, 0, 0x53);
}

// An open CPU interface, and up to three interrupts acknowledged and never ended.
void spoil_interface(Machine& machine, std::mt19937& random, bool v2) {
    auto& gic = machine.gic;
    if (v2) {
        gic.write(0, model::Frame::gicd, 0xf20, random());
        gic.write(0, model::Frame::gicc, 0, random() & 1 ? 0x201 : 3);
        gic.write(0, model::Frame::gicc, 4, 0xff);
    } else {
        gic.write(0, model::Sysreg::icc_pmr, 0xff);
        gic.write(0, model::Sysreg::icc_igrpen0, random() & 1);
        gic.write(0, model::Sysreg::icc_igrpen1, 1);
    }
    gic.deliver_all();
    for (unsigned n = random() % 4; n > 0; --n) {
        gic.acknowledge(0, random() & 1);
    }
}

// Full list registers, and all masked or all open.
void spoil_virtual_interface(Machine& machine, std::mt19937& random, bool v2) {
    auto& gic = machine.gic;
    for (unsigned n = 0; n < 4; ++n) {
        gic.set_lr(0, n, v2 ? random() : u64{random()} << 32 | (random() & 0x3ff));
    }
    const u64 open_or_masked = random() & 1 ? 0xff : 0;
    if (v2) {
        gic.write(0, model::Frame::gich, 0, random() & 0xff);
        gic.write(0, model::Frame::gich, 8, random());
        gic.write(0, model::Frame::gich, 0xf0, random());
        gic.write(0, model::Frame::gicc, 4, open_or_masked);
    } else {
        gic.write(0, model::Sysreg::ich_hcr, random() & 0x40ff);
        gic.write(0, model::Sysreg::ich_vmcr, random());
        gic.write(0, model::Sysreg::ich_ap1r0, random());
        gic.write(0, model::Sysreg::icc_pmr, open_or_masked);
    }
}

// Firmware's leavings.
void spoil(Machine& machine, std::mt19937& random) {
    const bool v2 = machine.gic.options().generation == Generation::v2;
    spoil_distributor(machine, random, v2);
    spoil_interface(machine, random, v2);
    spoil_virtual_interface(machine, random, v2);
}

std::vector<model::Options> machines(Generation generation) {
    return {model::architecture(generation), model::qemu(generation),
            model::architecture(generation, Timing::asynchronous)};
}

} // namespace

TEMPLATE_TEST_CASE("whatever firmware left, initialisation ends quiet and working",
                   "[drivers][model]", V2, V3) {
    std::mt19937 random{20};
    for (const model::Options& options : machines(generation<TestType>)) {
        for (unsigned round = 0; round < 200; ++round) {
            Machine machine{options};
            spoil(machine, random);
            TestType gic = started<TestType>(machine);
            check_quiet(machine);
            CHECK(hyp_timer_arrives(gic, Sys{machine}, PIntid{26}));
            CHECK(maintenance_arrives(gic, Sys{machine}, PIntid{25}));
            check_quiet(machine);
        }
    }
}

TEMPLATE_TEST_CASE("EL2's own interrupts come before forwarded ones", "[drivers][model]", V2, V3) {
    Machine machine{model::architecture(generation<TestType>)};
    TestType gic = started<TestType>(machine);
    for (const u32 intid : {27U, 40U, 26U}) {
        gic.set_enable(PIntid{intid}, Enable::on);
        gic.set_trigger(PIntid{intid}, Trigger::edge);
        gic.set_pending(PIntid{intid});
    }
    CHECK(gic.acknowledge().intid() == PIntid{26});
    // The two others are equals: neither interrupts the other, whatever the order.
    const Ack second = [&] {
        gic.drop_priority(Ack{26});
        return gic.acknowledge();
    }();
    CHECK((second.intid() == PIntid{27} || second.intid() == PIntid{40}));
    CHECK(gic.acknowledge().is_spurious());
}

TEMPLATE_TEST_CASE("a priority drop leaves the interrupt active", "[drivers][model]", V2, V3) {
    Machine machine{model::architecture(generation<TestType>)};
    TestType gic = started<TestType>(machine);
    gic.set_enable(PIntid{27}, Enable::on);
    machine.gic.set_line(0, 27, true);
    const Ack ack = gic.acknowledge();
    CHECK(ack.intid() == PIntid{27});
    gic.drop_priority(ack);
    CHECK(gic.private_active() == 1U << 27);
    CHECK(gic.private_pending() == 1U << 27);
    CHECK_FALSE(machine.gic.irq(0)); // silent until it is deactivated
    gic.deactivate(ack);
    CHECK(gic.private_active() == 0);
    CHECK(machine.gic.irq(0));
}

TEMPLATE_TEST_CASE("active bits are set on return, however slow the distributor",
                   "[drivers][model]", V2, V3) {
    Machine machine{model::architecture(generation<TestType>, Timing::asynchronous)};
    TestType gic = started<TestType>(machine);
    gic.set_active(PIntid{27});
    CHECK(machine.gic.active(0, 27));
    gic.clear_active(PIntid{27});
    CHECK_FALSE(machine.gic.active(0, 27));
}

TEMPLATE_TEST_CASE("self-tests see that an interrupt is not wired", "[drivers][model]", V2, V3) {
    for (const model::Options& options : machines(generation<TestType>)) {
        Machine machine{options};
        TestType gic = started<TestType>(machine);
        CHECK_FALSE(hyp_timer_arrives(gic, Sys{machine}, PIntid{28}));
        CHECK_FALSE(maintenance_arrives(gic, Sys{machine}, PIntid{24}));
        check_quiet(machine);
    }
}

TEST_CASE("the missing re-evaluation is found, and only where it is", "[drivers][model]") {
    struct Case {
        model::Options options;
        Reevaluation expected;
    };
    model::Options faulty = model::architecture(Generation::v2);
    faulty.quirks.add(model::Quirk::stale_after_guest_deactivation);
    model::Options old_document = model::architecture(Generation::v2);
    old_document.quirks.add(model::Quirk::lr_active_survives);
    const Case cases[] = {
        {model::architecture(Generation::v2), Reevaluation::works},
        {model::architecture(Generation::v2, Timing::asynchronous), Reevaluation::works},
        {old_document, Reevaluation::works},
        {faulty, Reevaluation::missing},
        {model::qemu(Generation::v2), Reevaluation::missing},
    };
    for (const Case& c : cases) {
        Machine machine{c.options};
        V2 gic = started<V2>(machine);
        const VirtInterface before = gic.save_interface();
        ReevaluationTest test{Mmio{machine}, Sys{machine}, gic, PIntid{26}};
        CHECK(test.run() == c.expected);
        check_quiet(machine);
        CHECK(gic.save_interface() == before);
        CHECK(test.run() == c.expected); // and again: it left nothing behind
        CHECK(hyp_timer_arrives(gic, Sys{machine}, PIntid{26}));
        check_quiet(machine);
    }
}

TEST_CASE("without its timer the re-evaluation test says that it does not know",
          "[drivers][model]") {
    Machine machine{model::qemu(Generation::v2)};
    V2 gic = started<V2>(machine);
    ReevaluationTest test{Mmio{machine}, Sys{machine}, gic, PIntid{28}};
    CHECK(test.run() == Reevaluation::unknown);
    check_quiet(machine);
}

TEST_CASE("a GICV that does not answer leaves nothing active", "[drivers][model]") {
    Machine machine{model::qemu(Generation::v2)};
    V2 gic = started<V2>(machine);
    machine.guest_frame_dead = true;
    ReevaluationTest test{Mmio{machine}, Sys{machine}, gic, PIntid{26}};
    CHECK(test.run() == Reevaluation::unknown);
    check_quiet(machine);
}
