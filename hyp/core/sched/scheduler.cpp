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
    if (!ready_.has(slot, rank)) {
        leave(slot);
        ready_.add(slot, rank);
    }
}

void Scheduler::sleep(VcpuSlot slot, u64 deadline) {
    leave(slot);
    waiting_ |= slot.bit();
    deadlines_.set(slot, rank_of(slot), deadline);
}

void Scheduler::stop(VcpuSlot slot) {
    leave(slot);
}

void Scheduler::yield(VcpuSlot slot) {
    Turn& turn = turns_[rank_of(slot).value];
    if (turn.holder == slot) {
        turn.held = false;
        alarm_ = 0;
    }
}

// Whatever state the slot was in, it is off now.
void Scheduler::leave(VcpuSlot slot) {
    const Rank rank = rank_of(slot);
    alarm_ = 0;
    if (ready_.has(slot, rank)) {
        yield(slot);
        ready_.remove(slot, rank);
    } else if (is_waiting(slot)) {
        waiting_ &= ~slot.bit();
        deadlines_.clear(slot, rank);
    }
}

// The most urgent first, so that what it does next does not depend on how many others are due.
void Scheduler::wake_due(u64 now) {
    for (u32 wakes = 0; wakes < max_wakes; ++wakes) {
        const Rank limit = ready_.is_empty() ? Rank{ranks - 1} : ready_.top();
        if (deadlines_.earliest(limit).deadline() > now) {
            return;
        }
        Rank rank{0};
        while (deadlines_.earliest(rank).deadline() > now) {
            ++rank.value;
        }
        make_ready(deadlines_.earliest(rank).slot());
    }
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
    if (deadlines_.earliest().deadline() <= now) {
        wake_due(now);
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
