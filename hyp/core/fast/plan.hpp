// SPDX-License-Identifier: Apache-2.0
// The memo that lets a vector do without the slow path. The slow path is complete and alone decides;
// before each entry it leaves here, for each event, the word that it would write. Zero means: ask
// me. Trace, checked builds, pause and a hardware fault withdraw the plan; the vector tests no flag.
#pragma once

#include "hyp/core/regs/lr.hpp"
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

// One cache line of the vCPU, or of the pCPU that has it loaded.
struct alignas(64) FastPlan {
    u64 timer_lr = 0; // what list register 0 gets when the virtual timer's interrupt arrives
    u64 ack = 0;      // IAR as the vector read it, for the slow path: reading acknowledges
    friend constexpr bool operator==(const FastPlan&, const FastPlan&) = default;
};
static_assert(sizeof(FastPlan) == 64);

// The raw word of a list register, as the machine's GIC lays it out.
[[nodiscard]] constexpr u64 encode_raw(GicGeneration generation, const ListReg& lr) {
    return generation == GicGeneration::v2 ? encode_gich(lr).raw() : encode_ich(lr).raw();
}

// Why the plan must not be armed although the vCPU's state would allow it.
enum class FastPath : u8 { allowed, withdrawn };

// The list register in which the virtual timer lives while the plan is armed.
inline constexpr LrIndex timer_home{0};

// The word for list register 0, or 0. Armed only if the slow path would, for an acknowledged timer
// interrupt, do exactly this: list it as pending in its home and change nothing else. Call after
// flush(); any later change of `irqs` makes the plan void.
[[nodiscard]] inline u64 timer_plan(const VcpuIrqs& irqs, FastPath fast) {
    const VIntid timer = guest_vtimer;
    if (fast == FastPath::withdrawn || irqs.caps().quirk_no_reevaluation ||
        !irqs.is_hardware(timer) || !irqs.is_eligible(timer) || !irqs.nothing_waits() ||
        irqs.is_owed(timer) || irqs.is_spilled(timer) || irqs.is_forced(timer)) {
        return 0;
    }
    const ListReg& home = irqs.in_hardware(timer_home);
    const bool at_home = home.is_valid() && home.vintid() == timer;
    if (irqs.is_listed(timer) ? !at_home : home.is_valid()) {
        return 0;
    }
    const ListReg lr = ListReg::hardware(timer, irqs.pintid_of(timer),
                                         Priority{irqs.priority(timer)}, irqs.group(timer));
    return encode_raw(irqs.caps().generation, lr);
}

[[nodiscard]] inline FastPlan plan_for(const VcpuIrqs& irqs, FastPath fast) {
    FastPlan plan;
    plan.timer_lr = timer_plan(irqs, fast);
    return plan;
}

} // namespace hyp
