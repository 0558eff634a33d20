// SPDX-License-Identifier: Apache-2.0
// The GICv3 driver's initialisation on a recording machine: what comes before what.
#include "tests/unit/drivers/gicv3_machine.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

TEST_CASE("GICv3 distributor: off, groups, configure, route, on", "[drivers][gicv3]") {
    const auto machine = virt_v3();
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
        CHECK(machine->find(mmio_write(Frame::gicd, 0x400 + 4 * word, 0xb0b0b0b0)) < on);
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
    const auto machine = virt_v3();
    machine->memory[{Frame::gicd, 0x4}] = 0x037a001f;
    REQUIRE(driver(*machine).init_distributor().ok());
    CHECK(machine->find(mmio_write(Frame::gicd, 0x7fd8, 0x100020304, 8)) != Machine::npos);
    CHECK(machine->count([](const Access& a) {
        return a.frame == Frame::gicd && a.offset >= 0x7fe0 && a.offset < 0xffe8;
    }) == 0);
}

TEST_CASE("GICv3 distributor: affinity routing comes before any enable", "[drivers][gicv3]") {
    const auto machine = virt_v3();
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
    const auto machine = virt_v3();
    machine->rwp_stuck = true;
    machine->log.reserve(2 * max_polls);
    const Status distributor = driver(*machine).init_distributor();
    CHECK_FALSE(distributor.ok());
    const Status cpu = driver(*machine).init_cpu();
    CHECK_FALSE(cpu.ok());
}

TEST_CASE("GICv3 CPU: system registers first, EOImode and groups before enable",
          "[drivers][gicv3]") {
    const auto machine = virt_v3();
    machine->registers[SysReg::icc_pmr] = 0;
    REQUIRE(driver(*machine).init_cpu().ok());
    CHECK(machine->violations.empty());

    CHECK(machine->log[0] == sys_write(SysReg::icc_sre_el2, 7)); // Enable: 0, EL1's own traps
    CHECK(machine->log[1] == barrier(Barrier::isb));
    CHECK(machine->find(sys_write(SysReg::icc_sre_el1, 7)) != Machine::npos);
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
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x400, 0x70605040)) < on); // kicks of ranks 0-3
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x404, 0xb0a09080)) < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x408, 0x70605040)) < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x40c, 0xb0a09080)) < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x410, 0x30303030)) < on);
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x418, 0x30202030)) < on); // 25, 26
    CHECK(machine->find(mmio_write(Frame::gicr_sgi, 0x41c, 0x30303030)) < on);
    const usize sgis = machine->find(mmio_write(Frame::gicr_sgi, 0x100, 0xffff));
    CHECK(inactive < sgis);
    CHECK(sgis < on);
    CHECK(machine->count(writes_bits(Frame::gicr_sgi, GicdBits::isenabler)) == 1);
    CHECK(machine->count([](const Access& a) {
        return a.kind == Kind::write && a.frame == Frame::gicd;
    }) == 0);
}

TEST_CASE("GICv3 CPU: the virtual interface is emptied, and no more than there is",
          "[drivers][gicv3]") {
    for (const u32 count : {1U, 4U, 16U}) {
        const auto machine = virt_v3();
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
    const auto machine = virt_v3();
    machine->memory[{Frame::gicd, 0x0}] = 0x12;
    REQUIRE(driver(*machine).init_cpu().ok());
    CHECK(machine->count([](const Access& a) {
        return writes(a, SysReg::icc_igrpen0) || writes(a, SysReg::icc_ap0r0);
    }) == 0);
}

TEST_CASE("GICv3 CPU: the priority mask in whichever view PMR has", "[drivers][gicv3]") {
    const auto mask_written = [](u32 gicd_ctlr, bool is_shifted) {
        const auto machine = virt_v3();
        machine->memory[{Frame::gicd, 0x0}] = gicd_ctlr;
        machine->on_sys_write = [&](SysReg reg, u64 value) { // five bits; with SCR_EL3.FIQ 0x80 on
            if (reg == SysReg::icc_pmr && is_shifted) {
                machine->registers[reg] = (value / 2 & 0x78) * 2;
            }
        };
        RecordedGicV3 gic = driver(*machine);
        REQUIRE(gic.init_cpu().ok());
        CHECK(machine->find_last(sys_write(SysReg::icc_pmr, 0xff)) != Machine::npos);
        gic.set_priority_mask(0x90);
        return machine->log.back().value;
    };
    CHECK(mask_written(0x12, false) == 0xc8); // two security states, SCR_EL3.FIQ clear
    CHECK(mask_written(0x12, true) == 0x90);  // set
    CHECK(mask_written(0x52, false) == 0x90); // one security state
}

TEST_CASE("GICv3 CPU: a firmware that keeps the system registers is named", "[drivers][gicv3]") {
    const auto machine = virt_v3();
    machine->on_sys_read = [](SysReg reg) -> std::optional<u64> {
        return reg == SysReg::icc_sre_el2 ? std::optional<u64>{0} : std::nullopt;
    };
    CHECK_FALSE(driver(*machine).init_cpu().ok());
    CHECK(machine->count(is_mmio_write) == 0);
}
