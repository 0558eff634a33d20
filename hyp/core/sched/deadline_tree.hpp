// SPDX-License-Identifier: Apache-2.0
// The deadlines of one pCPU's sleepers: for each rank a tournament tree with a leaf for each slot.
// Insert and remove are the same: one leaf and its ancestors, as many as the highest slot's number
// has bits. No allocation, nothing to initialise: zero is empty.
#pragma once

#include "hyp/core/sched/slot.hpp"

#include <array>

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
    // Makes the trees high enough for the slot. Comes before its first deadline.
    constexpr void admit(VcpuSlot slot) {
        for (; slot.value >> levels_ != 0; ++levels_) {
            for (u32 r = 0; r < ranks; ++r) {
                trees_[r][max_slots >> levels_] = roots_[r]; // no root any longer
            }
        }
    }
    // The slot's only deadline, in CNTPCT ticks; `never` takes it out. A slot has one rank: to
    // change that, take it out of the old one first.
    constexpr void set(VcpuSlot slot, Rank rank, u64 deadline) {
        update(slot, rank, DeadlineKey{slot, deadline});
    }
    constexpr void clear(VcpuSlot slot, Rank rank) { update(slot, rank, {}); }

    // The ranks that have a deadline, one bit each.
    [[nodiscard]] constexpr u32 used_ranks() const { return used_; }
    // The earliest of a rank.
    [[nodiscard]] constexpr DeadlineKey first(Rank rank) const { return roots_[rank.value]; }

private:
    // Of node n, the children are 2n and 2n + 1. The root is the node above the leaves of slots 0 to
    // 2^levels_ - 1, and lies in roots_.
    using Tree = std::array<DeadlineKey, usize{2} * max_slots>;

    constexpr void update(VcpuSlot slot, Rank rank, DeadlineKey key) {
        Tree& tree = trees_[rank.value];
        const usize root = max_slots >> levels_;
        usize node = usize{max_slots} + slot.value;
        if (node != root) {
            do { // not a for loop: the size that g++ saves there costs an instruction a level
                tree[node] = key;
                key = DeadlineKey::earlier(key, tree[node ^ 1U]);
                node >>= 1;
            } while (node != root);
        }
        roots_[rank.value] = key;
        used_ = (used_ & ~(u32{1} << rank.value)) | u32{!key.is_none()} << rank.value;
    }

    u32 used_ = 0;
    u32 levels_ = 0;
    std::array<DeadlineKey, ranks> roots_{};
    std::array<Tree, ranks> trees_{};
};

} // namespace hyp
