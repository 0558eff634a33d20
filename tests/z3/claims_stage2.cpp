// SPDX-License-Identifier: Apache-2.0
// Claims on stage-2 tables (DDI 0487, VMSAv8-64): an IPA is its four parts, a descriptor gives back
// the address it was made of, whatever the level, and its attributes touch no address bit.
#include "hyp/core/mm/stage2.cpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

constexpr u64 address_limit = u64{1} << 48U;

constexpr LeafKind kind_at(unsigned level) {
    return level == 3 ? LeafKind::page : LeafKind::block;
}

constexpr u64 leaf_of(u64 pa, unsigned level, bool device) {
    return leaf_at(Pa{pa}, kind_at(level), device ? Stage2Memory::device : Stage2Memory::ram).raw();
}

} // namespace

// 40 bits: ten for the two tables of level 1 together, nine for each level below, twelve in a page.
CLAIM(an_ipa_is_its_indices_and_its_offset)(u64 ipa) {
    if (ipa >> 40U != 0) {
        return true;
    }
    return (u64{index_of(1, ipa)} << 30U | u64{index_of(2, ipa)} << 21U |
            u64{index_of(3, ipa)} << 12U | (ipa & 0xfffU)) == ipa;
}

CLAIM(indices_stay_inside_their_tables)(u64 ipa) {
    return index_of(1, ipa) < 1024 && index_of(2, ipa) < 512 && index_of(3, ipa) < 512;
}

CLAIM(a_level_spans_what_its_index_counts)(u64 ipa, u8 level) {
    if (level < 1 || level > 3 || ipa >> 40U != 0 || (ipa + span_of(level)) >> 40U != 0) {
        return true;
    }
    // One span further is the next entry, or the first of the next table.
    const unsigned next = index_of(level, ipa + span_of(level));
    const unsigned entries_here = level == 1 ? 1024 : 512;
    return next == (index_of(level, ipa) + 1) % entries_here &&
           (ipa + span_of(level)) % span_of(level) == ipa % span_of(level);
}

CLAIM(a_leaf_gives_back_its_address)(u64 pa, u8 level, bool device) {
    if (level < 1 || level > 3 || pa >= address_limit || (pa & (span_of(level) - 1)) != 0) {
        return true;
    }
    const u64 entry = leaf_of(pa, level, device);
    return output_of(entry) == pa && entry != 0 && (entry & 1U) == 1 &&
           (level == 3 || is_block(entry)) && (entry & 2U) == (level == 3 ? 2U : 0U);
}

// What translate() computes at a leaf: the block's address with the IPA's offset in it.
CLAIM(a_leaf_translates_every_address_it_spans)(u64 pa, u64 ipa, u8 level, bool device) {
    if (level < 1 || level > 3 || pa >= address_limit || (pa & (span_of(level) - 1)) != 0) {
        return true;
    }
    const u64 within = ipa & (span_of(level) - 1);
    const u64 out = (output_of(leaf_of(pa, level, device)) & ~(span_of(level) - 1)) | within;
    return out - pa == ipa % span_of(level) && out < address_limit;
}

CLAIM(a_table_gives_back_its_address)(u64 pa) {
    if (pa >= address_limit || pa % 4096 != 0) {
        return true;
    }
    const u64 entry = stage2_table(Pa{pa}).raw();
    return output_of(entry) == pa && !is_block(entry) && (entry & 3U) == 3;
}

// RAM: normal write-back, inner shareable, executable. Devices: nGnRE, never executed. Both with
// the access flag, readable and writable, and nothing else set.
CLAIM(attributes_of_a_leaf)(u64 pa, u8 level, bool device) {
    if (level < 1 || level > 3 || pa >= address_limit || pa % 4096 != 0) {
        return true;
    }
    const u64 attributes = leaf_of(pa, level, device) ^ pa;
    const u64 expected = device ? u64{2} << 53U | 1U << 10U | 3U << 6U | 1U << 2U
                                : 1U << 10U | 3U << 8U | 3U << 6U | 15U << 2U;
    return attributes == (expected | (level == 3 ? 3U : 1U));
}

CLAIM(vtcr_counts_what_ipa_bits_say)(u8 pa_range) {
    const u64 control = vtcr(40, 1, pa_range & 7U).raw();
    return (control & 0x3fU) == 24 && (control >> 6U & 3U) == 1 &&
           (control >> 16U & 7U) == (pa_range & 7U) && (control >> 31U & 1U) == 1;
}
