// SPDX-License-Identifier: Apache-2.0
// Register names of the reference GIC model: MMIO frames with their offsets (IHI 0048B, IHI 0069)
// and system registers by encoding op0:op1:CRn:CRm:op2 (DDI 0487).
#pragma once

#include <cstdint>

namespace hyp::model {

enum class Frame : std::uint8_t { gicd, gicr, gicc, gich, gicv };

constexpr unsigned redistributor_stride = 0x20000; // RD_base, then SGI_base at +0x10000
constexpr unsigned sgi_base = 0x10000;

namespace gicd {
// clang-format off
constexpr unsigned ctlr       = 0x000;
constexpr unsigned typer      = 0x004;
constexpr unsigned iidr       = 0x008;
constexpr unsigned igroupr    = 0x080; // the bitmap registers: 0x80 bytes each, 1 bit per INTID
constexpr unsigned isenabler  = 0x100;
constexpr unsigned icenabler  = 0x180;
constexpr unsigned ispendr    = 0x200;
constexpr unsigned icpendr    = 0x280;
constexpr unsigned isactiver  = 0x300;
constexpr unsigned icactiver  = 0x380;
constexpr unsigned ipriorityr = 0x400; // 8 bits per INTID, byte accessible
constexpr unsigned itargetsr  = 0x800; // 8 bits per INTID, byte accessible, v2
constexpr unsigned icfgr      = 0xc00; // 2 bits per INTID
constexpr unsigned sgir       = 0xf00; // v2
constexpr unsigned cpendsgir  = 0xf10; // v2, 8 bits per SGI: source PEs
constexpr unsigned spendsgir  = 0xf20; // v2
constexpr unsigned pidr2_v2   = 0xfe8;
constexpr unsigned irouter    = 0x6000; // v3, 64 bits per INTID
constexpr unsigned pidr2_v3   = 0xffe8;
} // namespace gicd

namespace gicr { // in RD_base; SGI_base repeats the gicd offsets for INTIDs 0..31
constexpr unsigned ctlr  = 0x0;
constexpr unsigned iidr  = 0x4;
constexpr unsigned typer = 0x8; // 64 bits
constexpr unsigned waker = 0x14;
constexpr unsigned pidr2 = 0xffe8;
} // namespace gicr

namespace gicc { // and gicv
constexpr unsigned ctlr  = 0x00;
constexpr unsigned pmr   = 0x04;
constexpr unsigned bpr   = 0x08;
constexpr unsigned iar   = 0x0c;
constexpr unsigned eoir  = 0x10;
constexpr unsigned rpr   = 0x14;
constexpr unsigned hppir = 0x18;
constexpr unsigned abpr  = 0x1c;
constexpr unsigned apr   = 0xd0; // four words
constexpr unsigned nsapr = 0xe0; // four words
constexpr unsigned iidr  = 0xfc;
constexpr unsigned dir   = 0x1000;
} // namespace gicc

namespace gich {
constexpr unsigned hcr    = 0x00;
constexpr unsigned vtr    = 0x04;
constexpr unsigned vmcr   = 0x08;
constexpr unsigned misr   = 0x10;
constexpr unsigned eisr0  = 0x20;
constexpr unsigned eisr1  = 0x24;
constexpr unsigned elrsr0 = 0x30;
constexpr unsigned elrsr1 = 0x34;
constexpr unsigned apr    = 0xf0;
constexpr unsigned lr0    = 0x100;
} // namespace gich

// Bits of GICH_HCR and ICH_HCR_EL2 that have the same place in both.
namespace hcr {
constexpr std::uint32_t en       = 1U << 0;
constexpr std::uint32_t uie      = 1U << 1;
constexpr std::uint32_t lrenpie  = 1U << 2;
constexpr std::uint32_t npie     = 1U << 3;
constexpr std::uint32_t vgrp0eie = 1U << 4;
constexpr std::uint32_t vgrp0die = 1U << 5;
constexpr std::uint32_t vgrp1eie = 1U << 6;
constexpr std::uint32_t vgrp1die = 1U << 7;
constexpr std::uint32_t writable_v2 = 0xf80000ff;
constexpr std::uint32_t writable_v3 = 0xf8007cff; // and TC, TALL0, TALL1, TSEI, TDIR
constexpr unsigned eoicount_shift = 27;           // 5 bits, wraps
} // namespace hcr

namespace misr {
constexpr std::uint32_t eoi    = 1U << 0;
constexpr std::uint32_t u      = 1U << 1;
constexpr std::uint32_t lrenp  = 1U << 2;
constexpr std::uint32_t np     = 1U << 3;
constexpr std::uint32_t vgrp0e = 1U << 4;
constexpr std::uint32_t vgrp0d = 1U << 5;
constexpr std::uint32_t vgrp1e = 1U << 6;
constexpr std::uint32_t vgrp1d = 1U << 7;
} // namespace misr

[[nodiscard]] constexpr std::uint16_t sysreg(unsigned op0, unsigned op1, unsigned crn, unsigned crm,
                                             unsigned op2) {
    return static_cast<std::uint16_t>(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2);
}

enum class Sysreg : std::uint16_t {
    icc_pmr     = sysreg(3, 0, 4, 6, 0),
    isr         = sysreg(3, 0, 12, 1, 0),
    icc_iar0    = sysreg(3, 0, 12, 8, 0),
    icc_eoir0   = sysreg(3, 0, 12, 8, 1),
    icc_hppir0  = sysreg(3, 0, 12, 8, 2),
    icc_bpr0    = sysreg(3, 0, 12, 8, 3),
    icc_ap0r0   = sysreg(3, 0, 12, 8, 4),
    icc_ap1r0   = sysreg(3, 0, 12, 9, 0),
    icc_dir     = sysreg(3, 0, 12, 11, 1),
    icc_rpr     = sysreg(3, 0, 12, 11, 3),
    icc_sgi1r   = sysreg(3, 0, 12, 11, 5),
    icc_asgi1r  = sysreg(3, 0, 12, 11, 6),
    icc_sgi0r   = sysreg(3, 0, 12, 11, 7),
    icc_iar1    = sysreg(3, 0, 12, 12, 0),
    icc_eoir1   = sysreg(3, 0, 12, 12, 1),
    icc_hppir1  = sysreg(3, 0, 12, 12, 2),
    icc_bpr1    = sysreg(3, 0, 12, 12, 3),
    icc_ctlr    = sysreg(3, 0, 12, 12, 4),
    icc_sre_el1 = sysreg(3, 0, 12, 12, 5),
    icc_igrpen0 = sysreg(3, 0, 12, 12, 6),
    icc_igrpen1 = sysreg(3, 0, 12, 12, 7),
    icc_sre_el2 = sysreg(3, 4, 12, 9, 5),
    ich_ap0r0   = sysreg(3, 4, 12, 8, 0),
    ich_ap1r0   = sysreg(3, 4, 12, 9, 0),
    ich_hcr     = sysreg(3, 4, 12, 11, 0),
    ich_vtr     = sysreg(3, 4, 12, 11, 1),
    ich_misr    = sysreg(3, 4, 12, 11, 2),
    ich_eisr    = sysreg(3, 4, 12, 11, 3),
    ich_elrsr   = sysreg(3, 4, 12, 11, 5),
    ich_vmcr    = sysreg(3, 4, 12, 11, 7),
    ich_lr0     = sysreg(3, 4, 12, 12, 0), // ich_lr0 + n, n < 16
};
// clang-format on

} // namespace hyp::model
