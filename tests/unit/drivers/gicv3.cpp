// SPDX-License-Identifier: Apache-2.0
// The GICv3 driver on a recording machine: exactly which accesses each operation makes.
#include "tests/unit/drivers/gicv3_machine.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

TEST_CASE("GICv3: facts", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    const GicFacts facts = driver(*machine).facts();
    CHECK(facts.list_registers == 4);
    CHECK(facts.virtual_priority_bits == 5);
    CHECK(facts.preemption_bits == 5);
    CHECK(facts.physical_priority_bits == 5);
    CHECK(facts.intids == 256);
    CHECK(facts.architecture == 3);
    CHECK(facts.distributor_id == 0x43b);
}

TEST_CASE("GICv3: one access each on an interrupt's path", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    RecordedGicV3 gic = driver(*machine);
    machine->registers[SysReg::icc_iar1] = 27;
    const Ack ack = gic.acknowledge();
    CHECK(ack.intid() == PIntid{27});
    gic.drop_priority(ack);
    gic.deactivate(ack);
    gic.write_lr(LrIndex{0}, vtimer_v3_example);
    const std::vector<Access> expected{
        {Kind::sys_read, Frame::gicd, static_cast<u32>(SysReg::icc_iar1), 27, 8},
        sys_write(SysReg::icc_eoir1, 27),
        sys_write(SysReg::icc_dir, 27),
        sys_write(SysReg::ich_lr0, 0x70a0001b0000001b),
    };
    CHECK(machine->log == expected);
}

TEST_CASE("GICv3: special INTIDs and LPIs in an acknowledge", "[drivers][gicv3]") {
    CHECK(Ack{1023}.is_spurious());
    CHECK(Ack{1020}.is_spurious());
    CHECK_FALSE(Ack{1019}.is_spurious());
    CHECK_FALSE(Ack{8192 + 1023}.is_spurious());
    CHECK(Ack{8192}.intid() == PIntid{8192});
}

TEST_CASE("GICv3: every list register by index, one access each", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    RecordedGicV3 gic = driver(*machine);
    for (u8 n = 0; n < 16; ++n) {
        gic.write_lr_word(LrIndex{n}, 0x1000U + n);
    }
    CHECK(machine->log.size() == 16);
    for (u8 n = 0; n < 16; ++n) {
        CHECK(machine->registers[ich_lr(n)] == 0x1000U + n);
        CHECK(gic.read_lr_word(LrIndex{n}) == 0x1000U + n);
    }
    CHECK(machine->log.size() == 32);
    machine->registers[ich_lr(2)] = 0xb0a0001b0000001b;
    CHECK(gic.read_lr(LrIndex{2}) == vtimer_v3_example.in_state(LrState::active));
}

TEST_CASE("GICv3: control, maintenance status, EOI count", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    RecordedGicV3 gic = driver(*machine);
    gic.write_control({.enable = true});
    gic.write_control({.underflow = true});
    gic.write_control({.entry_not_present = true});
    gic.write_control({.no_pending = true});
    gic.write_control({.opened = 3});
    gic.write_control({.closed = 3});
    for (usize i = 0; const u64 word : {0x1U, 0x2U, 0x4U, 0x8U, 0x50U, 0xa0U}) {
        CHECK(machine->log[i++] == sys_write(SysReg::ich_hcr, word));
    }
    gic.write_control({.trap_deactivate = true});
    CHECK(machine->log.back() == sys_write(SysReg::ich_hcr, 0x4000)); // TDIR
    machine->registers[SysReg::ich_vtr] &= ~(u64{1} << 19U);
    gic.write_control({.trap_deactivate = true});
    CHECK(machine->log.back() == sys_write(SysReg::ich_hcr, 0x400)); // TC
    machine->registers[SysReg::ich_hcr] = 0x18000005;
    CHECK(gic.eoi_count() == 3);
    machine->registers[SysReg::ich_misr] = 0xa;
    CHECK(gic.maintenance_status() == 0xa);
}

TEST_CASE("GICv3: active bits are written, read back and waited for", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    RecordedGicV3 gic = driver(*machine);
    struct Case {
        u32 intid;
        Frame frame;
        u32 word;
        u32 bit;
    };
    for (const Case c : {Case{27, Frame::gicr_sgi, 0, 1U << 27}, Case{33, Frame::gicd, 1, 2}}) {
        for (const bool set : {true, false}) {
            machine->log.clear();
            const u32 read_back = word_offset(GicdBits::isactiver, c.word);
            if (set) {
                gic.set_active(PIntid{c.intid});
            } else {
                gic.clear_active(PIntid{c.intid});
            }
            REQUIRE(machine->log.size() == 3);
            const u32 at = word_offset(set ? GicdBits::isactiver : GicdBits::icactiver, c.word);
            CHECK(machine->log[0] == mmio_write(c.frame, at, c.bit));
            CHECK(machine->log[1].kind == Kind::read);
            CHECK(machine->log[1].frame == c.frame);
            CHECK(machine->log[1].offset == read_back);
            CHECK(machine->log[2] == barrier(Barrier::dsb_sy));
        }
    }
}

TEST_CASE("GICv3: enable, pending, trigger, priority in the right frame", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    RecordedGicV3 gic = driver(*machine);
    gic.set_enable(PIntid{27}, Enable::on);
    gic.set_enable(PIntid{48}, Enable::on);
    CHECK(machine->log == std::vector<Access>{mmio_write(Frame::gicr_sgi, 0x100, 1U << 27),
                                              mmio_write(Frame::gicd, 0x104, 1U << 16)});
    machine->log.clear();
    gic.set_enable(PIntid{27}, Enable::off); // waits for its own RWP
    CHECK(machine->log.front() == mmio_write(Frame::gicr_sgi, 0x180, 1U << 27));
    CHECK(machine->log.back().frame == Frame::gicr_rd);
    CHECK(machine->log.back().value == 0);
    gic.set_enable(PIntid{48}, Enable::off);
    CHECK(machine->log.back().frame == Frame::gicd);
    CHECK((machine->log.back().value & 0x80000000) == 0);
    machine->log.clear();
    gic.set_pending(PIntid{40});
    gic.clear_pending(PIntid{16});
    gic.set_priority(PIntid{26}, Priority{0x80});
    gic.set_priority(PIntid{40}, Priority{0x40});
    CHECK(machine->log == std::vector<Access>{mmio_write(Frame::gicd, 0x204, 1U << 8),
                                              mmio_write(Frame::gicr_sgi, 0x280, 1U << 16),
                                              mmio_write(Frame::gicr_sgi, 0x41a, 0x80, 1),
                                              mmio_write(Frame::gicd, 0x428, 0x40, 1)});
    machine->memory[{Frame::gicr_sgi, 0x200}] = 0x08000000;
    machine->memory[{Frame::gicr_sgi, 0x300}] = 0x04000000;
    CHECK(gic.private_pending() == 0x08000000);
    CHECK(gic.private_active() == 0x04000000);
}

TEST_CASE("GICv3: a trigger changes its two bits and nothing else", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    RecordedGicV3 gic = driver(*machine);
    machine->memory[{Frame::gicd, 0xc0c}] = 0x5555'5555; // INTIDs 48-63, the lower bits reserved
    gic.set_trigger(PIntid{50}, Trigger::edge);
    CHECK(machine->memory[{Frame::gicd, 0xc0c}] == 0x5555'5575);
    gic.set_trigger(PIntid{50}, Trigger::level);
    CHECK(machine->memory[{Frame::gicd, 0xc0c}] == 0x5555'5555);
    machine->log.clear();
    gic.set_trigger(PIntid{50}, Trigger::level); // as it is: no write to an enabled interrupt
    CHECK(machine->count(is_mmio_write) == 0);
    gic.set_trigger(PIntid{27}, Trigger::edge);
    CHECK(machine->memory[{Frame::gicr_sgi, 0xc04}] == 2U << 22);
}

TEST_CASE("GICv3: the interface that travels with a vCPU", "[drivers][gicv3]") {
    for (const u32 words : {1U, 2U, 4U}) {
        const auto machine = virt_v3();
        RecordedGicV3 gic = driver(*machine);
        const u64 pre_bits = words == 1 ? 4 : words == 2 ? 5 : 6;
        machine->registers[SysReg::ich_vtr] = pre_bits << 26 | 3;
        const VirtInterface loaded{.vmcr = 0xf84c0002, .apr = {1, 2, 3, 4}};
        gic.load_interface(loaded);
        const VirtInterface saved = gic.save_interface();
        CHECK(saved.vmcr == loaded.vmcr);
        for (u32 n = 0; n < 4; ++n) {
            CHECK(saved.apr[n] == (n < words ? n + 1 : 0));
        }
    }
}

TEST_CASE("GICv3: SGIs to a pCPU and routes by affinity", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    RecordedGicV3 gic = driver(*machine);
    const GicTarget self = gic.own_target(); // 1.2.3.4
    CHECK(self == GicTarget{.sgi = 0x0001'0002'0003'0010, .route = 0x1'0002'0304});
    machine->log.clear();
    gic.send_sgi(self, PIntid::sgi(5));
    gic.route(PIntid{33}, self);
    gic.set_priority_mask(0x90);
    CHECK(machine->log == std::vector<Access>{barrier(Barrier::dsb_ishst),
                                              sys_write(SysReg::icc_sgi1r, 0x0001'0002'0503'0010),
                                              mmio_write(Frame::gicd, 0x6108, 0x1'0002'0304, 8),
                                              sys_write(SysReg::icc_pmr, 0x90)});
    machine->memory[{Frame::gicr_rd, 0x8}] = 0x0000002500000010; // Aff0 37: range 2, bit 5
    CHECK(gic.own_target() == GicTarget{.sgi = 0x2000'0000'0020, .route = 0x25});
}
