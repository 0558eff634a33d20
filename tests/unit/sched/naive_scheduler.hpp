// SPDX-License-Identifier: Apache-2.0
// What hyp/core/sched promises, told in the slowest way: maps and sets that are searched, and time
// that is charged to who ran.
#pragma once

#include "hyp/core/sched/scheduler.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace hyp {

class NaiveScheduler {
public:
    enum class State { off, ready, waiting };

    void attach(u8 slot, u8 rank, u64 slice) { vcpus_[slot] = {rank, slice, State::off, never}; }
    void detach(u8 slot) {
        stop(slot);
        vcpus_.erase(slot);
    }
    void make_ready(u8 slot) { vcpus_[slot].state = State::ready; }
    void sleep(u8 slot, u64 deadline) {
        yield(slot);
        vcpus_[slot].state = State::waiting;
        vcpus_[slot].deadline = deadline > DeadlineKey::last ? never : deadline;
    }
    void stop(u8 slot) {
        yield(slot);
        vcpus_[slot].state = State::off;
    }
    void yield(u8 slot) {
        if (!turns_.contains(vcpus_[slot].rank)) {
            return;
        }
        Turn& turn = turns_[vcpus_[slot].rank];
        turn.over = turn.over || turn.holder == slot;
    }
    [[nodiscard]] State state(u8 slot) const { return vcpus_.at(slot).state; }

    Decision decide(u64 now) {
        if (running_ && !turns_[*running_].over) {
            turns_[*running_].used += now - since_;
        }
        since_ = now;
        for (unsigned n = 0; n < 8 && wake_one(now); ++n) {
        }
        running_ = top();
        if (!running_) {
            return {no_slot, first_deadline(ranks - 1)};
        }
        const u8 rank = *running_;
        const std::set<u8> ready = ready_of(rank);
        if (!turns_.contains(rank)) {
            turns_[rank] = {0, 0, true}; // as if slot 0 had run last
        }
        Turn& turn = turns_[rank];
        if (turn.over || (ready.size() > 1 && left(turn) == 0)) {
            const auto next = ready.upper_bound(turn.holder);
            turn = {next == ready.end() ? *ready.begin() : *next, 0, false};
        }
        const u64 rest = ready.size() > 1 ? left(turn) : never;
        return {VcpuSlot{turn.holder},
                std::min(first_deadline(rank), rest > never - now ? never : now + rest)};
    }

private:
    struct Vcpu {
        u8 rank;
        u64 slice;
        State state;
        u64 deadline;
    };
    struct Turn {
        u8 holder;
        u64 used;
        bool over;
    };

    [[nodiscard]] u64 left(const Turn& turn) const {
        const u64 slice = vcpus_.at(turn.holder).slice;
        return slice == never ? never : slice - std::min(slice, turn.used);
    }
    [[nodiscard]] std::set<u8> ready_of(u8 rank) const {
        std::set<u8> out;
        for (const auto& [slot, vcpu] : vcpus_) {
            if (vcpu.rank == rank && vcpu.state == State::ready) {
                out.insert(slot);
            }
        }
        return out;
    }
    [[nodiscard]] std::optional<u8> top() const {
        std::optional<u8> out;
        for (const auto& [slot, vcpu] : vcpus_) {
            if (vcpu.state == State::ready && (!out || vcpu.rank < *out)) {
                out = vcpu.rank;
            }
        }
        return out;
    }
    [[nodiscard]] u64 first_deadline(u32 rank) const {
        u64 out = never;
        for (const auto& [slot, vcpu] : vcpus_) {
            if (vcpu.state == State::waiting && vcpu.rank <= rank) {
                out = std::min(out, vcpu.deadline);
            }
        }
        return out;
    }
    bool wake_one(u64 now) {
        std::set<std::tuple<u8, u64, u8>> due;
        for (const auto& [slot, vcpu] : vcpus_) {
            if (vcpu.state == State::waiting && vcpu.deadline <= now) {
                due.insert({vcpu.rank, vcpu.deadline, slot});
            }
        }
        if (due.empty() || (top() && *top() < std::get<0>(*due.begin()))) {
            return false;
        }
        make_ready(std::get<2>(*due.begin()));
        return true;
    }

    std::map<u8, Vcpu> vcpus_;
    std::map<u8, Turn> turns_;  // of each rank that ever ran
    std::optional<u8> running_; // the rank that runs
    u64 since_ = 0;
};

} // namespace hyp
