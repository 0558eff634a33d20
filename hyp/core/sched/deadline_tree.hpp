// SPDX-License-Identifier: Apache-2.0
// The deadlines of one pCPU's sleepers: for each rank a tournament tree with a leaf for each slot,
// and over their roots the earliest of every rank and all that are more urgent. Insert and remove
// are the same: one leaf, its six ancestors, and the ranks from its own to the least urgent that
// change by it. No allocation, nothing to initialise: zero is empty.
#pragma once

#include "hyp/core/sched/slot.hpp"

#include <array>
#include <utility>

namespace hyp {

// A deadline and whose it is, as one number: ~(deadline << 6 | slot), so that the earliest is the
// greatest, and 0 is none. Of equal deadlines the lowest slot is first.
class DeadlineKey {
public:
    // Later ones never come: at 1 GHz that is after nine years.
    static constexpr u64 last = (u64{1} << 58) - 2;

    constexpr DeadlineKey() = default;
    constexpr DeadlineKey(VcpuSlot slot, u64 deadline)
        : raw_{deadline > last ? 0 : ~(deadline << 6 | slot.value)} {}

    // `never` for none.
    [[nodiscard, gnu::always_inline]] constexpr u64 deadline() const {
        return raw_ == 0 ? never : ~raw_ >> 6;
    }
    // Of a key that is not none.
    [[nodiscard]] constexpr VcpuSlot slot() const { return {static_cast<u8>(~raw_ & 63U)}; }
    [[nodiscard]] constexpr bool is_none() const { return raw_ == 0; }
    [[nodiscard]] static constexpr DeadlineKey earlier(DeadlineKey a, DeadlineKey b) {
        const u64 x = a.raw_; // as values: g++ would compare by way of memory
        const u64 y = b.raw_;
        DeadlineKey out;
        out.raw_ = x > y ? x : y;
        return out;
    }

    friend constexpr bool operator==(DeadlineKey, DeadlineKey) = default;

private:
    u64 raw_ = 0;
};

class DeadlineTree {
public:
    // The slot's only deadline, in CNTPCT ticks; `never` takes it out. A slot has one rank: to
    // change that, take it out of the old one first.
    constexpr void set(VcpuSlot slot, Rank rank, u64 deadline) {
        Tree& tree = trees_[rank.value];
        update(tree, slot, DeadlineKey{slot, deadline}, std::make_index_sequence<levels>{});
        DeadlineKey best = rank.value == 0 ? DeadlineKey{} : earliest_[rank.value - 1U];
        for (u32 r = rank.value; r < ranks; ++r) {
            best = DeadlineKey::earlier(best, trees_[r][root]);
            if (earliest_[r] == best) {
                return; // so are those behind it
            }
            earliest_[r] = best;
        }
    }
    constexpr void clear(VcpuSlot slot, Rank rank) { set(slot, rank, never); }

    // Of this rank and all that are more urgent.
    [[nodiscard]] constexpr DeadlineKey earliest(Rank rank) const { return earliest_[rank.value]; }
    [[nodiscard]] constexpr DeadlineKey earliest() const { return earliest_[ranks - 1]; }

private:
    static constexpr u32 levels = 6;
    static constexpr u32 root = 1;
    static_assert(1U << levels == max_slots);
    // Of node n, the children are 2n and 2n + 1.
    using Tree = std::array<DeadlineKey, usize{2} * max_slots>;

    // Unrolled: six times six instructions.
    template <usize... Level>
    static constexpr void update(Tree& tree, VcpuSlot slot, DeadlineKey key,
                                 std::index_sequence<Level...> /*levels*/) {
        const u32 leaf = max_slots + slot.value;
        tree[leaf] = key;
        ((key = DeadlineKey::earlier(key, tree[leaf >> Level ^ 1U]),
          tree[leaf >> (Level + 1)] = key),
         ...);
    }

    std::array<DeadlineKey, ranks> earliest_{};
    std::array<Tree, ranks> trees_{};
};

} // namespace hyp
