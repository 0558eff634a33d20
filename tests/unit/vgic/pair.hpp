// SPDX-License-Identifier: Apache-2.0
// Two vCPUs of one VM, each loaded on a PE of its own: a timer each, one forwarded SPI and one of
// software that may be sent to either, SGIs to each other, two list registers. What one has for the
// other goes through the mailbox; the kick is a step of the other's, which may come late. The two may
// change their PEs at any time, with their timers, and each reads what only the other knows.
#pragma once

#include "hyp/core/vgic/apply.hpp"
#include "tests/unit/vgic/ghost.hpp"
#include "tests/unit/vgic/seams.hpp"

#include <string>
#include <vector>

namespace hyp::test {

// Of vCPU 0 or 1, as `who` of PairStep says; `edge` is the disk's.
enum class PairEvent : u8 {
    interrupt,
    kick,
    acknowledge,
    end,
    line_up,
    line_down,
    sgi,
    raise,
    route,
    toggle,
    edge,
    unpend,     // ICPENDR of both SPIs
    end_theirs, // EOImode 1: the DIR of an SPI that the other has dropped the priority of
    look,       // ISACTIVER and ISPENDR are read
    swap,       // the vCPUs change their PEs
    count,
};
inline constexpr std::array<const char*, static_cast<usize>(PairEvent::count)> pair_event_names{
    "interrupt", "kick",   "acknowledge", "end",    "line-up",    "line-down", "sgi", "raise",
    "route",     "toggle", "edge",        "unpend", "end-theirs", "look",      "swap"};
struct PairStep {
    PairEvent event = PairEvent::count;
    u8 who = 0;
};

template <GicGeneration Generation>
class Pair {
    static constexpr bool is_v2 = Generation == GicGeneration::v2;
    static constexpr unsigned list_registers = 2;
    using Model = model::Gic<2, 32, list_registers, 2>;
    using Driver = std::conditional_t<is_v2, GicV2<GicMmio<Model>, GicSys<Model>>,
                                      GicV3<GicMmio<Model>, GicSys<Model>>>;

public:
    explicit Pair(bool split_eoi = false);
    Pair(const Pair& other) { *this = other; }
    Pair& operator=(const Pair& other);

    [[nodiscard]] bool can(PairStep step) const;
    void perform(PairStep step);
    // From here with no further cause: everything is delivered, everything ends.
    void check_drained() const;
    [[nodiscard]] u64 hash() const;

    mutable const char* failure = nullptr;

private:
    struct One {
        bool line = false;
        bool timer_due = false;
        u8 sgis = 0;          // of the other's, as raises_
        bool sgi_due = false; // since the last acknowledge
        bool kicked = false;
        std::array<u16, 4> taken{};
        u8 taken_count = 0;
        // Of a read that has begun: what was true at some moment since. {was 0, was 1}, a bit per SPI.
        bool looks = false;
        std::array<u32, 2> active_seen{};
        std::array<u32, 2> pending_seen{};
    };

    [[nodiscard]] Driver driver(u8 who) {
        return Driver{GicMmio<Model>{&gic_, pe(who)}, GicSys<Model>{&gic_, pe(who)}};
    }
    // Where a vCPU is loaded.
    [[nodiscard]] u8 pe(unsigned who) const { return static_cast<u8>(swapped_ ? 1 - who : who); }
    [[nodiscard]] bool wants(u8 who) const { return gic_.irq(pe(who)) || gic_.fiq(pe(who)); }
    [[nodiscard]] bool signalled(u8 who) const { return gic_.virq(pe(who)) || gic_.vfiq(pe(who)); }
    [[nodiscard]] bool is_taken(unsigned who, u32 intid) const;
    void require(bool condition, const char* check) const {
        if (!condition && failure == nullptr) {
            failure = check;
        }
    }
    template <class Change>
    void observed(Change change);
    template <class Operation>
    void trap(u8 who, Operation operation);
    void interrupt(u8 who);
    void enter(u8 who);
    void take_kicks(u8 who);
    void acknowledge(u8 who);
    void end(u8 who);
    void configure(u8 who, PairEvent event);
    void unpend(u8 who);
    void end_theirs(u8 who);
    void look(u8 who);
    void note_truth(One& one) const;
    void swap();
    void check() const;
    [[nodiscard]] unsigned listed(VIntid vintid, unsigned who) const;
    [[nodiscard]] unsigned places_of(VIntid vintid, unsigned who) const;

    Model gic_{model::architecture(is_v2 ? model::Generation::v2 : model::Generation::v3)};
    VmIrqs vm_;
    std::array<VcpuIrqs, 2> irqs_;
    std::array<One, 2> one_{};
    u8 edges_due_ = 0;
    // Raised by the one while the other has it pending, it merges or comes once more: the kick or
    // the acknowledge may be first.
    u8 raises_ = 0;
    bool raised_ = false; // since the last acknowledge
    u8 edges_must_ = 0;   // of edges_due_: those that no ICPENDR may have taken back
    bool split_ = false;  // EOImode 1
    bool swapped_ = false;
    std::array<PrivateState, 2> held_{}; // of the PEs
};

} // namespace hyp::test

#include "tests/unit/vgic/pair_across.hpp"
#include "tests/unit/vgic/pair_checks.hpp"
#include "tests/unit/vgic/pair_paths.hpp"
