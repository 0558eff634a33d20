// SPDX-License-Identifier: Apache-2.0
// The GICv2 driver on a recording machine: order of initialisation, and exactly which accesses each
// operation makes.
#include "drivers/gic/gicv2.hpp"
#include "tests/unit/drivers/recorder.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace hyp;
using namespace hyp::test;

namespace {

using Gic = GicV2<RecordingMmio, RecordingSysReg>;
static_assert(GicBackend<Gic>);

// QEMU's virt with two CPUs, of which the executing one is CPU interface 1.
std::unique_ptr<Machine> virt() {
    auto machine = std::make_unique<Machine>();
    machine->memory[{Frame::gicd, 0x0}] = 1; // firmware left it on
    machine->memory[{Frame::gicd, 0x4}] = 0x28;
    machine->memory[{Frame::gicd, 0x8}] = 0x43b;
    machine->memory[{Frame::gicd, 0xfe8}] = 0x2b;
    machine->memory[{Frame::gicd, 0x804}] = 0x02000000; // only INTID 7 is implemented among 0-7
    machine->memory[{Frame::gicc, 0x0}] = 0x1e1;
    machine->memory[{Frame::gich, 0x4}] = 0x90000003;
    return machine;
}

Gic driver(Machine& machine) {
    return Gic{RecordingMmio{machine}, RecordingSysReg{machine}};
}

bool is_write(const Access& a) {
    return a.kind == Kind::write;
}
auto writes_range(Frame frame, u32 from, u32 to) {
    return [=](const Access& a) {
        return a.kind == Kind::write && a.frame == frame && a.offset >= from && a.offset < to;
    };
}

} // namespace

TEST_CASE("GICv2 distributor: off, group, configure, target, on", "[drivers][gicv2]") {
    const auto machine = virt();
    // RWP is GICv3's; the recorder's imitation of it must not matter here.
    REQUIRE(driver(*machine).init_distributor().ok());
    CHECK(machine->find(mmio_write(Frame::gicd, 0, 0)) == machine->first(is_write));
    const usize on = machine->find(mmio_write(Frame::gicd, 0, 1));
    CHECK(on == machine->log.size() - 1);
    CHECK(machine->last(writes_range(Frame::gicd, 0x80, 0x100)) <
          machine->first(writes_range(Frame::gicd, 0x180, 0x200)));
    for (u32 word = 1; word < 9; ++word) {
        CHECK(machine->find(mmio_write(Frame::gicd, 0x080 + 4 * word, 0)) < on);
        CHECK(machine->find(mmio_write(Frame::gicd, 0x180 + 4 * word, 0xffffffff)) < on);
        CHECK(machine->find(mmio_write(Frame::gicd, 0x280 + 4 * word, 0xffffffff)) < on);
        CHECK(machine->find(mmio_write(Frame::gicd, 0x380 + 4 * word, 0xffffffff)) < on);
    }
    for (u32 word = 8; word < 72; ++word) {
        CHECK(machine->find(mmio_write(Frame::gicd, 0x400 + 4 * word, 0xb0b0b0b0)) < on);
        CHECK(machine->find(mmio_write(Frame::gicd, 0x800 + 4 * word, 0x02020202)) < on);
    }
    for (u32 word = 2; word < 18; ++word) {
        CHECK(machine->find(mmio_write(Frame::gicd, 0xc00 + 4 * word, 0)) < on);
    }
    // Nothing enabled, nothing private, nothing beyond the last INTID.
    CHECK(machine->count(writes_range(Frame::gicd, 0x100, 0x180)) == 0);
    CHECK(machine->count(writes_range(Frame::gicd, 0x080, 0x084)) == 0);
    CHECK(machine->count(writes_range(Frame::gicd, 0x0a4, 0x100)) == 0);
    CHECK(machine->count(writes_range(Frame::gicd, 0x920, 0xc00)) == 0);
}

TEST_CASE("GICv2 CPU: off, emptied, EOImode together with the enable", "[drivers][gicv2]") {
    const auto machine = virt();
    REQUIRE(driver(*machine).init_cpu().ok());
    CHECK(machine->find(mmio_write(Frame::gicc, 0, 0x1e0)) == machine->first(is_write));
    const usize on = machine->find(mmio_write(Frame::gicc, 0, 0x3e1)); // bypass bits kept
    CHECK(on == machine->log.size() - 1);
    CHECK(machine->count(writes_range(Frame::gicc, 0, 4)) == 2);
    CHECK(machine->find(mmio_write(Frame::gicc, 4, 0xff)) < on);
    CHECK(machine->find(mmio_write(Frame::gicc, 8, 0)) < on);
    for (u32 word = 0; word < 4; ++word) {
        CHECK(machine->find(mmio_write(Frame::gicc, 0xd0 + 4 * word, 0)) < on);
        CHECK(machine->find(mmio_write(Frame::gicc, 0xe0 + 4 * word, 0)) < on);
        CHECK(machine->find(mmio_write(Frame::gicd, 0xf10 + 4 * word, 0xffffffff)) < on);
    }
    const usize group = machine->find(mmio_write(Frame::gicd, 0x80, 0));
    const usize disable = machine->find(mmio_write(Frame::gicd, 0x180, 0xffffffff));
    const usize unpend = machine->find(mmio_write(Frame::gicd, 0x280, 0xffffffff));
    const usize inactive = machine->find(mmio_write(Frame::gicd, 0x380, 0xffffffff));
    CHECK(group < disable);
    CHECK(disable < unpend);
    CHECK(unpend < inactive);
    CHECK(inactive < on);
    CHECK(machine->find(mmio_write(Frame::gicd, 0x418, 0x30202030)) < on);
    CHECK(machine->count(writes_range(Frame::gicd, 0, 0x80)) == 0);
    const usize sgis = machine->find(mmio_write(Frame::gicd, 0x100, 0xffff));
    CHECK(inactive < sgis);
    CHECK(sgis < on);
    CHECK(machine->count(writes_range(Frame::gicd, 0x100, 0x180)) == 1);

    const usize virtual_off = machine->find(mmio_write(Frame::gich, 0, 0));
    for (u32 n = 0; n < 4; ++n) {
        CHECK(virtual_off < machine->find(mmio_write(Frame::gich, 0x100 + 4 * n, 0)));
    }
    CHECK(machine->count(writes_range(Frame::gich, 0x110, 0x200)) == 0);
    CHECK(machine->find(mmio_write(Frame::gich, 0x08, 0)) < on);
    CHECK(machine->find(mmio_write(Frame::gich, 0xf0, 0)) < on);
}

TEST_CASE("GICv2 CPU: a secure priority mask that shuts us out is named", "[drivers][gicv2]") {
    const auto machine = virt();
    machine->on_read = [](Frame frame, u32 offset) -> std::optional<u64> {
        return frame == Frame::gicc && offset == 4 ? std::optional<u64>{0} : std::nullopt;
    };
    CHECK_FALSE(driver(*machine).init_cpu().ok());
}

TEST_CASE("GICv2: facts, also with the four bits that non-secure PMR has", "[drivers][gicv2]") {
    const auto machine = virt();
    machine->memory[{Frame::gicc, 4}] = 0xff;
    const GicFacts facts = driver(*machine).facts();
    CHECK(facts.list_registers == 4);
    CHECK(facts.virtual_priority_bits == 5);
    CHECK(facts.preemption_bits == 5);
    CHECK(facts.physical_priority_bits == 8);
    CHECK(facts.intids == 288);
    CHECK(facts.architecture == 2);
    CHECK(facts.distributor_id == 0x43b);
    machine->memory[{Frame::gicc, 4}] = 0xf0;
    CHECK(driver(*machine).facts().physical_priority_bits == 4);
}

TEST_CASE("GICv2: one access each on an interrupt's path", "[drivers][gicv2]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
    machine->memory[{Frame::gicc, 0xc}] = 0x0c05; // SGI 5 from CPU 3
    const Ack ack = gic.acknowledge();
    CHECK(ack.intid() == PIntid{5});
    gic.drop_priority(ack);
    gic.deactivate(ack);
    gic.write_lr(LrIndex{3}, vtimer_v2_example);
    const std::vector<Access> expected{
        {Kind::read, Frame::gicc, 0xc, 0xc05, 4},
        mmio_write(Frame::gicc, 0x10, 0xc05), // the source goes back
        mmio_write(Frame::gicc, 0x1000, 0xc05),
        mmio_write(Frame::gich, 0x10c, 0x9a006c1b),
    };
    CHECK(machine->log == expected);
    machine->memory[{Frame::gich, 0x104}] = 0xaa006c1b;
    CHECK(gic.read_lr(LrIndex{1}) == vtimer_v2_example.in_state(LrState::active));
}

TEST_CASE("GICv2: control, maintenance status, EOI count", "[drivers][gicv2]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
    gic.write_control({.enable = true});
    gic.write_control({.underflow = true});
    gic.write_control({.entry_not_present = true});
    gic.write_control({.no_pending = true});
    gic.write_control({.trap_deactivate = true}); // not on GICv2
    for (usize i = 0; const u64 word : {0x1U, 0x2U, 0x4U, 0x8U, 0x0U}) {
        CHECK(machine->log[i++] == mmio_write(Frame::gich, 0, word));
    }
    machine->memory[{Frame::gich, 0}] = 0x18000005;
    CHECK(gic.eoi_count() == 3);
    machine->memory[{Frame::gich, 0x10}] = 0xa;
    CHECK(gic.maintenance_status() == 0xa);
}

TEST_CASE("GICv2: active bits are written, read back and waited for", "[drivers][gicv2]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
    gic.set_active(PIntid{27});
    gic.clear_active(PIntid{33});
    REQUIRE(machine->log.size() == 6);
    CHECK(machine->log[0] == mmio_write(Frame::gicd, 0x300, 1U << 27));
    CHECK(machine->log[1].kind == Kind::read);
    CHECK(machine->log[1].offset == 0x300);
    CHECK(machine->log[2] == barrier(Barrier::dsb_sy));
    CHECK(machine->log[3] == mmio_write(Frame::gicd, 0x384, 2));
    CHECK(machine->log[4].kind == Kind::read);
    CHECK(machine->log[4].offset == 0x304);
    CHECK(machine->log[5] == barrier(Barrier::dsb_sy));
}

TEST_CASE("GICv2: everything private is banked in GICD", "[drivers][gicv2]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
    gic.set_enable(PIntid{27}, Enable::on);
    gic.set_enable(PIntid{27}, Enable::off); // GICv2 has nothing to wait for
    gic.set_pending(PIntid{27});
    gic.clear_pending(PIntid{33});
    gic.set_priority(PIntid{25}, Priority{0x80});
    CHECK(machine->log == std::vector<Access>{mmio_write(Frame::gicd, 0x100, 1U << 27),
                                              mmio_write(Frame::gicd, 0x180, 1U << 27),
                                              mmio_write(Frame::gicd, 0x200, 1U << 27),
                                              mmio_write(Frame::gicd, 0x284, 2),
                                              mmio_write(Frame::gicd, 0x419, 0x80, 1)});
    machine->memory[{Frame::gicd, 0x200}] = 0x08000000;
    machine->memory[{Frame::gicd, 0x300}] = 0x04000000;
    CHECK(gic.private_pending() == 0x08000000);
    CHECK(gic.private_active() == 0x04000000);
}

TEST_CASE("GICv2: SGIs to a pCPU and routes by the number of its interface", "[drivers][gicv2]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
    const GicTarget self = gic.own_target();
    CHECK(self == GicTarget{.sgi = 0x00020000, .route = 2});
    machine->log.clear();
    gic.send_sgi(self, PIntid::sgi(5));
    gic.route(PIntid{33}, self);
    gic.set_priority_mask(0x90);
    CHECK(machine->log == std::vector<Access>{barrier(Barrier::dsb_ishst),
                                              mmio_write(Frame::gicd, 0xf00, 0x00020005),
                                              mmio_write(Frame::gicd, 0x821, 2, 1),
                                              mmio_write(Frame::gicc, 4, 0x90)});
    machine->memory[{Frame::gicd, 0x804}] = 0; // one CPU: ITARGETSR is RAZ/WI
    CHECK(gic.own_target() == GicTarget{.sgi = 0x02000000, .route = 0}); // to itself
}

TEST_CASE("GICv2: the look again disables nothing and keeps the mask", "[drivers][gicv2]") {
    const auto machine = virt();
    driver(*machine).poke();
    CHECK(machine->log == std::vector<Access>{mmio_write(Frame::gicd, 0x180, 0)});
}

TEST_CASE("GICv2: the interface that travels with a vCPU", "[drivers][gicv2]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
    const VirtInterface loaded{.vmcr = 0xf84c0001, .apr = {0x100000, 0, 0, 0}};
    gic.load_interface(loaded);
    CHECK(gic.save_interface() == loaded);
    CHECK(machine->memory[{Frame::gich, 0x08}] == 0xf84c0001);
    CHECK(machine->memory[{Frame::gich, 0xf0}] == 0x100000);
}
