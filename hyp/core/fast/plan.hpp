// SPDX-License-Identifier: Apache-2.0
// The memo that lets a vector do without the slow path. The slow path is complete and alone decides;
// before each entry it leaves here, for each event, the words that it would write, or what says: ask
// me (zero; no_page; no_sgis). Trace, checked builds, pause and a hardware fault withdraw the plan; the vector tests no flag.
#pragma once

#include "hyp/core/regs/lr.hpp"
#include "hyp/core/vgic/sgi.hpp"
#include "hyp/core/vgic/vcpu_irqs.hpp"
#include "hyp/core/vgic/vdist_identity.hpp"

#include <array>

namespace hyp {

// HPFAR_EL2 of a stage-2 fault in the first page of the guest's GICD (hyp/vm.hpp, guest_map).
inline constexpr u64 gicd_hpfar = 0x0800'0000 >> 12U << 4U;

// Sixteen words that say: not ready.
inline constexpr Delivery no_sgis[16] = {};

// HPFAR_EL2 that no fault has. (0 is that of the first page, where a guest may touch nothing, too.)
inline constexpr u64 no_page = ~u64{0};

// IAR that no interrupt gives.
inline constexpr u32 no_bell = ~0U;

// Of the vCPU; the pCPU that has it loaded points to it. The first cache line serves physical interrupts,
// the second a guest's traps.
struct alignas(64) FastPlan {
    u64 timer_lr = 0; // what list register 0 gets when the virtual timer's interrupt arrives
    std::array<u32, device_homes> device{};    // a forwarded SPI's physical INTID
    std::array<u64, device_homes> device_lr{}; // what its home gets when it arrives
    Mailbox* own_box = nullptr;                // the vCPU's
    u32 not_bell = 0;                          // ~IAR of the SGI that says that it has direct post
    u32 siblings = 0;                          // vCPUs that SGIs can be sent to, bit each

    alignas(64) u64 gicd = 0;       // HPFAR_EL2 of an access to the guest's GICD
    const Delivery* sgis = nullptr; // the vCPU's words of its SGIs
    SharedWord* spis = nullptr;     // the VM's words of its SPIs
    u64 sgi_lr = 0;                 // list register of an SGI from itself, INTID and priority 0
    u64 sgi_to_self = 0;            // SGI request with this vCPU alone as target, INTID 0
    Mailbox* boxes = nullptr;       // the VM's, by vCPU
    std::array<u32, 4> registers{}; // GICD_CTLR, TYPER, IIDR, and what reads as zero
    friend constexpr bool operator==(const FastPlan&, const FastPlan&) = default;
};
static_assert(sizeof(FastPlan) == 128);

// Where a list register keeps the upper five bits of the priority.
[[nodiscard]] constexpr unsigned priority_shift(GicGeneration generation) {
    return generation == GicGeneration::v2 ? GichLr::PriorityHigh::lsb : IchLr::Priority::lsb + 3;
}

// The raw word of a list register, as the machine's GIC lays it out.
[[nodiscard]] constexpr u64 encode_raw(GicGeneration generation, const ListReg& lr) {
    return generation == GicGeneration::v2 ? encode_gich(lr).raw() : encode_ich(lr).raw();
}

// The group of the SGIs that the fast path sends: what guests use, and what ICC_SGI1R_EL1 asks for.
[[nodiscard]] constexpr Group sgi_group(GicGeneration generation) {
    return generation == GicGeneration::v2 ? Group::group0 : Group::group1;
}

// Why the plan must not be armed although the vCPU's state would allow it.
enum class FastPath : u8 { allowed, withdrawn };

// The list register's word of a forwarded interrupt with a home, or 0. Armed only if the slow path
// would, for the interrupt acknowledged, do exactly this: list it as pending in its home and change
// nothing else.
[[nodiscard]] inline u64 home_word(const VcpuIrqs& irqs, VIntid vintid, LrIndex home) {
    const Delivery now = irqs.at(vintid);
    if (!now.get<Delivery::Hardware>() || !irqs.is_eligible(vintid) ||
        !irqs.is_open(now.get<Delivery::Grp>()) || now.get<Delivery::Owed>() ||
        now.get<Delivery::Forced>() || now.get<Delivery::BySoftware>() || irqs.is_spilled(vintid)) {
        return 0;
    }
    const ListReg& there = irqs.in_hardware(home);
    const bool at_home = there.is_valid() && there.vintid() == vintid;
    if (irqs.is_listed(vintid) ? !at_home : there.is_valid()) {
        return 0;
    }
    return encode_raw(irqs.caps().generation,
                      ListReg::hardware(vintid, irqs.pintid_of(vintid), Priority{now.priority()},
                                        now.get<Delivery::Grp>()));
}

// SGIs of GICv3 between the vCPUs of a VM, none of which says more than its number.
inline void plan_siblings(FastPlan& plan, VcpuIrqs& irqs, u32 bell) {
    VmIrqs& vm = irqs.vm();
    Mailbox& own = vm.mailbox(irqs.self());
    if (own.bell() != 0) {
        plan.own_box = &own;
        plan.not_bell = ~bell;
        plan.boxes = &vm.mailbox(VcpuIndex{0});
        plan.siblings = ((1U << vm.vcpus()) - 1) & ~(1U << irqs.self().value);
    }
}

// Call after flush(); any later change of `irqs` makes the plan void. `affinity` is the vCPU's.
inline void make_plan(FastPlan& plan, VcpuIrqs& irqs, FastPath fast, Affinity affinity,
                      u32 bell = no_bell) {
    plan = FastPlan{};
    plan.gicd = no_page;
    plan.sgis = no_sgis;
    const VgicCaps& caps = irqs.caps();
    if (fast == FastPath::withdrawn) {
        return;
    }
    plan.gicd = gicd_hpfar;
    plan.registers = {vdist::ctlr(caps.generation, irqs.group_enables()),
                      vdist::typer(caps.generation, irqs.vm().vcpus()), vdist::iidr(), 0};
    plan.spis = irqs.vm().words();
    if (caps.quirk_no_reevaluation || !irqs.nothing_waits()) {
        return; // no list register may be written behind flush()'s back
    }
    plan.timer_lr = home_word(irqs, guest_vtimer, timer_home);
    for (u32 n = 0; n < device_homes; ++n) {
        const VIntid vintid = irqs.device_at_home(n);
        if (vintid.value() != 0) {
            plan.device_lr[n] = home_word(irqs, vintid, device_home(n));
            plan.device[n] = irqs.pintid_of(vintid).value();
        }
    }
    // A home that asks for an exit at its deactivation looks empty after it, and is still to be read.
    if (caps.list_registers > sgi_home.value &&
        irqs.in_hardware(sgi_home).notify() == EoiNotify::no &&
        irqs.vm().is_group_enabled(sgi_group(caps.generation)) &&
        irqs.is_open(sgi_group(caps.generation))) {
        plan.sgis = irqs.sgi_words();
        plan.sgi_to_self =
            caps.generation == GicGeneration::v2
                ? GicdSgir{}.with<GicdSgir::CpuTargetList>(1U << irqs.self().value).raw()
                : sgi_to(affinity);
        const ListReg sgi = ListReg::sgi(VIntid{0}, irqs.self().value, Priority{0},
                                         sgi_group(caps.generation), EoiNotify::no);
        plan.sgi_lr = encode_raw(caps.generation, sgi);
        plan_siblings(plan, irqs, bell);
    }
}

[[nodiscard]] inline FastPlan plan_for(VcpuIrqs& irqs, FastPath fast, Affinity affinity = {}) {
    FastPlan plan;
    make_plan(plan, irqs, fast, affinity);
    return plan;
}

} // namespace hyp
