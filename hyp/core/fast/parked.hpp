// SPDX-License-Identifier: Apache-2.0
// A vCPU whose interrupts need no decision is switched by its list registers as words: VcpuIrqs stays
// as it was at its last entry, and what the guest did since is in the words, as it would be in the
// hardware. Whoever asks VcpuIrqs anything has the words synced first (settle() of hyp/world.hpp).
#pragma once

#include "hyp/core/regs/lr.hpp"
#include "hyp/core/vgic/vcpu_irqs.hpp"

#include <array>

namespace hyp {

inline constexpr u32 parked_list_registers = 4;

// What the virtual interface of a vCPU held that was put as words. Owned by its home pCPU.
struct ParkedInterface {
    std::array<u64, parked_list_registers> words{}; // list registers
    u64 vmcr = 0;
    u64 apr = 0; // ICH_AP1R0_EL2; GICv2's APR
    u64 apr0 = 0;
    u64 is_parked = 0;
};

// Whether `irqs`, as flush() left it, may be put and loaded as words: nothing waits outside, no exit is
// asked for, and of the PPIs only the virtual timer's is anywhere, at home.
[[nodiscard]] inline bool is_quiet(const VcpuIrqs& irqs) {
    const VgicCaps& caps = irqs.caps();
    const bool watches = irqs.control().watch_deactivate;
    constexpr u32 other_ppis = 0xffff'0000U & ~(1U << guest_vtimer.value());
    if (caps.quirk_no_reevaluation || caps.list_registers > parked_list_registers ||
        !irqs.nothing_waits() ||
        irqs.control() != VirtControl{.enable = true, .watch_deactivate = watches} ||
        (irqs.present_word(0) & other_ppis) != 0) {
        return false;
    }
    const ListReg& home = irqs.in_hardware(timer_home);
    bool quiet = !home.is_valid() || home.vintid() == guest_vtimer;
    for (u8 n = 0; n < caps.list_registers; ++n) {
        const ListReg& lr = irqs.in_hardware(LrIndex{n});
        const bool astray = lr.is_valid() && lr.vintid() == guest_vtimer && n != timer_home.value;
        quiet = quiet && !astray && lr.notify() == EoiNotify::no;
    }
    return quiet;
}

// State of a list register as a word.
[[nodiscard]] constexpr LrState state_of_word(GicGeneration generation, u64 word) {
    return generation == GicGeneration::v2 ? GichLr{static_cast<u32>(word)}.get<GichLr::State>()
                                           : IchLr{word}.get<IchLr::State>();
}

// The timer's list register for a quiet vCPU that is loaded, whose home holds the timer or nothing.
// `line`: its line will be up once it runs. `plan_word`: FastPlan::timer_lr. False: it is pending now,
// but not to be listed like this.
[[nodiscard, gnu::always_inline]] inline bool load_timer_word(u64& word, LrState state, bool line,
                                                              u64 plan_word) {
    if (state == LrState::pending && !line) {
        word = 0; // withdrawn, as a level is
    } else if (state == LrState::invalid && line) {
        word = plan_word;
        return plan_word != 0;
    }
    return true;
}

} // namespace hyp
