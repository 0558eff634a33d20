// SPDX-License-Identifier: Apache-2.0
// Traps of a guest that the vector did not finish itself, tried on x0 to x15 before they become slow
// ones (the Makefile keeps the compiler off the others): hyp/core/fast/trap.hpp decides, here is
// what the instruction asked for.
// Leaves by a tail jump, with SP and the frame as they were found, but for a result in the frame.
#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/core/fast/trap.hpp"

extern "C" {
void skip_and_return(hyp::ExitFrame* frame);
void slow_rest_v2(hyp::ExitFrame* frame);
void slow_rest_v3(hyp::ExitFrame* frame);
void fast_sync_v2(hyp::ExitFrame* frame);
void fast_sync_v3(hyp::ExitFrame* frame);
}

namespace hyp {

namespace {

namespace reg = sysreg;

// ESR_EL2 of a data abort by a 32-bit load or store (DDI 0487, ISS of a Data Abort). Its upper
// eleven bits: the class, IL, ISV, SAS = word, SSE = 0. ISV says that it is neither cache maintenance
// nor a walk. The status: a translation fault at any level, for which FAR and HPFAR are valid.
constexpr u32 word_access = 0x24U << 5U | 1U << 4U | 1U << 3U | 2U << 1U;
constexpr u32 translation_mask = 0x3c;
constexpr u32 translation_fault = 4;
constexpr u32 is_write = 1U << 6U;

// ... of a trapped write of ICC_SGI1R_EL1, whatever register it takes.
constexpr u32 sgi1r_mask = ~0x3e0U;
constexpr u32 sgi1r_write = 0x623a'3016;

// Only x0 to x15 are in the frame: the upper bit of the register's number says slow.
constexpr u32 upper_srt = 1U << 20U;
constexpr u32 upper_rt = 1U << 9U;

// The plan's place is a constant that the compiler would load anew for each member.
[[nodiscard, gnu::always_inline]] inline const FastPlan& plan_here() {
    const FastPlan* plan = &current_plan();
    asm("" : "+r"(plan));
    return *plan;
}

template <class G>
[[nodiscard, gnu::always_inline]] inline bool try_distributor(ExitFrame& frame, u32 esr) {
    const FastPlan& plan = plan_here();
    const u32 rt = esr >> 16U & 15U;
    if ((esr & upper_srt) != 0 || reg::read<reg::hpfar_el2>() != plan.gicd) {
        return false;
    }
    const u32 offset = static_cast<u32>(reg::read<reg::far_el2>()) & 0xfffU;
    if ((esr & is_write) == 0) {
        return fast_gicd_read(plan, offset, frame.x[rt]);
    }
    const u64 value = frame.x[rt];
    if constexpr (G::generation == GicGeneration::v2) {
        if (offset == static_cast<u32>(GicdReg::sgir)) {
            return fast_sgi(G{{}, {}}, plan, value);
        }
    }
    return fast_enable(plan, offset, static_cast<u32>(value));
}

template <class G>
[[nodiscard, gnu::always_inline]] inline bool try_trap(ExitFrame& frame) {
    const u32 esr = static_cast<u32>(reg::read<reg::esr_el2>());
    if (esr >> 21U == word_access) {
        return (esr & translation_mask) == translation_fault && try_distributor<G>(frame, esr);
    }
    if (G::generation == GicGeneration::v3 && (esr & sgi1r_mask) == sgi1r_write) {
        const u32 rt = esr >> 5U & 15U;
        return (esr & upper_rt) == 0 && fast_sgi(G{{}, {}}, plan_here(), frame.x[rt]);
    }
    return false;
}

} // namespace

} // namespace hyp

void fast_sync_v2(hyp::ExitFrame* frame) {
    if (hyp::try_trap<hyp::GicV2<hyp::TargetMmio, hyp::TargetSysReg>>(*frame)) {
        skip_and_return(frame);
    } else {
        slow_rest_v2(frame);
    }
}

void fast_sync_v3(hyp::ExitFrame* frame) {
    if (hyp::try_trap<hyp::GicV3<hyp::TargetMmio, hyp::TargetSysReg>>(*frame)) {
        skip_and_return(frame);
    } else {
        slow_rest_v3(frame);
    }
}
