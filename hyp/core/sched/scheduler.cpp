// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/sched/scheduler.hpp"

namespace hyp {

namespace {

// Saturates: `never` is for ever.
constexpr u64 later(u64 now, u64 ticks) {
    const u64 sum = now + ticks;
    return sum < ticks ? never : sum;
}

} // namespace

void Scheduler::attach(VcpuSlot slot, Rank rank, u64 slice) {
    Vcpu& vcpu = vcpus_[slot.value];
    vcpu.slice = slice;
    vcpu.rank = rank;
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

// The most urgent first, so that what it does next does not depend on how many others are due.
void Scheduler::wake_due(DeadlineKey horizon) {
    u32 wakes = 0;
    do {
        const Rank limit = ready_.is_empty() ? Rank{ranks - 1} : ready_.top();
        DeadlineKey first{};
        for (DeadlineKey key = deadlines_.earliest(limit); !key.is_later_than(horizon);
             key = deadlines_.above(rank_of(first.slot()))) {
            first = key;
        }
        if (first.is_none()) {
            return;
        }
        wake(first.slot(), rank_of(first.slot()));
    } while (++wakes < max_wakes && !deadlines_.earliest().is_later_than(horizon));
}

// A turn's time stands still while its rank does not run.
void Scheduler::switch_rank(Rank rank, u64 now) {
    Turn& old = turns_[current_.value];
    old.end = old.end > now ? old.end - now : 0;
    Turn& turn = turns_[rank.value];
    turn.end = later(now, turn.end);
    current_ = rank;
}

void Scheduler::next_turn(u64 now) {
    Turn& turn = turns_[current_.value];
    turn.holder = ready_.after(turn.holder, current_);
    turn.held = true;
    turn.end = later(now, vcpus_[turn.holder.value].slice);
}

Decision Scheduler::decide(u64 now) {
    const DeadlineKey horizon = DeadlineKey::horizon(now);
    if (!deadlines_.earliest().is_later_than(horizon)) {
        wake_due(horizon);
    }
    if (ready_.is_empty()) {
        alarm_ = deadlines_.earliest().deadline();
        return {no_slot, alarm_};
    }
    const Rank rank = ready_.top();
    if (rank != current_) {
        switch_rank(rank, now);
    }
    const bool shared = ready_.is_shared(rank);
    const Turn& turn = turns_[rank.value];
    if (!turn.held || (shared && turn.end <= now)) {
        next_turn(now);
    }
    const u64 deadline = deadlines_.earliest(rank).deadline();
    alarm_ = shared && turn.end < deadline ? turn.end : deadline;
    return {turn.holder, alarm_};
}

} // namespace hyp
