// SPDX-License-Identifier: Apache-2.0
// The system registers' encodings against a second source: bits 20:5 of the instruction that GNU as
// makes of each name (with op0's upper bit, which an MRS does not hold).
#include "hyp/core/base/sysreg_id.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

struct Encoded {
    SysReg reg;
    u32 encoding;
};

constexpr Encoded assembled[] = {
    {SysReg::icc_pmr, 0xc230},     {SysReg::icc_iar0, 0xc640},    {SysReg::icc_eoir0, 0xc641},
    {SysReg::icc_bpr0, 0xc643},    {SysReg::icc_ap0r0, 0xc644},   {SysReg::icc_ap1r0, 0xc648},
    {SysReg::icc_dir, 0xc659},     {SysReg::icc_rpr, 0xc65b},     {SysReg::icc_sgi1r, 0xc65d},
    {SysReg::icc_iar1, 0xc660},    {SysReg::icc_eoir1, 0xc661},   {SysReg::icc_hppir1, 0xc662},
    {SysReg::icc_bpr1, 0xc663},    {SysReg::icc_ctlr, 0xc664},    {SysReg::icc_sre_el1, 0xc665},
    {SysReg::icc_igrpen0, 0xc666}, {SysReg::icc_igrpen1, 0xc667}, {SysReg::icc_sre_el2, 0xe64d},
    {SysReg::ich_ap0r0, 0xe640},   {SysReg::ich_ap1r0, 0xe648},   {SysReg::ich_hcr, 0xe658},
    {SysReg::ich_vtr, 0xe659},     {SysReg::ich_misr, 0xe65a},    {SysReg::ich_eisr, 0xe65b},
    {SysReg::ich_elrsr, 0xe65d},   {SysReg::ich_vmcr, 0xe65f},    {SysReg::ich_lr0, 0xe660},
    {SysReg::cntfrq, 0xdf00},      {SysReg::cntpct, 0xdf01},      {SysReg::cntp_ctl, 0xdf11},
    {SysReg::cntv_ctl, 0xdf19},    {SysReg::cntv_cval, 0xdf1a},   {SysReg::cntvoff, 0xe703},
    {SysReg::cnthctl, 0xe708},     {SysReg::cnthp_tval, 0xe710},  {SysReg::cnthp_ctl, 0xe711},
    {SysReg::cnthp_cval, 0xe712},  {SysReg::isr_el1, 0xc608},
};

} // namespace

TEST_CASE("system registers: each as the assembler encodes its name") {
    for (const Encoded& row : assembled) {
        CHECK(static_cast<u32>(row.reg) == row.encoding);
    }
    CHECK(static_cast<u32>(ich_lr(7)) == 0xe667);
    CHECK(static_cast<u32>(ich_lr(15)) == 0xe66f); // S3_4_C12_C13_7
    CHECK(static_cast<u32>(sysreg_at(SysReg::icc_ap1r0, 3)) == 0xc64b);
    CHECK(sysreg_encoding(2, 0, 0, 0, 0) == 0x8000);
}
