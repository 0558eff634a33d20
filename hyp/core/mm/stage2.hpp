// SPDX-License-Identifier: Apache-2.0
// The stage-2 tables of one VM: IPA to PA, 4 KiB granule, walk started at level 1 with up to two
// concatenated tables, blocks wherever alignment allows (DDI 0487, VMSAv8-64 stage 2). Pure: it
// fills words of a pool and never looks at hardware; publishing them is the caller's.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/result.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/regs/stage2.hpp"

namespace hyp {

enum class Stage2Memory : u8 {
    ram,    // normal, write-back, everything allowed
    device, // Device-nGnRE, no execution
};

// Memory for tables: `count` pages at `words`, which lie physically at `base`. Both 8 KiB aligned,
// for a root of two tables comes first.
struct Stage2Pool {
    u64* words = nullptr;
    Pa base{};
    u32 count = 0;
};

// Bits of guest physical address: what the machine has, at most 40. ID_AA64MMFR0_EL1.PARange
// values that no table knows count as the largest one.
[[nodiscard]] constexpr u32 ipa_bits(u32 pa_range) {
    constexpr u8 bits[] = {32, 36, 40, 42, 44, 48, 52};
    const u32 have = pa_range < sizeof bits ? bits[pa_range] : 52;
    return have < 40 ? have : 40;
}

// VTCR_EL2 for tables of this kind. PS is the output size, which the machine must have.
[[nodiscard]] constexpr u64 vtcr_for(u32 pa_range) {
    constexpr u32 start_level = 1;
    constexpr u32 largest = 5; // 48 bits; more needs another descriptor format
    return vtcr(ipa_bits(pa_range), start_level, pa_range < largest ? pa_range : largest).raw();
}

class Stage2 {
public:
    static constexpr u64 page = 4 * kib;

    Stage2() = default;
    // Takes the root from the pool. The pool must outlive the tables and serve no other.
    Stage2(Stage2Pool pool, u32 address_bits);

    // Adds [ipa, ipa + size) -> pa. All multiples of 4 KiB. Fails when the range lies outside the
    // IPA space, is mapped already, or the pool is empty.
    [[nodiscard]] Status map(Ipa ipa, Pa pa, u64 size, Stage2Memory memory);

    // Physical address of the root, for VTTBR_EL2.BADDR.
    [[nodiscard]] Pa root() const { return pool_.base; }
    [[nodiscard]] u32 pages_used() const { return used_; }

    // Where an IPA leads, or failure when nowhere. For tests and for reading guest memory.
    [[nodiscard]] Result<Pa> translate(Ipa ipa) const;

private:
    [[nodiscard]] Status map_one(u64 ipa, u64 pa, unsigned level, Stage2Memory memory);
    [[nodiscard]] u64* table_words(u64 descriptor) const;
    [[nodiscard]] Result<u64> new_table();

    Stage2Pool pool_{};
    u32 used_ = 0;
    u32 address_bits_ = 0;
};

} // namespace hyp
