// SPDX-License-Identifier: Apache-2.0
// Who runs next on one pCPU, and when its timer must fire. That pCPU alone calls it. The most urgent
// rank wins; inside a rank they take turns, each for its slice. Zero is the state at start.
#pragma once

#include "hyp/core/sched/deadline_tree.hpp"
#include "hyp/core/sched/ready_queue.hpp"

#include <array>

namespace hyp {

struct Decision {
    VcpuSlot next; // no_slot: idle
    u64 alarm; // when to decide again whatever happens, in CNTPCT ticks; may have passed already
    friend constexpr bool operator==(Decision, Decision) = default;
};

class Scheduler {
public:
    // The slot belongs to this pCPU from now on, and is off. `slice` in ticks; `never`: its turn
    // ends only when it sleeps, yields or stops.
    void attach(VcpuSlot slot, Rank rank, u64 slice);
    // Forgets the slot, whatever its state.
    void detach(VcpuSlot slot) { stop(slot); }

    // The rest is for slots that are attached.

    // From off or waiting; nothing changes if it is ready or runs.
    void make_ready(VcpuSlot slot);
    // From any state. `deadline`: when it wakes by itself. Of one that waits already, the new one.
    void sleep(VcpuSlot slot, u64 deadline);
    // Off, from any state.
    void stop(VcpuSlot slot);
    // Whoever has its rank's turn, running or preempted, gives it away; others have none to give.
    void yield(VcpuSlot slot);

    // Wakes the sleepers whose time has come and who may run: those that are less urgent than the
    // one that runs next stay asleep, for their wake-up would cost that one's time; so do all but
    // the first max_wakes, and then the alarm is in the past. `now` never goes backwards.
    //
    // `next` keeps the pCPU until its slice, counted from when it was picked, is over and another
    // of its rank is ready, or until one of a more urgent rank is: then it stays the first of its
    // rank, with the rest of its slice. The alarm is the end of the slice, if another waits for it,
    // or the first deadline of a sleeper that is as urgent or more; idle, the first of all.
    [[nodiscard]] Decision decide(u64 now);
    // Whether the last decision holds: nothing has changed and its alarm has not passed.
    [[nodiscard]] bool still(u64 now) const { return now < alarm_; }

    // yield(slot) and decide(), for a `slot` that runs, while still(now).
    [[nodiscard, gnu::always_inline]] Decision pass_on(VcpuSlot slot, u64 now) {
        Turn& turn = turns_[current_.value];
        if (turn.holder == slot && ready_.is_shared(current_)) {
            next_turn(turn, now);
            alarm_ = turn.end < first_ ? turn.end : first_;
        }
        return {turn.holder, alarm_};
    }

    [[nodiscard]] bool is_waiting(VcpuSlot slot) const { return (waiting_ & slot.bit()) != 0; }
    // Who else is ready, one bit each.
    [[nodiscard]] u64 ready_besides(VcpuSlot slot) const { return ready_.all() & ~slot.bit(); }
    // Ready, or running.
    [[nodiscard]] bool is_ready(VcpuSlot slot) const { return ready_.has(slot, rank_of(slot)); }
    [[nodiscard]] bool is_off(VcpuSlot slot) const { return !is_waiting(slot) && !is_ready(slot); }
    [[nodiscard]] Rank rank_of(VcpuSlot slot) const { return vcpus_[slot.value].rank; }

    // So many wake-ups bound a decision's length.
    static constexpr u32 max_wakes = 8;

private:
    struct Vcpu {
        u64 slice = 0;
        Rank rank{};
    };
    // Whose turn it is in a rank.
    struct Turn {
        u64 end = 0;       // of current_'s rank: when; of others: how long it still lasts
        VcpuSlot holder{}; // not held: whose turn was the last
        bool held = false; // then the holder is ready
    };

    void wake(VcpuSlot slot, Rank rank);
    [[nodiscard]] DeadlineKey wake_due(u64 now);
    void switch_rank(Rank rank, u64 now);
    // A turn's end saturates: `never` is for ever.
    [[gnu::always_inline]] void next_turn(Turn& turn, u64 now) {
        turn.holder = ready_.after(turn.holder, current_);
        turn.held = true;
        turn.end = later(now, vcpus_[turn.holder.value].slice);
    }
    [[nodiscard]] static constexpr u64 later(u64 now, u64 ticks) {
        const u64 sum = now + ticks;
        return sum < ticks ? never : sum;
    }

    u64 alarm_ = 0; // of the last decision; 0: something has changed since
    u64 first_ = 0; // of the last decision: the first deadline that counts
    u64 waiting_ = 0;
    Rank current_{}; // the rank of who ran last
    ReadyQueue ready_;
    std::array<Turn, ranks> turns_{};
    std::array<Vcpu, max_slots> vcpus_{};
    DeadlineTree deadlines_;
};

static_assert(sizeof(Scheduler) <= 10 * kib);

} // namespace hyp
