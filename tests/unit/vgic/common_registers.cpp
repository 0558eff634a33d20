// SPDX-License-Identifier: Apache-2.0
// The registers that trap along with DIR where there is no ICH_HCR_EL2.TDIR: as the hardware would
// have answered, from ICH_VMCR_EL2 and the active priorities.
#include "hyp/core/vgic/common_registers.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

TEST_CASE("ICC_PMR_EL1 is VMCR's, all eight bits of it", "[vgic]") {
    const IchVmcr vmcr{0xa84c'0202};
    CHECK(read_common_register(SysReg::icc_pmr, vmcr, IchVtr{0x90b8'0003}, 0xff) == 0xa8);
    CHECK(write_common_register(SysReg::icc_pmr, vmcr, 0x1'f0).raw() == 0xf04c'0202);
    CHECK(write_common_register(SysReg::icc_pmr, vmcr, 0).raw() == 0x004c'0202);
}

TEST_CASE("ICC_CTLR_EL1: CBPR and EOImode are the guest's, the rest is the machine's", "[vgic]") {
    const IchVtr vtr{0x90b8'0003}; // 5 priority bits, 24 bits of INTID, A3V
    CHECK(read_common_register(SysReg::icc_ctlr, IchVmcr{0}, vtr, 0) == 0x8c00);
    CHECK(read_common_register(SysReg::icc_ctlr, IchVmcr{1U << 9U}, vtr, 0) == 0x8c02);
    CHECK(read_common_register(SysReg::icc_ctlr, IchVmcr{1U << 4U}, vtr, 0) == 0x8c01);
    const IchVmcr written = write_common_register(SysReg::icc_ctlr, IchVmcr{0xf000'0002}, ~u64{0});
    CHECK(written.raw() == 0xf000'0212);
    CHECK(write_common_register(SysReg::icc_ctlr, written, 0).raw() == 0xf000'0002);
}

TEST_CASE("ICC_RPR_EL1 is the highest active priority and takes no write", "[vgic]") {
    CHECK(running_priority({0, 0, 0, 0}, 5) == 0xff);
    CHECK(running_priority({1U << 20U, 0, 0, 0}, 5) == 0xa0);
    CHECK(running_priority({1U << 20U | 1U << 16U, 0, 0, 0}, 5) == 0x80);
    CHECK(running_priority({0, 1U << 8U, 0, 0}, 6) == 0xa0);
    CHECK(running_priority({0, 0, 1U << 16U, 1}, 7) == 0xa0);
    CHECK(read_common_register(SysReg::icc_rpr, IchVmcr{}, IchVtr{}, 0x80) == 0x80);
    CHECK(write_common_register(SysReg::icc_rpr, IchVmcr{0x1234}, 0xff).raw() == 0x1234);
}

TEST_CASE("only the three registers are common ones", "[vgic]") {
    CHECK(is_common_register(SysReg::icc_pmr));
    CHECK(is_common_register(SysReg::icc_ctlr));
    CHECK(is_common_register(SysReg::icc_rpr));
    CHECK_FALSE(is_common_register(SysReg::icc_dir)); // traps for its own sake
    CHECK_FALSE(is_common_register(SysReg::icc_sgi1r));
}
