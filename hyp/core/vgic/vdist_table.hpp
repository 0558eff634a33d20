// SPDX-License-Identifier: Apache-2.0
// Where the emulated distributor's registers are and how wide an access to them may be: GICD of
// GICv2 (IHI 0048B), GICD and the two frames of a redistributor of GICv3 (IHI 0069). What is in no
// row is reserved: it reads as zero and ignores writes.
#pragma once

#include "hyp/core/base/types.hpp"

#include <span>

namespace hyp::vdist {

enum class Reg : u8 {
    reserved,
    ctlr,
    typer,
    iidr,
    igroupr,
    isenabler,
    icenabler,
    ispendr,
    icpendr,
    isactiver,
    icactiver,
    ipriorityr,
    itargetsr,
    icfgr,
    sgir,
    cpendsgir,
    spendsgir,
    irouter,
    pidr2,
    gicr_ctlr,
    gicr_typer,
    waker,
};

// Widths that a register may be accessed with: bit k stands for 1 << k bytes.
inline constexpr u8 as_word = 1U << 2;
inline constexpr u8 as_byte_or_word = as_word | 1U << 0;
inline constexpr u8 as_dword_or_word = as_word | 1U << 3;

// Bytes first..last of a frame. `bits` per INTID for arrays, which begin with INTID 0; else 0.
struct alignas(8) Row {
    Reg reg;
    u16 first;
    u16 last;
    u8 widths;
    u8 bits;
};

// clang-format off
inline constexpr Row gicd_v2[] = {
    {Reg::ctlr,       0x000, 0x003, as_word, 0},
    {Reg::typer,      0x004, 0x007, as_word, 0},
    {Reg::iidr,       0x008, 0x00b, as_word, 0},
    {Reg::igroupr,    0x080, 0x0ff, as_word, 1},
    {Reg::isenabler,  0x100, 0x17f, as_word, 1},
    {Reg::icenabler,  0x180, 0x1ff, as_word, 1},
    {Reg::ispendr,    0x200, 0x27f, as_word, 1},
    {Reg::icpendr,    0x280, 0x2ff, as_word, 1},
    {Reg::isactiver,  0x300, 0x37f, as_word, 1},
    {Reg::icactiver,  0x380, 0x3ff, as_word, 1},
    {Reg::ipriorityr, 0x400, 0x7fb, as_byte_or_word, 8},
    {Reg::itargetsr,  0x800, 0xbfb, as_byte_or_word, 8},
    {Reg::icfgr,      0xc00, 0xcff, as_word, 2},
    {Reg::sgir,       0xf00, 0xf03, as_word, 0},
    {Reg::cpendsgir,  0xf10, 0xf1f, as_byte_or_word, 8},
    {Reg::spendsgir,  0xf20, 0xf2f, as_byte_or_word, 8},
    {Reg::pidr2,      0xfe8, 0xfeb, as_word, 0},
};
inline constexpr Row gicd_v3[] = {
    {Reg::ctlr,       0x0000, 0x0003, as_word, 0},
    {Reg::typer,      0x0004, 0x0007, as_word, 0},
    {Reg::iidr,       0x0008, 0x000b, as_word, 0},
    {Reg::igroupr,    0x0080, 0x00ff, as_word, 1},
    {Reg::isenabler,  0x0100, 0x017f, as_word, 1},
    {Reg::icenabler,  0x0180, 0x01ff, as_word, 1},
    {Reg::ispendr,    0x0200, 0x027f, as_word, 1},
    {Reg::icpendr,    0x0280, 0x02ff, as_word, 1},
    {Reg::isactiver,  0x0300, 0x037f, as_word, 1},
    {Reg::icactiver,  0x0380, 0x03ff, as_word, 1},
    {Reg::ipriorityr, 0x0400, 0x07fb, as_byte_or_word, 8},
    {Reg::icfgr,      0x0c00, 0x0cff, as_word, 2},
    {Reg::irouter,    0x6000, 0x7fdf, as_dword_or_word, 64},
    {Reg::pidr2,      0xffe8, 0xffeb, as_word, 0},
};
inline constexpr Row gicr_rd[] = {
    {Reg::gicr_ctlr,  0x0000, 0x0003, as_word, 0},
    {Reg::iidr,       0x0004, 0x0007, as_word, 0},
    {Reg::gicr_typer, 0x0008, 0x000f, as_dword_or_word, 0},
    {Reg::waker,      0x0014, 0x0017, as_word, 0},
    {Reg::pidr2,      0xffe8, 0xffeb, as_word, 0},
};
inline constexpr Row gicr_sgi[] = {
    {Reg::igroupr,    0x0080, 0x0083, as_word, 1},
    {Reg::isenabler,  0x0100, 0x0103, as_word, 1},
    {Reg::icenabler,  0x0180, 0x0183, as_word, 1},
    {Reg::ispendr,    0x0200, 0x0203, as_word, 1},
    {Reg::icpendr,    0x0280, 0x0283, as_word, 1},
    {Reg::isactiver,  0x0300, 0x0303, as_word, 1},
    {Reg::icactiver,  0x0380, 0x0383, as_word, 1},
    {Reg::ipriorityr, 0x0400, 0x041f, as_byte_or_word, 8},
    {Reg::icfgr,      0x0c00, 0x0c07, as_word, 2},
};
// clang-format on

[[nodiscard]] constexpr Row look_up(std::span<const Row> table, u32 offset) {
    for (const Row& row : table) {
        if (offset >= row.first && offset <= row.last) {
            return row;
        }
    }
    return Row{Reg::reserved, 0, 0, 0, 0};
}

} // namespace hyp::vdist
