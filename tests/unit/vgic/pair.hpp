// SPDX-License-Identifier: Apache-2.0
// Two vCPUs of one VM, each loaded on a PE of its own: a timer each, one forwarded SPI and one of
// software that may be sent to either, SGIs to each other, two list registers. What one has for the
// other goes through the mailbox; the kick is a step of the other's, which may come late.
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
    count,
};
inline constexpr std::array<const char*, static_cast<usize>(PairEvent::count)> pair_event_names{
    "interrupt", "kick",  "acknowledge", "end",    "line-up", "line-down",
    "sgi",       "raise", "route",       "toggle", "edge"};
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
    Pair();
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
    };

    [[nodiscard]] Driver driver(u8 who) {
        return Driver{GicMmio<Model>{&gic_, who}, GicSys<Model>{&gic_, who}};
    }
    [[nodiscard]] bool wants(u8 who) const { return gic_.irq(who) || gic_.fiq(who); }
    [[nodiscard]] bool signalled(u8 who) const { return gic_.virq(who) || gic_.vfiq(who); }
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
    void acknowledge(u8 who);
    void end(u8 who);
    void configure(u8 who, PairEvent event);
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
};

} // namespace hyp::test

#include "tests/unit/vgic/pair_checks.hpp"
#include "tests/unit/vgic/pair_paths.hpp"
