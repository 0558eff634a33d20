// SPDX-License-Identifier: Apache-2.0
// Entry at EL3: no firmware below us. Opens what EL2 needs, goes down to EL2, and stays resident
// with one service: the GIC's secure half, which only EL3 can set and whose addresses only the
// device tree knows. EL2 calls it once, by SMC, when it has read the tree.
//
//   x0 = EL3_OPEN_GIC, x1 = GICD, x2 = GICR of this pCPU or 0, x3 = GICC or 0 (physical addresses)
//   -> x0 = 0. Clobbers x1-x9. Anything else returns -1.
//
// There is no PSCI here, hence one CPU; the others sleep before any memory is touched.

#include "boot/el3.h"

#define SCR_EL3_BASE 0x531 // RES1, NS, HCE, RW (DDI 0487, SCR_EL3)
#define SCR_EL3_PAUTH (3 << 16) // APK, API

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
3:  msr scr_el3, x0
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
// taken: +0x200, a fault of the code below, and +0x400, SMC. The linker script puts both at their
// places in the image's first 2 KiB, which serves as the table.
    .section .el3.fault, "ax"
1:  wfe
    b 1b

    .section .el3.call, "ax"
el3_call:
    ldr w9, =EL3_OPEN_GIC
    cmp w0, w9
    mov x0, #-1
    b.ne el3_return
    mov w4, #-1
    cbz x2, open_v2
    mov w5, #0x30 // GICD_CTLR.ARE_S, ARE_NS: before any group bit (IHI 0069)
    str w5, [x1]
    add x6, x2, #0x10000
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
el3_return:
    eret
    dsb nsh
    isb
    .ltorg
