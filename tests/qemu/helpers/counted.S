// SPDX-License-Identifier: Apache-2.0
// A hypervisor and a guest of which every instruction is known, for the test of the plugin. The
// first 4 KiB are EL2's, with the vectors at 0x800; the guest follows and makes CALLS hypercalls in
// section 1, between HINT #0x61 and HINT #0x67. Each call costs, at EL2: 1 branch, 2 instructions
// of address, 1 load from the distributor, 1 load from memory, 1 ICH_VTR_EL2, 1 ICC_PMR_EL1 and
// 1 VBAR_EL2 (which is not the interrupt controller's), DSB, DMB, ISB, 1 ERET: 12 instructions,
// 3 accesses of the GIC, 3 barriers, 3 lines of 64 bytes: vector, handler and the word.

#include "header.S"

helper_main:
    adr     x1, vectors
    msr     vbar_el2, x1
    mov     x1, #0xf
    msr     S3_4_C12_C9_5, x1       // ICC_SRE_EL2
    mov     x1, #1 << 31            // RW
    msr     hcr_el2, x1
    mov     x1, #0x3c5
    msr     spsr_el2, x1
    adr     x1, guest
    msr     elr_el2, x1
    isb
    eret

    .org    0x800
vectors:
    .org    0x800 + 0x400
    b       handler

    .org    0xe00
handler:
    mov     x1, #0x08000000         // GICD_CTLR
    adr     x2, word
    ldr     w1, [x1]
    ldr     w2, [x2]
    mrs     x1, S3_4_C12_C11_1      // ICH_VTR_EL2
    mrs     x1, S3_0_C4_C6_0        // ICC_PMR_EL1
    mrs     x1, vbar_el2
    dsb     sy
    dmb     sy
    isb
    eret

    .org    0xf00
word:
    .word   0

    .org    0x1000
guest:
    hvc     #0
    hint    #0x61
    mov     x0, #CALLS
1:  hvc     #0
    subs    x0, x0, #1
    b.ne    1b
    hint    #0x67
    hvc     #0
    STATUS_WORD 0
    mov     w0, #0x0008
    movk    w0, #0x8400, lsl #16    // PSCI SYSTEM_OFF
    smc     #0
    b       .
