// SPDX-License-Identifier: Apache-2.0
// Stage-1 descriptors of EL2's own map, 4 KiB granule (DDI 0487, VMSAv8-64 translation tables).
// Three rights exist and none is both writable and executable. The EL1 form serves the moment
// when Baton finds itself at EL1 and only has to say so.
#pragma once

#include "hyp/core/base/addr.hpp"

namespace hyp {

enum class Rights : u8 { read, read_write, read_execute };
enum class Memory : u8 { device, normal }; // index into MAIR: Device-nGnRE, write-back
enum class Regime : u8 { el2, el1 };

namespace stage1 {

inline constexpr u64 page_size = 4 * kib;
inline constexpr u64 block_size = 2 * mib; // at level 2
inline constexpr unsigned entries = 512;

// Index into a table of `level` (0..3) for an address.
[[nodiscard]] constexpr unsigned index(unsigned level, u64 address) {
    return static_cast<unsigned>(address >> (39 - 9 * level)) & (entries - 1);
}

inline constexpr u64 type_table = 3;
inline constexpr u64 type_page = 3;
inline constexpr u64 type_block = 1;
inline constexpr u64 access_flag = u64{1} << 10;
inline constexpr u64 inner_shareable = u64{3} << 8;
inline constexpr u64 ap_read_only = u64{1} << 7;
inline constexpr u64 ap_res1_el2 = u64{1} << 6;        // AP[1] is RES1 where there is one EL only
inline constexpr u64 never_execute = u64{1} << 54;     // XN; at EL1&0 UXN
inline constexpr u64 never_execute_el1 = u64{1} << 53; // PXN

[[nodiscard]] constexpr u64 table(Pa next) {
    return next.value() | type_table;
}

[[nodiscard]] constexpr u64 attributes(Regime regime, Rights rights, Memory memory) {
    u64 bits = access_flag | inner_shareable | (memory == Memory::normal ? u64{1} << 2 : 0);
    if (rights != Rights::read_write) {
        bits |= ap_read_only;
    }
    if (regime == Regime::el2) {
        bits |= ap_res1_el2;
        bits |= rights == Rights::read_execute ? 0 : never_execute;
    } else {
        bits |= never_execute;
        bits |= rights == Rights::read_execute ? 0 : never_execute_el1;
    }
    return bits;
}

[[nodiscard]] constexpr u64 page(Pa pa, Regime regime, Rights rights, Memory memory) {
    return pa.value() | attributes(regime, rights, memory) | type_page;
}

// `pa` must be a multiple of block_size.
[[nodiscard]] constexpr u64 block(Pa pa, Regime regime, Rights rights, Memory memory) {
    return pa.value() | attributes(regime, rights, memory) | type_block;
}

static_assert(page(Pa{0x40200000}, Regime::el2, Rights::read_execute, Memory::normal) ==
              0x402007c7);
static_assert(page(Pa{0x40200000}, Regime::el2, Rights::read, Memory::normal) ==
              0x00400000402007c7);
static_assert(page(Pa{0x40200000}, Regime::el2, Rights::read_write, Memory::normal) ==
              0x0040000040200747);
static_assert(page(Pa{0x09000000}, Regime::el2, Rights::read_write, Memory::device) ==
              0x0040000009000743);
static_assert(page(Pa{0x40200000}, Regime::el1, Rights::read_execute, Memory::normal) ==
              0x0040000040200787);
static_assert(index(2, 0x3ffffe00000) == 511 && index(1, 0x3ffc0000000) == 511);

} // namespace stage1
} // namespace hyp
