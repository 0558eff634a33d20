// SPDX-License-Identifier: Apache-2.0
// The SysReg seam on the target, and the registers that only EL2's own code names. An access is one
// MRS or MSR, by encoding, so that no -march flag is needed for a register newer than Armv8.0.
#pragma once

#include "hyp/core/base/bus.hpp"

namespace hyp {

namespace sysreg {

template <u32 Encoding>
[[nodiscard, gnu::always_inline]] inline u64 read() {
    u64 value;
    asm volatile("mrs %0, S%1_%2_C%3_C%4_%5"
                 : "=r"(value)
                 : "i"(Encoding >> 14), "i"(Encoding >> 11 & 7), "i"(Encoding >> 7 & 15),
                   "i"(Encoding >> 3 & 15), "i"(Encoding & 7)
                 : "memory");
    return value;
}

template <u32 Encoding>
[[gnu::always_inline]] inline void write(u64 value) {
    asm volatile("msr S%1_%2_C%3_C%4_%5, %x0" ::"rZ"(value), "i"(Encoding >> 14),
                 "i"(Encoding >> 11 & 7), "i"(Encoding >> 7 & 15), "i"(Encoding >> 3 & 15),
                 "i"(Encoding & 7)
                 : "memory");
}

// The registers that drivers name, too.
template <SysReg R>
[[nodiscard, gnu::always_inline]] inline u64 read() {
    return read<static_cast<u32>(R)>();
}
template <SysReg R>
[[gnu::always_inline]] inline void write(u64 value) {
    write<static_cast<u32>(R)>(value);
}

// clang-format off
inline constexpr u32 mdscr_el1        = sysreg_encoding(2, 0, 0, 2, 2);
inline constexpr u32 midr_el1         = sysreg_encoding(3, 0, 0, 0, 0);
inline constexpr u32 mpidr_el1        = sysreg_encoding(3, 0, 0, 0, 5);
inline constexpr u32 id_aa64pfr0_el1  = sysreg_encoding(3, 0, 0, 4, 0);
inline constexpr u32 id_aa64pfr1_el1  = sysreg_encoding(3, 0, 0, 4, 1);
inline constexpr u32 id_aa64dfr0_el1  = sysreg_encoding(3, 0, 0, 5, 0);
inline constexpr u32 id_aa64isar1_el1 = sysreg_encoding(3, 0, 0, 6, 1);
inline constexpr u32 id_aa64isar2_el1 = sysreg_encoding(3, 0, 0, 6, 2);
inline constexpr u32 id_aa64mmfr0_el1 = sysreg_encoding(3, 0, 0, 7, 0);
inline constexpr u32 id_aa64mmfr1_el1 = sysreg_encoding(3, 0, 0, 7, 1);
inline constexpr u32 sctlr_el1        = sysreg_encoding(3, 0, 1, 0, 0);
inline constexpr u32 spsr_el1         = sysreg_encoding(3, 0, 4, 0, 0);
inline constexpr u32 elr_el1          = sysreg_encoding(3, 0, 4, 0, 1);
inline constexpr u32 esr_el1          = sysreg_encoding(3, 0, 5, 2, 0);
inline constexpr u32 far_el1          = sysreg_encoding(3, 0, 6, 0, 0);
inline constexpr u32 vbar_el1         = sysreg_encoding(3, 0, 12, 0, 0);
inline constexpr u32 cntkctl_el1      = sysreg_encoding(3, 0, 14, 1, 0);
inline constexpr u32 pmcr_el0         = sysreg_encoding(3, 3, 9, 12, 0);
inline constexpr u32 ctr_el0          = sysreg_encoding(3, 3, 0, 0, 1);
inline constexpr u32 vpidr_el2        = sysreg_encoding(3, 4, 0, 0, 0);
inline constexpr u32 vmpidr_el2       = sysreg_encoding(3, 4, 0, 0, 5);
inline constexpr u32 hcr_el2          = sysreg_encoding(3, 4, 1, 1, 0);
inline constexpr u32 mdcr_el2         = sysreg_encoding(3, 4, 1, 1, 1);
inline constexpr u32 cptr_el2         = sysreg_encoding(3, 4, 1, 1, 2);
inline constexpr u32 hstr_el2         = sysreg_encoding(3, 4, 1, 1, 3);
inline constexpr u32 hcrx_el2         = sysreg_encoding(3, 4, 1, 2, 2);
inline constexpr u32 hfgrtr_el2       = sysreg_encoding(3, 4, 1, 1, 4);
inline constexpr u32 hfgwtr_el2       = sysreg_encoding(3, 4, 1, 1, 5);
inline constexpr u32 hfgitr_el2       = sysreg_encoding(3, 4, 1, 1, 6);
inline constexpr u32 hdfgrtr_el2      = sysreg_encoding(3, 4, 3, 1, 4);
inline constexpr u32 hdfgwtr_el2      = sysreg_encoding(3, 4, 3, 1, 5);
inline constexpr u32 vttbr_el2        = sysreg_encoding(3, 4, 2, 1, 0);
inline constexpr u32 vtcr_el2         = sysreg_encoding(3, 4, 2, 1, 2);
inline constexpr u32 spsr_el2         = sysreg_encoding(3, 4, 4, 0, 0);
inline constexpr u32 elr_el2          = sysreg_encoding(3, 4, 4, 0, 1);
inline constexpr u32 esr_el2          = sysreg_encoding(3, 4, 5, 2, 0);
inline constexpr u32 far_el2          = sysreg_encoding(3, 4, 6, 0, 0);
inline constexpr u32 hpfar_el2        = sysreg_encoding(3, 4, 6, 0, 4);
inline constexpr u32 mpam2_el2        = sysreg_encoding(3, 4, 10, 5, 0);
inline constexpr u32 vbar_el2         = sysreg_encoding(3, 4, 12, 0, 0);
// clang-format on

} // namespace sysreg

// Data and instruction barriers; every caller says why.
namespace barrier {

[[gnu::always_inline]] inline void isb() {
    asm volatile("isb" ::: "memory");
}
[[gnu::always_inline]] inline void dsb_sy() {
    asm volatile("dsb sy" ::: "memory");
}
[[gnu::always_inline]] inline void dsb_ish() {
    asm volatile("dsb ish" ::: "memory");
}
[[gnu::always_inline]] inline void dsb_ishst() {
    asm volatile("dsb ishst" ::: "memory");
}
[[gnu::always_inline]] inline void dsb_nsh() {
    asm volatile("dsb nsh" ::: "memory");
}

} // namespace barrier

class TargetSysReg {
public:
    template <SysReg R>
    [[nodiscard, gnu::always_inline]] u64 read() const {
        return sysreg::read<R>();
    }
    template <SysReg R>
    [[gnu::always_inline]] void write(u64 value) const {
        sysreg::write<R>(value);
    }
    template <Barrier B>
    [[gnu::always_inline]] void barrier() const {
        if constexpr (B == Barrier::isb) {
            hyp::barrier::isb();
        } else if constexpr (B == Barrier::dsb_sy) {
            hyp::barrier::dsb_sy();
        } else if constexpr (B == Barrier::dsb_ish) {
            hyp::barrier::dsb_ish();
        } else if constexpr (B == Barrier::dsb_ishst) {
            hyp::barrier::dsb_ishst();
        } else {
            hyp::barrier::dsb_nsh();
        }
    }
    [[gnu::always_inline]] void relax() const { asm volatile("yield" ::: "memory"); }
};

static_assert(SysRegBus<TargetSysReg>);

} // namespace hyp
