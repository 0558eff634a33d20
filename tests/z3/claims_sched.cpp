// SPDX-License-Identifier: Apache-2.0
// Claims on the scheduler's numbers: that keys are in the order of their deadlines, and that a mask
// lets through the priorities of its rank and of the more urgent ones alone.
#include "hyp/core/sched/deadline_tree.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

constexpr VcpuSlot slot_of(u8 n) {
    return {static_cast<u8>(n % max_slots)};
}

} // namespace

CLAIM(a_key_holds_its_deadline_and_its_slot)(u64 deadline, u8 n) {
    const DeadlineKey key{slot_of(n), deadline};
    if (deadline > DeadlineKey::last) {
        return key.is_none() && key.deadline() == never;
    }
    return !key.is_none() && key.deadline() == deadline && key.slot() == slot_of(n);
}

CLAIM(the_earlier_key_has_the_earlier_deadline)(u64 a, u8 n, u64 b, u8 m) {
    const DeadlineKey x{slot_of(n), a};
    const DeadlineKey y{slot_of(m), b};
    const DeadlineKey first = DeadlineKey::earlier(x, y);
    if (a > DeadlineKey::last || b > DeadlineKey::last) {
        return first == (a > DeadlineKey::last ? y : x) || (a <= DeadlineKey::last && first == x);
    }
    if (a != b) {
        return first == (a < b ? x : y);
    }
    return first == (slot_of(n) < slot_of(m) ? x : y);
}

CLAIM(what_is_due_is_not_later_than_the_horizon)(u64 deadline, u8 n, u64 now) {
    const DeadlineKey key{slot_of(n), deadline};
    const bool is_due = deadline <= now && deadline <= DeadlineKey::last;
    return key.is_later_than(DeadlineKey::horizon(now)) == !is_due;
}

CLAIM(a_mask_lets_through_its_rank_and_the_more_urgent_ones)(u8 running, u8 other) {
    if (running >= ranks || other >= ranks) {
        return true;
    }
    const bool gets_through = priority_of(Rank{other}) < mask_of(Rank{running});
    return gets_through == (other <= running) && el2_priority < mask_of(Rank{running}) &&
           loaded_ppi_priority < mask_of(Rank{running});
}
