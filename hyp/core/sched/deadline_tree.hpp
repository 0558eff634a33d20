// SPDX-License-Identifier: Apache-2.0
// The deadlines of one pCPU's sleepers: for each rank a tournament tree with a leaf for each slot,
// and over their roots the earliest of every rank and all that are more urgent. Insert and remove
// are the same: one leaf, its six ancestors, and the ranks from its own to the least urgent. No
// allocation, nothing to initialise: zero is empty.
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

    // What is due at `now` is not later than this key, and none is later than every key.
    [[nodiscard]] static constexpr DeadlineKey horizon(u64 now) {
        return {VcpuSlot{max_slots - 1}, now < last ? now : last};
    }
    [[nodiscard]] constexpr bool is_later_than(DeadlineKey other) const {
        return raw_ < other.raw_;
    }

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

static_assert(!DeadlineKey{VcpuSlot{max_slots - 1}, DeadlineKey::last}.is_none());
static_assert(DeadlineKey{VcpuSlot{0}, DeadlineKey::last + 1}.is_none());

class DeadlineTree {
public:
    // The slot's only deadline, in CNTPCT ticks; `never` takes it out. A slot has one rank: to
    // change that, take it out of the old one first.
    constexpr void set(VcpuSlot slot, Rank rank, u64 deadline) {
        update(slot, rank, DeadlineKey{slot, deadline});
    }
    constexpr void clear(VcpuSlot slot, Rank rank) { update(slot, rank, {}); }

    // Of this rank and all that are more urgent.
    [[nodiscard]] constexpr DeadlineKey earliest(Rank rank) const {
        return earliest_[rank.value + 1U];
    }
    // Of those that are more urgent.
    [[nodiscard]] constexpr DeadlineKey above(Rank rank) const { return earliest_[rank.value]; }
    // Of all.
    [[nodiscard]] constexpr DeadlineKey earliest() const { return earliest_[ranks]; }

private:
    static constexpr u32 levels = 6;
    static_assert(1U << levels == max_slots);
    // Of node n, the children are 2n and 2n + 1. Node 1, the root, lies in roots_.
    using Tree = std::array<DeadlineKey, usize{2} * max_slots>;

    constexpr void update(VcpuSlot slot, Rank rank, DeadlineKey key) {
        key = climb(trees_[rank.value], max_slots + slot.value, key,
                    std::make_index_sequence<levels>{});
        roots_[rank.value] = key;
        key = above(rank);
        u32 r = rank.value;
        do { // at least once, and so in fewer instructions
            key = DeadlineKey::earlier(key, roots_[r]);
            earliest_[++r] = key;
        } while (r < ranks);
    }
    // Returns the root's key. Unrolled: six instructions a level.
    template <usize... Level>
    static constexpr DeadlineKey climb(Tree& tree, u32 leaf, DeadlineKey key,
                                       std::index_sequence<Level...> /*levels*/) {
        ((tree[leaf >> Level] = key, key = DeadlineKey::earlier(key, tree[leaf >> Level ^ 1U])),
         ...);
        return key;
    }

    std::array<DeadlineKey, ranks + 1> earliest_{}; // of the ranks before this one
    std::array<DeadlineKey, ranks> roots_{};
    std::array<Tree, ranks> trees_{};
};

} // namespace hyp
