// SPDX-License-Identifier: Apache-2.0
// The GICv3 driver on a recording machine: order of initialisation, and exactly which accesses each
// operation makes.
#include "drivers/gic/gicv3.hpp"
#include "tests/unit/drivers/recorder.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace hyp;
using namespace hyp::test;

namespace {

using Gic = GicV3<RecordingMmio, RecordingSysReg>;
static_assert(GicBackend<Gic>);

// QEMU's virt: 256 INTIDs by TYPER, single security state, 4 list registers, 5 bits of priority.
// The redistributor is that of CPU 1.2.3.4 (Aff3..Aff0).
std::unique_ptr<Machine> virt() {
    auto machine = std::make_unique<Machine>();
    machine->memory[{Frame::gicd, 0x0}] = 0x53; // firmware: ARE, DS, both groups on
    machine->memory[{Frame::gicd, 0x4}] = 0x037a0007;
    machine->memory[{Frame::gicd, 0x8}] = 0x43b;
    machine->memory[{Frame::gicd, 0xffe8}] = 0x3b;
    machine->memory[{Frame::gicr_rd, 0x8}] = 0x0102030400000010;
    machine->memory[{Frame::gicr_rd, 0x14}] = 6;
    machine->registers[SysReg::ich_vtr] = 0x90b80003;
    machine->registers[SysReg::icc_ctlr] = 0x8400;
    return machine;
}

Gic driver(Machine& machine) {
    return Gic{RecordingMmio{machine}, RecordingSysReg{machine}};
}

bool is_mmio_write(const Access& a) {
    return a.kind == Kind::write;
}
bool writes(const Access& a, SysReg reg) {
    return a.kind == Kind::sys_write && a.offset == static_cast<u32>(reg);
}
auto writes_bits(Frame frame, GicdBits array) {
    return [=](const Access& a) {
        return a.kind == Kind::write && a.frame == frame && a.offset >= word_offset(array, 0) &&
               a.offset < word_offset(array, 32);
    };
}

} // namespace

TEST_CASE("GICv3 distributor: off, groups, configure, route, on", "[drivers][gicv3]") {
    const auto machine = virt();
    REQUIRE(driver(*machine).init_distributor().ok());
    CHECK(machine->violations.empty());

    const usize off = machine->find(mmio_write(Frame::gicd, 0, 0x50)); // ARE and DS kept
    CHECK(off == machine->first(is_mmio_write));
    const usize on = machine->find_last(mmio_write(Frame::gicd, 0, 0x52)); // Group 1 on
    CHECK(on == machine->last(is_mmio_write));
    // Each change of CTLR was waited for: RWP read as 0 at the end.
    CHECK(machine->log.back().kind == Kind::read);
    CHECK((machine->log.back().value & 0x80000000) == 0);
    CHECK(machine->relaxed > 0);

    const usize groups_end = machine->last(writes_bits(Frame::gicd, GicdBits::igroupr));
    const usize disable = machine->first(writes_bits(Frame::gicd, GicdBits::icenabler));
    CHECK(groups_end < disable);
    for (const GicdBits array :
         {GicdBits::igroupr, GicdBits::icenabler, GicdBits::icpendr, GicdBits::icactiver}) {
        CHECK(machine->count(writes_bits(Frame::gicd, array)) == 7);
        for (u32 word = 1; word < 8; ++word) {
            CHECK(machine->find(mmio_write(Frame::gicd, word_offset(array, word), 0xffffffff)) <
                  on);
        }
    }
    for (u32 word = 8; word < 64; ++word) {
        CHECK(machine->find(mmio_write(Frame::gicd, 0x400 + 4 * word, 0xa0a0a0a0)) < on);
    }
    for (u32 word = 2; word < 16; ++word) {
        CHECK(machine->find(mmio_write(Frame::gicd, 0xc00 + 4 * word, 0)) < on);
    }
    for (u32 intid = 32; intid < 256; ++intid) {
        CHECK(machine->find(mmio_write(Frame::gicd, 0x6000 + 8 * intid, 0x100020304, 8)) < on);
    }
    // Nothing private, nothing enabled, nothing in ITARGETSR, which ARE makes RES0.
    CHECK(machine->count(writes_bits(Frame::gicd, GicdBits::isenabler)) == 0);
    CHECK(machine->count([](const Access& a) {
        return a.kind == Kind::write &&
               (a.frame != Frame::gicd || (a.offset >= 0x800 && a.offset < 0xc00));
    }) == 0);
}

TEST_CASE("GICv3 distributor: 1020 INTIDs have no route for the special ones", "[drivers][gicv3]") {
    const auto machine = virt();
    machine->memory[{Frame::gicd, 0x4}] = 0x037a001f;
    REQUIRE(driver(*machine).init_distributor().ok());
    CHECK(machine->find(mmio_write(Frame::gicd, 0x7fd8, 0x100020304, 8)) != Machine::npos);
    CHECK(machine->count([](const Access& a) {
        return a.frame == Frame::gicd && a.offset >= 0x7fe0 && a.offset < 0xffe8;
    }) == 0);
}

TEST_CASE("GICv3 distributor: affinity routing comes before any enable", "[drivers][gicv3]") {
    const auto machine = virt();
    machine->memory[{Frame::gicd, 0x0}] = 0x41; // firmware without affinity routing
    REQUIRE(driver(*machine).init_distributor().ok());
    const usize off = machine->find(mmio_write(Frame::gicd, 0, 0x40));
    const usize are = machine->find(mmio_write(Frame::gicd, 0, 0x50));
    const usize on = machine->find(mmio_write(Frame::gicd, 0, 0x52));
    CHECK(off < are);
    CHECK(are < on);
    CHECK(machine->violations.empty());
}

TEST_CASE("GICv3 that never answers: an error, not a hang", "[drivers][gicv3]") {
    const auto machine = virt();
    machine->rwp_stuck = true;
    machine->log.reserve(2 * max_polls);
    const Status distributor = driver(*machine).init_distributor();
    CHECK_FALSE(distributor.ok());
    const Status cpu = driver(*machine).init_cpu();
    CHECK_FALSE(cpu.ok());
}

TEST_CASE("GICv3 CPU: system registers first, EOImode and groups before enable",
          "[drivers][gicv3]") {
    const auto machine = virt();
    machine->registers[SysReg::icc_pmr] = 0;
    REQUIRE(driver(*machine).init_cpu().ok());
    CHECK(machine->violations.empty());

    CHECK(machine->log[0] == sys_write(SysReg::icc_sre_el2, 0xf));
    CHECK(machine->log[1] == barrier(Barrier::isb));
    const usize off = machine->find(sys_write(SysReg::icc_igrpen1, 0));
    const usize on = machine->find(sys_write(SysReg::icc_igrpen1, 1));
    REQUIRE(on != Machine::npos);
    CHECK(off < machine->first(is_mmio_write));
    CHECK(machine->log[on - 1] == barrier(Barrier::isb));
    CHECK(machine->log[on + 1] == barrier(Barrier::isb));
    CHECK(on + 2 == machine->log.size());
    CHECK(machine->find(sys_write(SysReg::icc_ctlr, 2)) < on);
    CHECK(machine->find(sys_write(SysReg::icc_pmr, 0xff)) < on);
    CHECK(machine->find(sys_write(SysReg::icc_bpr1, 0)) < on);
    CHECK(machine->find(sys_write(SysReg::icc_ap1r0, 0)) < on);
    CHECK(machine->find(sys_write(SysReg::icc_ap0r0, 0)) < on);
    CHECK(machine->find(sys_write(SysReg::icc_igrpen0, 0)) < on);
    // 5 bits of priority have one word each; others would be UNDEFINED.
    CHECK(machine->count([](const Access& a) {
        return writes(a, sysreg_at(SysReg::icc_ap1r0, 1)) ||
               writes(a, sysreg_at(SysReg::ich_ap1r0, 1)) ||
               writes(a, sysreg_at(SysReg::ich_ap0r0, 1));
    }) == 0);

    const usize wake = machine->find(mmio_write(Frame::gicr_rd, 0x14, 4));
    CHECK(wake == machine->first(is_mmio_write));
    CHECK(off < wake);
    const usize group = machine->find(mmio_write(Frame::gicr_sgi, 0x80, 0xffffffff));
    CHECK(group == machine->first(is_mmio_write, wake + 1));
    const usize disable = machine->find(mmio_write(Frame::gicr_sgi, 0x180, 0xffffffff));
    const usize unpend = machine->find(mmio_write(Frame::gicr_sgi, 0x280, 0xffffffff));
    const usize inactive = machine->find(mmio_write(Frame::gicr_sgi, 0x380, 0xffffffff));
    CHECK(group < disable);
    CHECK(disable < unpend);
    CHECK(unpend < inactive);
    CHECK(inactive < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x400, 0x80808080)) < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x40c, 0x80808080)) < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x410, 0xa0a0a0a0)) < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x418, 0xa08080a0)) < on); // 25, 26
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x41c, 0xa0a0a0a0)) < on);
    CHECK(machine->count(writes_bits(Frame::gicr_sgi, GicdBits::isenabler)) == 0);
    CHECK(machine->count([](const Access& a) {
        return a.kind == Kind::write && a.frame == Frame::gicd;
    }) == 0);
}

TEST_CASE("GICv3 CPU: the virtual interface is emptied, and no more than there is",
          "[drivers][gicv3]") {
    for (const u32 count : {1U, 4U, 16U}) {
        const auto machine = virt();
        machine->registers[SysReg::ich_vtr] = 0x90b80000 | (count - 1);
        REQUIRE(driver(*machine).init_cpu().ok());
        const usize off = machine->find(sys_write(SysReg::ich_hcr, 0));
        for (u32 n = 0; n < 16; ++n) {
            const usize at = machine->find(sys_write(ich_lr(n), 0));
            CHECK((at != Machine::npos) == (n < count));
            CHECK((n >= count || off < at));
        }
        CHECK(machine->find(sys_write(SysReg::ich_vmcr, 0)) != Machine::npos);
        CHECK(machine->find(sys_write(SysReg::ich_ap1r0, 0)) != Machine::npos);
        CHECK(machine->find(sys_write(SysReg::ich_ap0r0, 0)) != Machine::npos);
    }
}

TEST_CASE("GICv3 CPU: with two security states Group 0 is not ours to touch", "[drivers][gicv3]") {
    const auto machine = virt();
    machine->memory[{Frame::gicd, 0x0}] = 0x12;
    REQUIRE(driver(*machine).init_cpu().ok());
    CHECK(machine->count([](const Access& a) {
        return writes(a, SysReg::icc_igrpen0) || writes(a, SysReg::icc_ap0r0);
    }) == 0);
}

TEST_CASE("GICv3 CPU: a firmware that keeps the system registers is named", "[drivers][gicv3]") {
    const auto machine = virt();
    machine->on_sys_read = [](SysReg reg) -> std::optional<u64> {
        return reg == SysReg::icc_sre_el2 ? std::optional<u64>{0} : std::nullopt;
    };
    CHECK_FALSE(driver(*machine).init_cpu().ok());
    CHECK(machine->count(is_mmio_write) == 0);
}

TEST_CASE("GICv3: facts", "[drivers][gicv3]") {
    const auto machine = virt();
    const GicFacts facts = driver(*machine).facts();
    CHECK(facts.list_registers == 4);
    CHECK(facts.virtual_priority_bits == 5);
    CHECK(facts.preemption_bits == 5);
    CHECK(facts.physical_priority_bits == 5);
    CHECK(facts.intids == 256);
    CHECK(facts.architecture == 3);
    CHECK(facts.distributor_id == 0x43b);
    CHECK(facts.deactivate_trap);
}

TEST_CASE("GICv3: one access each on an interrupt's path", "[drivers][gicv3]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
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
    const auto machine = virt();
    Gic gic = driver(*machine);
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
    const auto machine = virt();
    Gic gic = driver(*machine);
    gic.write_control({.enable = true});
    gic.write_control({.underflow = true});
    gic.write_control({.entry_not_present = true});
    gic.write_control({.no_pending = true});
    gic.write_control({.trap_deactivate = true});
    for (usize i = 0; const u64 word : {0x1U, 0x2U, 0x4U, 0x8U, 0x4000U}) {
        CHECK(machine->log[i++] == sys_write(SysReg::ich_hcr, word));
    }
    machine->registers[SysReg::ich_hcr] = 0x18000005;
    CHECK(gic.eoi_count() == 3);
    machine->registers[SysReg::ich_misr] = 0xa;
    CHECK(gic.maintenance_status() == 0xa);
}

TEST_CASE("GICv3: active bits are written, read back and waited for", "[drivers][gicv3]") {
    const auto machine = virt();
    Gic gic = driver(*machine);
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
    const auto machine = virt();
    Gic gic = driver(*machine);
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
    const auto machine = virt();
    Gic gic = driver(*machine);
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
        const auto machine = virt();
        Gic gic = driver(*machine);
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
