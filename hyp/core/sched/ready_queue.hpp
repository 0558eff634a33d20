// SPDX-License-Identifier: Apache-2.0
// Which slots are ready: a word of ranks, and for each rank a word of slots that takes turns in the
// order of their numbers. So whoever is ready has its turn after 63 others at the latest, whoever
// else comes and goes.
#pragma once

#include "hyp/core/sched/slot.hpp"

#include <array>
#include <bit>

namespace hyp {

class ReadyQueue {
public:
    constexpr void add(VcpuSlot slot, Rank rank) {
        slots_[rank.value] |= slot.bit();
        ranks_ |= u32{1} << rank.value;
    }
    constexpr void remove(VcpuSlot slot, Rank rank) {
        slots_[rank.value] &= ~slot.bit();
        if (slots_[rank.value] == 0) {
            ranks_ &= ~(u32{1} << rank.value);
        }
    }

    [[nodiscard]] constexpr bool is_empty() const { return ranks_ == 0; }
    [[nodiscard]] constexpr bool has(VcpuSlot slot, Rank rank) const {
        return (slots_[rank.value] >> slot.value & 1U) != 0;
    }
    // The most urgent rank that has somebody. Not of an empty queue.
    [[nodiscard]] constexpr Rank top() const { return {static_cast<u8>(std::countr_zero(ranks_))}; }
    // The ranks that are as urgent as that or more, one bit each. Of an empty queue: all.
    [[nodiscard]] constexpr u32 up_to_top() const { return ranks_ ^ (ranks_ - 1); }
    // Whether more than one of the rank is ready.
    [[nodiscard]] constexpr bool is_shared(Rank rank) const {
        return (slots_[rank.value] & (slots_[rank.value] - 1)) != 0;
    }
    // Who comes after `slot`: itself if there is nobody else. Not of an empty rank.
    [[nodiscard]] constexpr VcpuSlot after(VcpuSlot slot, Rank rank) const {
        const int first = slot.value + 1;
        return {
            static_cast<u8>((std::countr_zero(std::rotr(slots_[rank.value], first)) + first) & 63)};
    }

    // Everybody, one bit each.
    [[nodiscard]] constexpr u64 all() const {
        u64 slots = 0;
        for (u32 left = ranks_; left != 0; left &= left - 1) {
            slots |= slots_[static_cast<u32>(std::countr_zero(left))];
        }
        return slots;
    }

private:
    u32 ranks_ = 0; // bit r: slots_[r] is not 0
    std::array<u64, ranks> slots_{};
};

} // namespace hyp
