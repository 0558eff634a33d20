// SPDX-License-Identifier: Apache-2.0
// Entry, EL2 vectors and the way to EL1 of the differential test: a bare EL2 image for QEMU `virt`
// (entered at EL2, MMU off, interrupts masked for the whole run).

    .section .text.start, "ax"
    .global _start
_start:
    msr     daifset, #15
    adrp    x0, stack_top
    add     x0, x0, :lo12:stack_top
    mov     sp, x0
    adrp    x0, bss_start
    add     x0, x0, :lo12:bss_start
    adrp    x1, bss_end
    add     x1, x1, :lo12:bss_end
1:  cmp     x0, x1
    b.hs    2f
    str     xzr, [x0], #8
    b       1b
2:  adrp    x0, vectors
    msr     vbar_el2, x0
    ldr     x0, =0x80000018             // HCR_EL2: RW, IMO, FMO
    msr     hcr_el2, x0
    ldr     x0, =0x30d00800             // SCTLR_EL1: RES1 only, MMU off
    msr     sctlr_el1, x0
    mov     x0, #3                      // CNTHCTL_EL2: EL1 may use its timers
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    isb
    bl      differential_main           // status in x0
    .global machine_off
machine_off:                            // x0 = status
    movz    x1, #0x4241, lsl #48        // "BATON", 0, 0, status
    movk    x1, #0x544f, lsl #32
    movk    x1, #0x4e00, lsl #16
    and     x0, x0, #0xff
    orr     x1, x1, x0
    ldr     x0, =0x84000008             // PSCI SYSTEM_OFF (DEN 0022)
    smc     #0
    .global machine_stopped
machine_stopped:
    wfi
    b       machine_stopped

// u64 el1_call(u64 (*stub)(u64), u64 argument): runs a stub at EL1h, which comes back by HVC.
    .text
    .global el1_call
el1_call:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    msr     elr_el2, x0
    mov     x2, #0x3c5                  // EL1h, DAIF masked
    msr     spsr_el2, x2
    mov     x0, x1
    eret

from_el1:
    mrs     x9, esr_el2
    lsr     x9, x9, #26
    cmp     x9, #0x16                   // HVC from AArch64
    b.ne    bad_exception
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #96
    ret

bad_exception:
    mrs     x0, esr_el2
    mrs     x1, elr_el2
    mrs     x2, far_el2
    bl      differential_exception
    b       machine_off

    .balign 2048
vectors:
    .rept 8                             // current EL: always a defect
    b       bad_exception
    .balign 128
    .endr
    b       from_el1                    // lower EL, synchronous
    .balign 128
    .rept 7
    b       bad_exception
    .balign 128
    .endr

// EL1 stubs. The assembler is told encodings, so it needs no GICv3 support.
    .macro  guest_reg name, encoding
    .global el1_read_\name, el1_write_\name
el1_read_\name:
    mrs     x0, \encoding
    hvc     #0
el1_write_\name:
    msr     \encoding, x0
    isb
    hvc     #0
    .endm
    .macro  guest_reg_ro name, encoding
    .global el1_read_\name
el1_read_\name:
    mrs     x0, \encoding
    hvc     #0
    .endm
    .macro  guest_reg_wo name, encoding
    .global el1_write_\name
el1_write_\name:
    msr     \encoding, x0
    isb
    hvc     #0
    .endm

    guest_reg       pmr, S3_0_c4_c6_0
    guest_reg_ro    isr, S3_0_c12_c1_0
    guest_reg_ro    iar0, S3_0_c12_c8_0
    guest_reg_wo    eoir0, S3_0_c12_c8_1
    guest_reg       bpr0, S3_0_c12_c8_3
    guest_reg       ap0r0, S3_0_c12_c8_4
    guest_reg       ap1r0, S3_0_c12_c9_0
    guest_reg_wo    dir, S3_0_c12_c11_1
    guest_reg_ro    iar1, S3_0_c12_c12_0
    guest_reg_wo    eoir1, S3_0_c12_c12_1
    guest_reg       bpr1, S3_0_c12_c12_3
    guest_reg       ctlr, S3_0_c12_c12_4
    guest_reg       igrpen0, S3_0_c12_c12_6
    guest_reg       igrpen1, S3_0_c12_c12_7

// All readable ICV registers without side effect, in the order of hardware.cpp's snapshot list.
    .global el1_snapshot
el1_snapshot:
    mrs     x1, S3_0_c12_c1_0           // ISR_EL1: vIRQ, vFIQ
    mrs     x2, S3_0_c4_c6_0            // PMR
    stp     x1, x2, [x0]
    mrs     x1, S3_0_c12_c8_2           // HPPIR0
    mrs     x2, S3_0_c12_c12_2          // HPPIR1
    stp     x1, x2, [x0, #16]
    mrs     x1, S3_0_c12_c8_3           // BPR0
    mrs     x2, S3_0_c12_c12_3          // BPR1
    stp     x1, x2, [x0, #32]
    mrs     x1, S3_0_c12_c12_4          // CTLR
    mrs     x2, S3_0_c12_c11_3          // RPR
    stp     x1, x2, [x0, #48]
    mrs     x1, S3_0_c12_c12_6          // IGRPEN0
    mrs     x2, S3_0_c12_c12_7          // IGRPEN1
    stp     x1, x2, [x0, #64]
    hvc     #0

    .section .bss
    .balign 16
    .skip   0x8000
stack_top:
