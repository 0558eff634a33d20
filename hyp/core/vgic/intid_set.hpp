// SPDX-License-Identifier: Apache-2.0
// A set of the vINTIDs that a guest's GIC has: 16 SGIs, 16 PPIs and 256 SPIs, 288 as QEMU's `virt`
// counts them on GICv2. One bit each in words of 32, laid out as the distributor's registers are.
#pragma once

#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/types.hpp"

#include <array>

namespace hyp {

inline constexpr unsigned guest_intids = 288;
inline constexpr unsigned guest_words = guest_intids / 32;

[[nodiscard]] constexpr bool is_guest_intid(VIntid vintid) {
    return vintid.value() < guest_intids;
}

class IntidSet {
public:
    [[nodiscard]] constexpr bool has(VIntid vintid) const {
        return (words_[vintid.value() / 32] >> (vintid.value() % 32) & 1U) != 0;
    }
    constexpr void add(VIntid vintid) { words_[vintid.value() / 32] |= bit(vintid); }
    constexpr void remove(VIntid vintid) { words_[vintid.value() / 32] &= ~bit(vintid); }
    constexpr void put(VIntid vintid, bool member) { member ? add(vintid) : remove(vintid); }

    // Members 32 * index .. 32 * index + 31. index < guest_words.
    [[nodiscard]] constexpr u32& word(unsigned index) { return words_[index]; }
    [[nodiscard]] constexpr u32 word(unsigned index) const { return words_[index]; }

    [[nodiscard]] static constexpr u32 bit(VIntid vintid) {
        return u32{1} << (vintid.value() % 32);
    }

    friend constexpr bool operator==(const IntidSet&, const IntidSet&) = default;

private:
    std::array<u32, guest_words> words_{};
};

// Calls visit(VIntid) for each bit of one word of a set, lowest first.
template <class Visit>
constexpr void for_each_intid(unsigned word, u32 bits, Visit visit) {
    for (; bits != 0; bits &= bits - 1) {
        visit(VIntid{word * 32 + static_cast<u32>(__builtin_ctz(bits))});
    }
}

} // namespace hyp
