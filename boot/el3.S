// SPDX-License-Identifier: Apache-2.0
// Entry at EL3: no firmware below us. Opens what EL2 needs, goes down to EL2, and stays resident
// with one service: the GIC's secure half, which only EL3 can set and whose addresses only the
// device tree knows. EL2 calls it once, by SMC, when it has read the tree.
//
//   x0 = EL3_OPEN_GIC, x1 = GICD, x2 = GICR of this pCPU or 0, x3 = GICC or 0, x4 = the image, which
//   may have moved: from here on this code is the copy's (physical addresses)
//   -> x0 = 0. Clobbers x1-x9. Anything else returns -1.
//
// The call works once, and only from EL2. What else a guest can make trap to EL3 (a register whose
// enable EL3 does not know) is stepped over: it gets neither an answer nor the machine.
// There is no PSCI here, hence one CPU; the others sleep before any memory is touched.

#include "boot/el3.h"

#define SCR_EL3_BASE 0x531 // RES1, NS, HCE, RW (DDI 0487, SCR_EL3)
#define SCR_EL3_PAUTH (3 << 16) // APK, API
#define SCR_EL3_SMD (1 << 7)
#define SCR_EL3_FGTEN (1 << 27)
#define SCR_EL3_HXEN (1 << 38)
#define SCR_EL3_ENTP2 (1 << 41)

    .section .text.boot2, "ax"
    .global el3_entry
el3_entry:
    mrs x0, mpidr_el1
    ldr x1, =0xff00ffffff
    tst x0, x1
    b.eq 2f
1:  wfe
    b 1b
2:  mov x0, #SCR_EL3_BASE
    mrs x1, id_aa64isar1_el1
    ldr x2, =0xff000ff0 // APA, API, GPA, GPI
    tst x1, x2
    b.eq 3f
    orr x0, x0, #SCR_EL3_PAUTH
3:  mrs x1, id_aa64mmfr0_el1
    tst x1, #(0xf << 56) // FEAT_FGT
    b.eq 5f
    orr x0, x0, #SCR_EL3_FGTEN
5:  mrs x1, id_aa64mmfr1_el1
    tst x1, #(0xf << 40) // FEAT_HCX
    b.eq 6f
    orr x0, x0, #SCR_EL3_HXEN
6:  mrs x1, id_aa64pfr1_el1
    tst x1, #(0xf << 24) // SME
    b.eq 7f
    orr x0, x0, #SCR_EL3_ENTP2
7:  msr scr_el3, x0
    msr cptr_el3, xzr // FP and trace: not trapped here
    msr mdcr_el3, xzr // debug and PMU neither
    mrs x0, id_aa64pfr0_el1
    tst x0, #(0xf << 24) // system register interface of a GICv3?
    b.eq 4f
    mov x0, #0xf
    msr S3_6_C12_C12_5, x0 // ICC_SRE_EL3: SRE, and EL2 may set its own
    isb                    // before ICC_SRE_EL2 is touched
4:  adrp x0, _image_start
    msr vbar_el3, x0
    ldr w0, =0x30c50830
    msr sctlr_el2, x0
    mov x0, #(1 << 31) // HCR_EL2.RW
    msr hcr_el2, x0
    adr x0, at_el2
    msr elr_el3, x0
    mov x0, #0x3c9 // EL2h, DAIF masked
    msr spsr_el3, x0
    eret
    dsb nsh // no speculation past ERET
    isb

    .ltorg

// Nothing routes IRQ, FIQ or SError to EL3 (SCR_EL3) and no AArch32 runs, so two vectors can be
// taken: +0x200, a fault of the code below, and +0x400, a lower level's SMC or trap. The linker
// script puts both at their places in the image's first 2 KiB, which serves as the table.
    .section .el3.fault, "ax"
    .global el3_fault
el3_fault:
    wfe
    b el3_fault

    .section .el3.call, "ax"
    .global el3_call
el3_call:
    msr tpidr_el3, x9
    mrs x9, esr_el3
    lsr x9, x9, #26
    cmp x9, #0x17 // SMC, AArch64
    b.ne el3_skip
    mrs x9, spsr_el3
    and x9, x9, #0x1f
    cmp x9, #9 // EL2h
    b.ne el3_return
    ldr w9, =EL3_OPEN_GIC
    cmp w0, w9
    mov x0, #-1
    b.ne el3_return
    mrs x9, scr_el3
    orr x9, x9, #SCR_EL3_SMD
    msr scr_el3, x9
    msr vbar_el3, x4
    mov w4, #-1
    mov w8, #0x10000 // a bound for every wait: hardware needs microseconds
    cbz x2, open_v2
    mov w5, #0x30 // GICD_CTLR.ARE_S, ARE_NS: before any group bit (IHI 0069)
    str w5, [x1]
1:  ldr w5, [x1]
    sub w8, w8, #1
    yield
    cbz w8, 2f
    tbnz w5, #31, 1b // RWP
2:  ldr w5, [x2, #0x14] // GICR_WAKER belongs to the secure state
    bic w5, w5, #2      // ProcessorSleep
    str w5, [x2, #0x14]
3:  ldr w5, [x2, #0x14]
    sub w8, w8, #1
    yield
    cbz w8, 4f
    tbnz w5, #2, 3b // ChildrenAsleep
4:  add x6, x2, #0x10000
    str w4, [x6, #0x80]  // GICR_IGROUPR0: non-secure Group 1
    str wzr, [x6, #0xd00] // GICR_IGRPMODR0
    b open_spis
open_v2:
    str w4, [x1, #0x80] // GICD_IGROUPR0, banked
    mov w5, #0xff
    str w5, [x3, #4] // GICC_PMR: the non-secure half becomes usable
open_spis:
    ldr w5, [x1, #4] // GICD_TYPER.ITLinesNumber
    and w5, w5, #0x1f
    add x6, x1, #0x84
    add x7, x1, #0xd04
7:  cbz w5, 9f
    str w4, [x6], #4
    cbz x2, 8f
    str wzr, [x7], #4 // GICD_IGRPMODR<n>
8:  sub w5, w5, #1
    b 7b
9:  dsb sy // the groups are set before EL2 enables anything
    mov x0, #0
    b el3_return
el3_skip:
    mrs x9, elr_el3
    add x9, x9, #4
    msr elr_el3, x9
el3_return:
    mrs x9, tpidr_el3
    eret
    dsb nsh
    isb
    .ltorg
