// SPDX-License-Identifier: Apache-2.0
#pragma once
// The guest's seam to the processor: system registers by name, barriers, interrupt masking, WFI.
// Every guest file includes this one, and with it the rule that keeps interrupt handlers cheap:
// code compiled after this line uses general registers only, so that vectors.S need not save FP
// registers. A file that wants floating point does not include it (tiny/fp_work.cpp).

#include <cstdint>

#if !defined(__clang__)
#pragma GCC target("general-regs-only")
#endif

/** Defines a type with static read() and write() for one system register. */
#define GUEST_SYSREG(Name, encoding)                                                               \
    struct Name {                                                                                  \
        [[nodiscard]] static std::uint64_t read() {                                                \
            std::uint64_t value;                                                                   \
            asm volatile("mrs %0, " encoding : "=r"(value) : : "memory");                          \
            return value;                                                                          \
        }                                                                                          \
        static void write(std::uint64_t value) {                                                   \
            asm volatile("msr " encoding ", %0" : : "r"(value) : "memory");                        \
        }                                                                                          \
    }

namespace guest {

GUEST_SYSREG(CntFrq, "cntfrq_el0");
GUEST_SYSREG(CntVct, "cntvct_el0");
GUEST_SYSREG(CntPct, "cntpct_el0");
GUEST_SYSREG(CntvCtl, "cntv_ctl_el0");
GUEST_SYSREG(CntvCval, "cntv_cval_el0");
GUEST_SYSREG(CntpCtl, "cntp_ctl_el0");
GUEST_SYSREG(CntpCval, "cntp_cval_el0");
GUEST_SYSREG(IccIar1, "s3_0_c12_c12_0");
GUEST_SYSREG(IccEoir1, "s3_0_c12_c12_1");
GUEST_SYSREG(IccHppir1, "s3_0_c12_c12_2");
GUEST_SYSREG(IccCtlr, "s3_0_c12_c12_4");
GUEST_SYSREG(IccSre, "s3_0_c12_c12_5");
GUEST_SYSREG(IccIgrpen1, "s3_0_c12_c12_7");
GUEST_SYSREG(IccDir, "s3_0_c12_c11_1");
GUEST_SYSREG(IccPmr, "s3_0_c4_c6_0");
GUEST_SYSREG(IsrEl1, "isr_el1");
GUEST_SYSREG(Mpidr, "mpidr_el1");
GUEST_SYSREG(Vbar, "vbar_el1");

/** Orders system register writes before what follows (DDI 0487, Context synchronization). */
inline void isb() {
    asm volatile("isb" : : : "memory");
}

/** Waits until earlier memory accesses, device writes included, are complete. */
inline void dsb() {
    asm volatile("dsb sy" : : : "memory");
}

/** Stores before it are seen by other masters before stores after it (DDI 0487, DMB OSHST). */
inline void dma_write_barrier() {
    asm volatile("dmb oshst" : : : "memory");
}

/** Loads before it are done before loads and stores after it (DDI 0487, DMB OSHLD). */
inline void dma_read_barrier() {
    asm volatile("dmb oshld" : : : "memory");
}

/** Sleeps until an interrupt is pending; PSTATE.I does not matter. May return early. */
inline void wfi() {
    asm volatile("dsb sy\n\twfi" : : : "memory");
}

/** PSTATE.I = 1: interrupts stay pending. */
inline void mask_interrupts() {
    asm volatile("msr daifset, #2" : : : "memory");
}

/** PSTATE.I = 0; a pending interrupt is taken at the latest at the ISB. */
inline void unmask_interrupts() {
    asm volatile("msr daifclr, #2\n\tisb" : : : "memory");
}

} // namespace guest
