// SPDX-License-Identifier: Apache-2.0
//
// What C++ cannot do: be away with a value of one's own in every general register and in SP, and
// fill and read the FP and SIMD registers.

// void stay_away(u64 x[32], u64 function): x[2] to x[30] and x[31] for SP, which is used for nothing
// meanwhile; then HVC with x0 = function, or WFI when that is 0. x[] gets what is there afterwards.
// Interrupts are masked. x0 and x1 belong to the call.
    .text
    .global stay_away
stay_away:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    adr     x2, kept
    mov     x3, sp
    stp     x0, x3, [x2]
    mov     x30, x0
    mov     x0, x1
    ldr     x1, [x30, #248]
    mov     sp, x1
    ldp     x2, x3, [x30, #16]
    ldp     x4, x5, [x30, #32]
    ldp     x6, x7, [x30, #48]
    ldp     x8, x9, [x30, #64]
    ldp     x10, x11, [x30, #80]
    ldp     x12, x13, [x30, #96]
    ldp     x14, x15, [x30, #112]
    ldp     x16, x17, [x30, #128]
    ldp     x18, x19, [x30, #144]
    ldp     x20, x21, [x30, #160]
    ldp     x22, x23, [x30, #176]
    ldp     x24, x25, [x30, #192]
    ldp     x26, x27, [x30, #208]
    ldp     x28, x29, [x30, #224]
    ldr     x30, [x30, #240]
    mov     x1, #0
    cbz     x0, 1f
    hvc     #0
    b       2f
1:  wfi
2:  adr     x1, kept
    ldp     x0, x1, [x1]
    stp     x2, x3, [x0, #16]
    stp     x4, x5, [x0, #32]
    stp     x6, x7, [x0, #48]
    stp     x8, x9, [x0, #64]
    stp     x10, x11, [x0, #80]
    stp     x12, x13, [x0, #96]
    stp     x14, x15, [x0, #112]
    stp     x16, x17, [x0, #128]
    stp     x18, x19, [x0, #144]
    stp     x20, x21, [x0, #160]
    stp     x22, x23, [x0, #176]
    stp     x24, x25, [x0, #192]
    stp     x26, x27, [x0, #208]
    stp     x28, x29, [x0, #224]
    mov     x2, sp
    stp     x30, x2, [x0, #240]
    mov     sp, x1
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #96
    ret

    .balign 16
kept:                                       // x[], SP: the image is writable
    .quad   0, 0

    .arch_extension fp
    .arch_extension simd
    .altmacro
    .macro  each_pair instruction
    .irp    n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
    pair    \instruction, \n, %(\n + 1)
    .endr
    .endm
    .macro  pair instruction, first, second
    \instruction q\first, q\second, [x0, #16 * \first]
    .endm

// void fill_fp(const u64 v[66]), void read_fp(u64 v[66]): V0 to V31, FPSR, FPCR.
    .balign 4
    .global fill_fp
fill_fp:
    each_pair ldp
    ldr     x1, [x0, #512]
    ldr     x2, [x0, #520]
    msr     fpsr, x1
    msr     fpcr, x2
    ret
    .global read_fp
read_fp:
    each_pair stp
    mrs     x1, fpsr
    mrs     x2, fpcr
    str     x1, [x0, #512]
    str     x2, [x0, #520]
    ret
