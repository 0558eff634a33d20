// SPDX-License-Identifier: Apache-2.0
#include "hyp/arch/el1_context.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

constexpr u32 vdisr_el2 = sysreg_encoding(3, 4, 12, 1, 1);
constexpr u32 tpidr2_el0 = sysreg_encoding(3, 3, 13, 0, 5);

[[nodiscard]] u64 id_field(u64 value, unsigned lsb) {
    return value >> lsb & 0xf;
}

// Does a register of HYP_AUXILIARY keep what is written to it? No vCPU is loaded.
[[nodiscard]] bool keeps_auxiliary() {
    u64 kept = 0;
#define HYP_PROBE(reg)                                                                             \
    {                                                                                              \
        u64 value;                                                                                 \
        asm volatile("msr " #reg ", %1\n\tisb\n\tmrs %0, " #reg "\n\tmsr " #reg ", xzr"            \
                     : "=r"(value)                                                                 \
                     : "r"(u64{0xffff'ffff})                                                       \
                     : "memory");                                                                  \
        kept |= value;                                                                             \
    }
    HYP_AUXILIARY(HYP_PROBE)
#undef HYP_PROBE
    return kept != 0;
}

} // namespace

constinit u32 world_extras = 0;

void probe_world() {
    u32 found = keeps_auxiliary() ? world_extra::auxiliary : 0;
    if (id_field(reg::read<reg::id_aa64pfr0_el1>(), 28) != 0) {
        found |= world_extra::deferred;
    }
    if (id_field(reg::read<reg::id_aa64pfr1_el1>(), 24) != 0) {
        found |= world_extra::tpidr2;
    }
    __atomic_fetch_or(&world_extras, found, __ATOMIC_RELAXED);
}

void save_extras(El1Context& to) {
    if ((world_extras & world_extra::auxiliary) != 0) {
#define HYP_SAVE_ONE(reg) asm volatile("mrs %0, " #reg : "=r"(to.reg)::"memory");
        HYP_AUXILIARY(HYP_SAVE_ONE)
#undef HYP_SAVE_ONE
    }
}

void load_extras(const El1Context& from) {
    const u32 extras = world_extras;
    if ((extras & world_extra::auxiliary) != 0) {
#define HYP_LOAD_ONE(reg) asm volatile("msr " #reg ", %0" ::"r"(from.reg) : "memory");
        HYP_AUXILIARY(HYP_LOAD_ONE)
#undef HYP_LOAD_ONE
    }
    if ((extras & world_extra::deferred) != 0) {
        reg::write<vdisr_el2>(0);
    }
    if ((extras & world_extra::tpidr2) != 0) {
        reg::write<tpidr2_el0>(0);
    }
}

void save_world(El1Context& to) {
    save_el1(to);
}

void load_world(const El1Context& from, const Confinement& confinement) {
    load_el1(from, confinement);
}

void forget_translations_of_vm() {
    barrier::isb(); // VTTBR_EL2, whose VMID the next line means, is in effect
    asm volatile("tlbi vmalle1\n\tic iallu" ::: "memory");
    barrier::dsb_nsh(); // both are complete
    barrier::isb();     // and nothing fetched before them is used
}

void forget_all_translations() {
    barrier::dsb_ish(); // the stage-2 tables as they are now are visible to the walker
    asm volatile("tlbi alle1\n\tic iallu" ::: "memory");
    barrier::dsb_nsh(); // as above
    barrier::isb();
}

} // namespace hyp
