// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/sched/scheduler.hpp"

namespace hyp {

void Scheduler::attach(VcpuSlot slot, Rank rank, u64 slice) {
    Vcpu& vcpu = vcpus_[slot.value];
    vcpu.slice = slice;
    vcpu.rank = rank;
    deadlines_.admit(slot);
}

void Scheduler::make_ready(VcpuSlot slot) {
    const Rank rank = rank_of(slot);
    if (is_waiting(slot)) {
        wake(slot, rank);
    } else if (!ready_.has(slot, rank)) {
        ready_.add(slot, rank);
    } else {
        return;
    }
    alarm_ = 0;
}

void Scheduler::sleep(VcpuSlot slot, u64 deadline) {
    const Rank rank = rank_of(slot);
    yield(slot);
    ready_.remove(slot, rank);
    waiting_ |= slot.bit();
    deadlines_.set(slot, rank, deadline);
    alarm_ = 0;
}

void Scheduler::stop(VcpuSlot slot) {
    sleep(slot, never);
    waiting_ &= ~slot.bit();
}

void Scheduler::yield(VcpuSlot slot) {
    Turn& turn = turns_[rank_of(slot).value];
    if (turn.holder == slot) {
        turn.held = false;
        alarm_ = 0;
    }
}

void Scheduler::wake(VcpuSlot slot, Rank rank) {
    waiting_ &= ~slot.bit();
    ready_.add(slot, rank);
    deadlines_.clear(slot, rank);
}

// Returns the first deadline of those that are as urgent as who runs next, or more. The most urgent
// first, so that what it does next does not depend on how many others are due.
DeadlineKey Scheduler::wake_due(u64 now) {
    const DeadlineKey horizon = DeadlineKey::horizon(now);
    DeadlineKey first{};
    u32 wakes = max_wakes;
    u32 left = deadlines_.used_ranks() & ready_.up_to_top(); // ranks to look at, one bit each
    while (left != 0) {
        const Rank rank{static_cast<u8>(std::countr_zero(left))};
        const DeadlineKey key = deadlines_.first(rank);
        if (key.is_later_than(horizon) || wakes == 0) {
            first = DeadlineKey::earlier(first, key);
            left &= left - 1;
        } else {
            wake(key.slot(), rank);
            left = u32{1} << rank.value; // those behind it will not run
            --wakes;
        }
    }
    return first;
}

// A turn's time stands still while its rank does not run.
void Scheduler::switch_rank(Rank rank, u64 now) {
    Turn& old = turns_[current_.value];
    old.end = old.end > now ? old.end - now : 0;
    Turn& turn = turns_[rank.value];
    turn.end = later(now, turn.end);
    current_ = rank;
}

Decision Scheduler::decide(u64 now) {
    u64 alarm = wake_due(now).deadline();
    first_ = alarm;
    VcpuSlot next = no_slot;
    if (!ready_.is_empty()) {
        const Rank rank = ready_.top();
        if (rank != current_) {
            switch_rank(rank, now);
        }
        const bool shared = ready_.is_shared(rank);
        Turn& turn = turns_[rank.value];
        if (!turn.held || (shared && turn.end <= now)) {
            next_turn(turn, now);
        }
        if (shared && turn.end < alarm) {
            alarm = turn.end;
        }
        next = turn.holder;
    }
    alarm_ = alarm;
    return {next, alarm};
}

} // namespace hyp
