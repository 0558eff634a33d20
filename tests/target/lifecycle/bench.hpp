// SPDX-License-Identifier: Apache-2.0
// The bench that a check works at: a fresh forwarder, the stub guest to visit, the probe, and the
// list of what was not as expected.
#pragma once

#include "tests/target/common/print.hpp"
#include "tests/target/lifecycle/el1.hpp"
#include "tests/target/lifecycle/forwarder.hpp"
#include "tests/target/lifecycle/registers.hpp"

#include <array>
#include <span>
#include <string_view>

extern "C" {
hyp::u64 el1_enter(hyp::u64* registers);
[[noreturn]] void machine_off(hyp::u64 status);
}

namespace hyp::lifecycle {

// One value that was not what the architecture demands.
struct Finding {
    std::string_view item;
    u64 expected = 0;
    u64 got = 0;
};

class Findings {
public:
    void expect(std::string_view item, u64 expected, u64 got) {
        if (expected != got && count_ < found_.size()) {
            found_[count_++] = Finding{item, expected, got};
        }
    }
    // A figure to be printed, whatever it is.
    void note(std::string_view item, u64 got) {
        if (notes_ < noted_.size()) {
            noted_[notes_++] = Finding{item, got, got};
        }
    }
    [[nodiscard]] std::size_t count() const { return count_; }
    [[nodiscard]] std::span<const Finding> notes() const { return {noted_.data(), notes_}; }
    [[nodiscard]] const Finding& operator[](std::size_t n) const { return found_[n]; }
    // The finding about `item`, or null.
    [[nodiscard]] const Finding* find(std::string_view item) const {
        for (std::size_t n = 0; n < count_; ++n) {
            if (found_[n].item == item) {
                return &found_[n];
            }
        }
        return nullptr;
    }

private:
    std::array<Finding, 16> found_{};
    std::size_t count_ = 0;
    std::array<Finding, 8> noted_{};
    std::size_t notes_ = 0;
};

// The words of the oracle, restated: interrupt 27, priority 0xa0, list register 0, EOImode 1 at EL2.
struct Words {
    u64 lr_pending;
    u64 lr_active;
    u64 lr_done;
};
inline constexpr Words words_v2{0x9a006c1b, 0xaa006c1b, 0x8a006c1b};
inline constexpr Words words_v3{0x70a0001b0000001b, 0xb0a0001b0000001b, 0x30a0001b0000001b};
inline constexpr u64 apr_active = 0x100000; // one priority active, 0xa0
inline constexpr u64 all_empty = 0xf;       // ELRSR
inline constexpr u64 first_used = 0xe;      // ELRSR

// How a visit to EL1 ended.
enum class Stop : u8 { done, irq, overrun, trap };
struct Visit {
    Stop stop = Stop::done;
    u64 value = 0; // what the step returned, when done; ESR_EL2 of a trap
    u32 exits = 0; // IRQ exits
};

// What to do with a physical interrupt during a visit.
enum class Irqs : u8 { forward, hold };

// The machine as found, and which of its two ways the forwarder goes.
struct Setting {
    VgicCaps caps{};
    bool no_reevaluation = false; // the fault was found; caps say whether it is worked around
    bool active_per_cpu = false;  // an SPI's active bit made by ISACTIVER outlives a deactivation
    Mutation mutation = Mutation::none;
};

inline constexpr u32 storm = 1000; // exits after which a visit is given up

template <class G>
class Bench {
public:
    void set(const Setting& setting) { setting_ = setting; }
    [[nodiscard]] const Setting& setting() const { return setting_; }
    [[nodiscard]] bool works_around() const { return setting_.caps.quirk_no_reevaluation; }
    [[nodiscard]] const Words& words() const { return probe.v3() ? words_v3 : words_v2; }

    // Every check begins here: a machine as after boot, a guest with its CPU interface on.
    void start(u64 eoi_mode = 0, FastPath fast = FastPath::withdrawn) {
        forwarder.start(setting_.caps, setting_.mutation, fast);
        found.expect("GIC start", 1, forwarder.is_up() ? 1 : 0);
        (void)visit(Step::open, eoi_mode);
    }

    // Runs one step at EL1. Hold: the visit ends at the first physical interrupt, before anyone
    // acknowledged it, and go_on() continues it. A step that has come to its end cannot go on.
    Visit visit(Step step, u64 argument = 0, Irqs irqs = Irqs::forward, u32 limit = storm) {
        frame_ = {};
        frame_[0] = static_cast<u64>(step);
        frame_[1] = argument;
        constexpr u64 el1h_masked = 0x3c5;
        sysreg::write<sysreg::elr_el2>(reinterpret_cast<u64>(&el1_begin));
        sysreg::write<sysreg::spsr_el2>(el1h_masked);
        finished_ = false;
        return go_on(irqs, limit);
    }
    Visit go_on(Irqs irqs = Irqs::forward, u32 limit = storm) {
        if (finished_) {
            found.expect("unfinished", 1, 0);
            return Visit{};
        }
        constexpr u64 synchronous = 1;
        constexpr u64 irq = 2;
        Visit visit;
        for (;;) {
            const u64 kind = el1_enter(frame_.data());
            if (kind == synchronous && trap_allowed_ && is_sysreg_trap()) {
                visit.stop = Stop::trap;
                visit.value = sysreg::read<sysreg::esr_el2>();
                return visit;
            }
            if (kind == synchronous) {
                require_call();
                finished_ = true;
                visit.value = frame_[0];
                return visit;
            }
            if (kind != irq) {
                give_up("an FIQ or SError from EL1");
            }
            ++visit.exits;
            if (irqs == Irqs::hold || visit.exits >= limit) {
                visit.stop = irqs == Irqs::hold ? Stop::irq : Stop::overrun;
                return visit;
            }
            forwarder.on_irq();
        }
    }
    // A step whose system register access must trap. The value of its register is rt(); skip() goes
    // on behind it.
    Visit trap(Step step, u64 argument = 0) {
        trap_allowed_ = true;
        const Visit stopped = visit(step, argument, Irqs::hold);
        trap_allowed_ = false;
        found.expect("stop", static_cast<u64>(Stop::trap), static_cast<u64>(stopped.stop));
        return stopped;
    }
    [[nodiscard]] u64 rt(u64 esr) const {
        const u64 number = esr >> 5 & 0x1f;
        return number == 31 ? 0 : frame_[number];
    }
    Visit skip() {
        sysreg::write<sysreg::elr_el2>(sysreg::read<sysreg::elr_el2>() + 4);
        return go_on();
    }
    // A hypercall with EL2's whole slow path behind it.
    void call() {
        (void)visit(Step::nothing);
        forwarder.on_call();
    }
    // The guest's IAR.
    [[nodiscard]] u64 guest_iar() { return visit(Step::acknowledge).value; }

    // The timer's interrupt forwarded to the list register, the line still high.
    void list_timer() {
        const Visit held = visit(Step::arm, 0, Irqs::hold);
        found.expect("IRQ exit", static_cast<u64>(Stop::irq), static_cast<u64>(held.stop));
        forwarder.on_irq();
        (void)go_on();
    }

    // --- what is looked at, by the names of the oracle
    void expect(std::string_view item, u64 expected, u64 got) { found.expect(item, expected, got); }
    void note(std::string_view item, u64 got) { found.note(item, got); }
    void expect_physical(u64 pending, u64 active, u64 signalled) {
        expect("P", pending, probe.pending());
        expect("A", active, probe.active());
        expect("ISR.I", signalled, probe.signalled());
    }
    void expect_lr(u64 word) { expect("LR0", word, probe.lr0()); }
    // The work-around's own list register is the last one.
    void expect_elrsr(u64 expected) {
        const u64 mask = works_around() ? 0x7 : 0xf;
        expect("ELRSR", expected & mask, probe.elrsr() & mask);
    }
    void expect_apr(u64 expected) { expect("vAPR", expected, probe.apr()); }

    Forwarder<G> forwarder{};
    Probe probe{};
    Registers registers{};
    Findings found{};

private:
    [[noreturn]] void give_up(std::string_view what) {
        target::print("lifecycle: FAIL, ", what, ", ESR_EL2 ",
                      target::Hex{sysreg::read<sysreg::esr_el2>()}, " ELR_EL1 ",
                      target::Hex{sysreg::read<sysreg::elr_el1>()}, " ESR_EL1 ",
                      target::Hex{sysreg::read<sysreg::esr_el1>()}, "\n");
        constexpr u64 status_defect = 5;
        machine_off(status_defect);
    }
    [[nodiscard]] static bool is_sysreg_trap() {
        constexpr u64 system_register = 0x18; // EC
        return sysreg::read<sysreg::esr_el2>() >> 26 == system_register;
    }
    void require_call() {
        constexpr u64 hvc_0 = 0x5a000000; // EC 0x16, IL, immediate 0
        if (sysreg::read<sysreg::esr_el2>() != hvc_0) {
            give_up("EL1 took an exception");
        }
    }

    Setting setting_{};
    bool trap_allowed_ = false;
    bool finished_ = false; // the last step came to its end
    std::array<u64, 31> frame_{};
};

} // namespace hyp::lifecycle
