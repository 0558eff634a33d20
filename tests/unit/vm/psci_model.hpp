// SPDX-License-Identifier: Apache-2.0
// DEN 0022 as one reads it: a model that knows a vCPU by its affinity fields and each state by name,
// and the product beside it.
#pragma once

#include "hyp/core/vm/psci.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <vector>

namespace hyp::test {

inline constexpr IpaRange ram{Ipa{0x4000'0000}, 0x1'0000'0000};
inline constexpr u64 good_entry = 0x4008'0000;
inline constexpr u64 no = ~u64{0}; // NOT_SUPPORTED
inline constexpr u64 invalid = ~u64{0} - 1;
inline constexpr u64 already_on = ~u64{0} - 3;
inline constexpr u64 on_pending = ~u64{0} - 4;
inline constexpr u64 bad_address = ~u64{0} - 8;
inline constexpr u64 upper = 0xdead'beef'0000'0000; // what a 32-bit call does not see

struct Expected {
    CallAction action = CallAction::answer;
    u64 value = 0;
    u8 target = 0;
};

struct PsciModel {
    enum class State { off, pending, on, suspended };
    std::vector<State> state;
    std::map<unsigned, std::pair<u64, u64>> start; // of those that are pending or suspended

    explicit PsciModel(unsigned vcpus) : state(vcpus, State::off) { state[0] = State::on; }

    [[nodiscard]] static bool is_entry(u64 entry) {
        return entry >= 0x4000'0000 && entry < 0x1'4000'0000 && entry % 4 == 0;
    }
    // The vCPUs that `affinity` means at `level`.
    [[nodiscard]] std::set<unsigned> named(u64 affinity, u64 level) const {
        std::set<unsigned> found;
        if ((affinity >> 24 & 0xff) != 0 || affinity >> 40 != 0 || level > 3) {
            return found;
        }
        const u64 wanted[4] = {affinity & 0xff, affinity >> 8 & 0xff, affinity >> 16 & 0xff,
                               affinity >> 32 & 0xff};
        for (unsigned n = 0; n < state.size(); ++n) {
            const u64 fields[4] = {n, 0, 0, 0};
            bool same = true;
            for (u64 field = level; field < 4; ++field) {
                same = same && fields[field] == wanted[field];
            }
            if (same) {
                found.insert(n);
            }
        }
        return found;
    }
    [[nodiscard]] Expected cpu_on(u64 affinity, u64 entry, u64 context) {
        const std::set<unsigned> who = named(affinity, 0);
        if (who.size() != 1) {
            return {CallAction::answer, invalid};
        }
        const unsigned n = *who.begin();
        switch (state[n]) {
        case State::on:
        case State::suspended: return {CallAction::answer, already_on};
        case State::pending: return {CallAction::answer, on_pending};
        case State::off: break;
        }
        if (!is_entry(entry)) {
            return {CallAction::answer, bad_address};
        }
        state[n] = State::pending;
        start[n] = {entry, context};
        return {CallAction::start_cpu, 0, static_cast<u8>(n)};
    }
    [[nodiscard]] Expected suspend(unsigned self, u64 power_state, u64 entry, u64 context) {
        if ((power_state >> 17 & 0x7f) != 0 || power_state >> 24 != 0) {
            return {CallAction::answer, invalid};
        }
        if ((power_state >> 16 & 1) == 0) {
            return {CallAction::wait, 0};
        }
        if (!is_entry(entry)) {
            return {CallAction::answer, bad_address};
        }
        state[self] = State::suspended;
        start[self] = {entry, context};
        return {CallAction::suspend_power_down, 0};
    }
    [[nodiscard]] Expected info(u64 affinity, u64 level) const {
        const std::set<unsigned> who = named(affinity, level);
        bool on = false;
        bool pending = false;
        for (const unsigned n : who) {
            on = on || state[n] == State::on || state[n] == State::suspended;
            pending = pending || state[n] == State::pending;
        }
        return {CallAction::answer, who.empty() ? invalid : u64{on ? 0U : (pending ? 2U : 1U)}};
    }
    [[nodiscard]] Expected off(unsigned self) {
        state[self] = State::off;
        for (const State each : state) {
            if (each != State::off) {
                return {CallAction::cpu_off, no};
            }
        }
        return {CallAction::system_off, no};
    }
    [[nodiscard]] static u64 features(u32 of) {
        static const std::set<u32> known{0x8400'0000, 0x8400'0001, 0xc400'0001, 0x8400'0002,
                                         0x8400'0003, 0xc400'0003, 0x8400'0004, 0xc400'0004,
                                         0x8400'0006, 0x8400'0008, 0x8400'0009, 0x8400'000a,
                                         0x8400'0012, 0xc400'0012, 0x8000'0000};
        return known.count(of) != 0 ? 0 : no;
    }
    [[nodiscard]] Expected call(unsigned self, u64 x0, u64 x1, u64 x2, u64 x3) {
        const u32 w1 = static_cast<u32>(x1);
        const u32 w2 = static_cast<u32>(x2);
        switch (static_cast<u32>(x0)) {
        case 0x8400'0000: return {CallAction::answer, 0x1'0001};
        case 0x8400'0001: return suspend(self, w1, w2, static_cast<u32>(x3));
        case 0xc400'0001: return suspend(self, w1, x2, x3);
        case 0x8400'0002: return off(self);
        case 0x8400'0003: return cpu_on(w1, w2, static_cast<u32>(x3));
        case 0xc400'0003: return cpu_on(x1, x2, x3);
        case 0x8400'0004: return info(w1, w2);
        case 0xc400'0004: return info(x1, w2);
        case 0x8400'0006: return {CallAction::answer, 2};
        case 0x8400'0008: return {CallAction::system_off, no};
        case 0x8400'0009: return {CallAction::reset, no};
        case 0x8400'000a: return {CallAction::answer, features(w1)};
        case 0x8400'0012:
        case 0xc400'0012:
            return w1 == 0 ? Expected{CallAction::reset, no}
                           : Expected{CallAction::answer, invalid};
        case 0x8000'0000: return {CallAction::answer, 0x1'0001};
        case 0x8000'0001:
            return {CallAction::answer, w1 == 0x8000'0000 || w1 == 0x8000'0001 ? 0 : no};
        case 0xc600'0001: return {CallAction::verdict, 0};
        case 0xc600'0002: return {CallAction::answer, 0};
        case 0xc600'0003: return {CallAction::yield, 0};
        default: return {CallAction::answer, no};
        }
    }
};

[[nodiscard]] inline PowerState product_state(PsciModel::State state) {
    switch (state) {
    case PsciModel::State::off: return PowerState::off;
    case PsciModel::State::pending: return PowerState::on_pending;
    case PsciModel::State::on: return PowerState::on;
    case PsciModel::State::suspended: return PowerState::suspended;
    }
    return PowerState::claimed;
}

// Product and model side by side.
struct PsciPair {
    VmPower power;
    PsciModel model;

    explicit PsciPair(u8 vcpus) : power{vcpus}, model{vcpus} {}

    void call(unsigned self, u64 x0, u64 x1, u64 x2, u64 x3) {
        const Caller caller{power, VcpuIndex{static_cast<u8>(self)}, ram, {}};
        const CallOutcome real = guest_call(caller, x0, x1, x2, x3);
        const Expected wanted = model.call(self, x0, x1, x2, x3);
        if (real.action != wanted.action || real.value != wanted.value ||
            real.target.value != wanted.target || !same()) {
            CAPTURE(self, x0, x1, x2, x3);
            REQUIRE(real.action == wanted.action);
            REQUIRE(real.value == wanted.value);
            REQUIRE(unsigned{real.target.value} == unsigned{wanted.target});
            REQUIRE(same());
        }
    }
    [[nodiscard]] bool same() const {
        for (unsigned n = 0; n < model.state.size(); ++n) {
            if (power.word().state(VcpuIndex{static_cast<u8>(n)}) !=
                product_state(model.state[n])) {
                return false;
            }
        }
        return true;
    }
    // The home pCPU of `n` enters it.
    void arrive(unsigned n) {
        PowerStart start;
        const bool starts = model.state[n] == PsciModel::State::pending ||
                            model.state[n] == PsciModel::State::suspended;
        const bool did = power.arrive(VcpuIndex{static_cast<u8>(n)}, start);
        if (did != starts || (starts && std::pair{start.entry, start.context} != model.start[n])) {
            CAPTURE(n, start.entry, start.context);
            REQUIRE(did == starts);
            REQUIRE(start.entry == model.start[n].first);
            REQUIRE(start.context == model.start[n].second);
        }
        model.state[n] = starts ? PsciModel::State::on : model.state[n];
    }
};

// A VM of `vcpus` whose vCPU 0 is on and whose vCPU `other` is in `state`.
[[nodiscard]] inline PsciPair psci_pair(u8 vcpus, unsigned other, PsciModel::State state) {
    PsciPair pair{vcpus};
    if (state != PsciModel::State::off) {
        pair.call(0, 0xc400'0003, other, good_entry, 7);
    }
    if (state == PsciModel::State::on || state == PsciModel::State::suspended) {
        pair.arrive(other);
    }
    if (state == PsciModel::State::suspended) {
        pair.call(other, 0xc400'0001, 0x1'0000, good_entry + 8, 9);
    }
    return pair;
}

} // namespace hyp::test
