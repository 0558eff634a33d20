// SPDX-License-Identifier: Apache-2.0
// Which vCPUs of a VM are on, as PSCI tells it (DEN 0022): one 32-bit word, four bits a vCPU, and the
// pure function that every change of it goes through. Every pCPU may change it, by compare-and-swap
// of next(). It is one word for all of them so that the change itself says whether it turned off the
// last one, and so that AFFINITY_INFO of several sees one moment.
//
//     off --claim--> claimed --publish--> on_pending --arrive--> on --turn_off--> off
//                                                       suspended <--suspend--^  |
//                                                           '------arrive-------->
//
// 'Claimed' belongs to the one caller of CPU_ON that won: it alone writes where the vCPU starts, and
// only then says on_pending. With two that both found it off, entry and context could be of two calls.
#pragma once

#include "hyp/core/base/shared_word.hpp"
#include "hyp/core/vgic/delivery.hpp"

#include <array>

namespace hyp {

enum class PowerState : u8 {
    off,
    claimed,    // off, and a CPU_ON is about to say where it starts
    on_pending, // its home pCPU is to enter it
    on,
    suspended, // by the power-down form of CPU_SUSPEND: it comes back through its entry point
};

// As a bit of PowerEvent's upper half.
[[nodiscard]] constexpr u32 from_state(PowerState state) {
    return 1U << (8 + static_cast<u8>(state));
}

// A change of one vCPU: in which states it may happen, and in the lower byte the state after it.
enum class PowerEvent : u32 {
    claim = from_state(PowerState::off) | static_cast<u8>(PowerState::claimed),
    publish = from_state(PowerState::claimed) | static_cast<u8>(PowerState::on_pending),
    arrive = from_state(PowerState::on_pending) | from_state(PowerState::suspended) |
             static_cast<u8>(PowerState::on),
    turn_off = from_state(PowerState::on) | static_cast<u8>(PowerState::off),
    suspend = from_state(PowerState::on) | static_cast<u8>(PowerState::suspended),
};

[[nodiscard]] constexpr bool may_happen(PowerEvent event, PowerState state) {
    return (static_cast<u32>(event) & from_state(state)) != 0;
}

// All vCPUs of a VM. Those that it does not have are off.
class PowerWord {
public:
    constexpr PowerWord() = default;
    explicit constexpr PowerWord(u32 raw) : raw_{raw} {}

    [[nodiscard]] constexpr u32 raw() const { return raw_; }
    [[nodiscard]] constexpr PowerState state(VcpuIndex vcpu) const {
        return static_cast<PowerState>(raw_ >> (4 * vcpu.value) & 0xfU);
    }
    [[nodiscard]] constexpr PowerWord with(VcpuIndex vcpu, PowerState state) const {
        const unsigned shift = 4U * vcpu.value;
        return PowerWord{(raw_ & ~(0xfU << shift)) | u32{static_cast<u8>(state)} << shift};
    }
    friend constexpr bool operator==(PowerWord, PowerWord) = default;

private:
    u32 raw_ = 0;
};
static_assert(max_vcpus * 4 <= 32);

// An event that may not happen in the vCPU's state changes nothing.
[[nodiscard]] constexpr PowerWord next(PowerWord word, PowerEvent event, VcpuIndex vcpu) {
    const PowerState after = static_cast<PowerState>(static_cast<u32>(event) & 0xffU);
    return may_happen(event, word.state(vcpu)) ? word.with(vcpu, after) : word;
}

// Where a vCPU starts, and what its x0 is then.
struct PowerStart {
    u64 entry = 0;
    u64 context = 0;
};

// What came of a CPU_ON.
enum class OnOutcome : u8 { started, on_pending, already_on };

// The power of one VM. `Word` and `Cell` are SharedWord and u64; tests have others, which stop at
// each access.
template <class Word, class Cell>
class BasicVmPower {
public:
    // vCPU 0 is on, the others off.
    explicit BasicVmPower(u8 vcpus) : vcpus_{vcpus} { restart(); }

    // As at the start. For a VM none of whose vCPUs runs.
    void restart() { word_.store(PowerWord{}.with(VcpuIndex{0}, PowerState::on).raw()); }

    [[nodiscard]] u8 vcpus() const { return vcpus_; }
    [[nodiscard]] PowerWord word() const { return PowerWord{word_.load()}; }

    // CPU_ON by any pCPU. `started`: the caller has to tell the home of `target`, which then calls
    // arrive(). Start and context are written before the release of `publish`, and the home reads
    // them after its acquire of on_pending. litmus: cpu-on
    [[nodiscard]] OnOutcome try_on(VcpuIndex target, PowerStart start) {
        switch (step(target, PowerEvent::claim).state(target)) {
        case PowerState::off: break;
        case PowerState::claimed:
        case PowerState::on_pending: return OnOutcome::on_pending;
        case PowerState::on:
        case PowerState::suspended: return OnOutcome::already_on;
        }
        write_start(target, start);
        step(target, PowerEvent::publish);
        return OnOutcome::started;
    }

    // By the home of `vcpu`, before it enters it afresh. False: there is nothing to start.
    [[nodiscard]] bool arrive(VcpuIndex vcpu, PowerStart& start) {
        if (!may_happen(PowerEvent::arrive, word().state(vcpu))) {
            return false;
        }
        start = {starts_[vcpu.value].entry, starts_[vcpu.value].context};
        step(vcpu, PowerEvent::arrive);
        return true;
    }

    // By the home of `self`, which is on. True: it was the last of its VM.
    [[nodiscard]] bool turn_off(VcpuIndex self) {
        return step(self, PowerEvent::turn_off) == PowerWord{}.with(self, PowerState::on);
    }

    // By the home of `self`, which is on. It comes back by arrive().
    void suspend(VcpuIndex self, PowerStart start) {
        write_start(self, start);
        step(self, PowerEvent::suspend);
    }

private:
    struct Cells {
        Cell entry{};
        Cell context{};
    };

    // What the word was before.
    PowerWord step(VcpuIndex vcpu, PowerEvent event) {
        u32 before = word_.load();
        PowerWord after = next(PowerWord{before}, event, vcpu);
        while (after.raw() != before && !word_.replace(before, after.raw())) {
            after = next(PowerWord{before}, event, vcpu);
        }
        return PowerWord{before};
    }
    void write_start(VcpuIndex vcpu, PowerStart start) {
        starts_[vcpu.value].entry = start.entry;
        starts_[vcpu.value].context = start.context;
    }

    std::array<Cells, max_vcpus> starts_{};
    Word word_{};
    u8 vcpus_;
};

using VmPower = BasicVmPower<SharedWord, u64>; // litmus: cpu-on, cpu-on-again

} // namespace hyp
