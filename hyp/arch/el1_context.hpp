// SPDX-License-Identifier: Apache-2.0
// What a vCPU has in the CPU beside general registers, GIC, timers and FP, and how it is exchanged.
// One list makes the structure, the save and the load; README.md here has the same list, and
// tests/build/test_world.py compares them. The forms here are for a path that counts instructions;
// save_world() and load_world() are the same, once, out of line.
#pragma once

#include "hyp/arch/sysreg.hpp"
#include "hyp/core/regs/spsr.hpp"

#include <cstddef>

namespace hyp {

// In pairs, for LDP and STP; by the names that the assembler knows. TCR_EL1 and SCTLR_EL1 are the
// last: they are loaded in an order of their own.
#define HYP_EL1_PAIRS(PAIR)                                                                        \
    PAIR(elr_el2, spsr_el2) /* where the vCPU goes on */                                           \
    PAIR(ttbr0_el1, ttbr1_el1)                                                                     \
    PAIR(mair_el1, vbar_el1)                                                                       \
    PAIR(cpacr_el1, contextidr_el1)                                                                \
    PAIR(tpidr_el0, tpidrro_el0)                                                                   \
    PAIR(tpidr_el1, par_el1)                                                                       \
    PAIR(elr_el1, spsr_el1)                                                                        \
    PAIR(sp_el0, sp_el1)                                                                           \
    PAIR(esr_el1, far_el1)                                                                         \
    PAIR(csselr_el1, cntkctl_el1)
#define HYP_WALK_PAIR(PAIR) PAIR(tcr_el1, sctlr_el1)
// RAZ/WI on most CPUs; switched where a probe finds that they keep a value.
#define HYP_AUXILIARY(ONE) ONE(afsr0_el1) ONE(afsr1_el1) ONE(amair_el1)
// EL2's registers that differ from vCPU to vCPU: loaded, never saved.
#define HYP_CONFINEMENT_PAIRS(PAIR)                                                                \
    PAIR(vttbr_el2, hcr_el2)                                                                       \
    PAIR(vpidr_el2, vmpidr_el2)                                                                    \
    PAIR(cntvoff_el2, cnthctl_el2)

#define HYP_MEMBER(reg) u64 reg = 0;
#define HYP_MEMBERS(first, second) HYP_MEMBER(first) HYP_MEMBER(second)

// A vCPU's, while it is not loaded. Owned by its home pCPU.
struct El1Context {
    HYP_EL1_PAIRS(HYP_MEMBERS)
    HYP_WALK_PAIR(HYP_MEMBERS)
    HYP_AUXILIARY(HYP_MEMBER)
};

// How EL2 keeps a vCPU within its VM: address space, traps, identity, time. HCR_EL2 as it is loaded:
// with PAuth closed (pauth.hpp). What is the same for all vCPUs is set once on each pCPU, by
// configure_pcpu(); CPTR_EL2 changes with FP only (fp.hpp).
struct Confinement {
    HYP_CONFINEMENT_PAIRS(HYP_MEMBERS)
};

#undef HYP_MEMBERS
#undef HYP_MEMBER

inline constexpr u64 sctlr_el1_off = 0x30d0'0800; // RES1; MMU and caches off (DDI 0487)

// A vCPU at reset or PSCI CPU_ON: EL1, everything masked, MMU off, at `entry`. All else is UNKNOWN
// in the architecture and zero here, so that nothing is left of another vCPU.
[[nodiscard]] constexpr El1Context reset_context(u64 entry) {
    El1Context context{};
    context.elr_el2 = entry;
    context.spsr_el2 = spsr_vcpu_reset.raw();
    context.sctlr_el1 = sctlr_el1_off;
    return context;
}

// What this machine's CPUs have beyond the list: a set of bits, found by probe_world().
namespace world_extra {
inline constexpr u32 auxiliary = 1; // HYP_AUXILIARY
inline constexpr u32 deferred =
    2;                           // RAS: what DISR_EL1 accesses reach, VDISR_EL2, is cleared at load
inline constexpr u32 tpidr2 = 4; // SME without fine-grained traps: TPIDR2_EL0 is cleared at load
} // namespace world_extra
extern u32 world_extras;

// Adds what the executing pCPU has to `world_extras`. Before the first load on it.
void probe_world();

// The rare registers; called by the functions below where `world_extras` is not 0.
void save_extras(El1Context& to);
void load_extras(const El1Context& from);

#define HYP_SAVE(first, second)                                                                    \
    {                                                                                              \
        static_assert(offsetof(El1Context, second) == offsetof(El1Context, first) + 8);            \
        u64 a;                                                                                     \
        u64 b;                                                                                     \
        asm volatile("mrs %0, " #first "\n\tmrs %1, " #second "\n\tstp %0, %1, [%2, %3]"           \
                     : "=&r"(a), "=&r"(b)                                                          \
                     : "r"(&to), "i"(offsetof(El1Context, first))                                  \
                     : "memory");                                                                  \
    }
#define HYP_LOAD(Type, from, first, second, then)                                                  \
    {                                                                                              \
        static_assert(offsetof(Type, second) == offsetof(Type, first) + 8);                        \
        u64 a;                                                                                     \
        u64 b;                                                                                     \
        asm volatile("ldp %0, %1, [%2, %3]\n\tmsr " #second ", %1\n\t" then "msr " #first ", %0"   \
                     : "=&r"(a), "=&r"(b)                                                          \
                     : "r"(&(from)), "i"(offsetof(Type, first))                                    \
                     : "memory");                                                                  \
    }
#define HYP_LOAD_EL1(first, second) HYP_LOAD(El1Context, from, first, second, "")
#define HYP_LOAD_WALK(first, second) HYP_LOAD(El1Context, from, first, second, "isb\n\t")
#define HYP_LOAD_CONFINEMENT(first, second) HYP_LOAD(Confinement, confinement, first, second, "")

// Keeps what the loaded vCPU has. Leaves the registers as they are.
[[gnu::always_inline]] inline void save_el1(El1Context& to) {
    HYP_EL1_PAIRS(HYP_SAVE)
    HYP_WALK_PAIR(HYP_SAVE)
    if (world_extras != 0) [[unlikely]] {
        save_extras(to);
    }
}

// No table walk for EL1 can start until load_el1() ends: EPD0 and EPD1, and then the MMU on, so that
// there is no flat mapping either. Cortex-A57 1319367, A72 1319537, A76 1165522, A55 1530923: an AT
// instruction that EL2 executes speculatively walks with whatever these registers hold, and what it
// finds with one vCPU's tables and another one's VMID would stay in the TLB. (A53 has no such fault.)
[[gnu::always_inline]] inline void stop_walks() {
    constexpr u64 epd0_epd1 = 0x80'0080;
    constexpr u64 sctlr_m = 1;
    asm volatile("msr tcr_el1, %0" ::"r"(epd0_epd1) : "memory");
    barrier::isb(); // no walk any more, before the MMU may come on with stale tables
    asm volatile("msr sctlr_el1, %0" ::"r"(sctlr_el1_off | sctlr_m) : "memory");
    barrier::isb(); // nor a flat mapping, before the first register of another vCPU
}

// Loads a vCPU in place of the one that was saved. In effect with the ERET that follows.
[[gnu::always_inline]] inline void load_el1(const El1Context& from,
                                            const Confinement& confinement) {
    stop_walks();
    HYP_CONFINEMENT_PAIRS(HYP_LOAD_CONFINEMENT)
    HYP_EL1_PAIRS(HYP_LOAD_EL1)
    if (world_extras != 0) [[unlikely]] {
        load_extras(from);
    }
    barrier::isb(); // VMID, tables and attributes are the vCPU's before a walk can start,
    HYP_WALK_PAIR(HYP_LOAD_WALK) // and its MMU is on or off (SCTLR) before TCR allows one
}

#undef HYP_SAVE
#undef HYP_LOAD
#undef HYP_LOAD_EL1
#undef HYP_LOAD_WALK
#undef HYP_LOAD_CONFINEMENT

// The same, out of line.
void save_world(El1Context& to);
void load_world(const El1Context& from, const Confinement& confinement);

// After load_el1(), when another vCPU of the same VM was the last of that VM on this pCPU: the two
// have one VMID, but their ASIDs and what they cached with the MMU off are their own.
void forget_translations_of_vm();

// What any VM left in this pCPU's TLB: before the first vCPU, and after stage-2 tables were reused.
void forget_all_translations();

} // namespace hyp
