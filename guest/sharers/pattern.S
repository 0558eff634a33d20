// SPDX-License-Identifier: Apache-2.0
//
// Loads every register that belongs to the guest alone, waits there for one interrupt, and stores
// what it finds. No register is free while it waits: the interrupt's handler ends the loop by moving
// ELR_EL1 to pattern_end.

#include "pattern.h"

    .equ    SAVED, 112


    .section .text.pattern, "ax"

// x0: Registers to load, x1: Registers to store, x2: 0 spins, else sleeps in WFI.
    .global hold_pattern
hold_pattern:
    stp     x29, x30, [sp, #-SAVED]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    str     x1, [sp, #96]

    add     x3, x0, #PATTERN_FP
    ldp     q0, q1, [x3], #32
    ldp     q2, q3, [x3], #32
    ldp     q4, q5, [x3], #32
    ldp     q6, q7, [x3], #32
    ldp     q8, q9, [x3], #32
    ldp     q10, q11, [x3], #32
    ldp     q12, q13, [x3], #32
    ldp     q14, q15, [x3], #32
    ldp     q16, q17, [x3], #32
    ldp     q18, q19, [x3], #32
    ldp     q20, q21, [x3], #32
    ldp     q22, q23, [x3], #32
    ldp     q24, q25, [x3], #32
    ldp     q26, q27, [x3], #32
    ldp     q28, q29, [x3], #32
    ldp     q30, q31, [x3], #32
    add     x3, x0, #PATTERN_SYSTEM         // in the order of pattern.hpp
    ldp     x4, x5, [x3], #16
    msr     tpidr_el0, x4
    msr     tpidrro_el0, x5
    ldp     x4, x5, [x3], #16
    msr     tpidr_el1, x4
    msr     sp_el0, x5
    ldp     x4, x5, [x3], #16
    msr     contextidr_el1, x4
    msr     far_el1, x5
    ldp     x4, x5, [x3], #16
    msr     fpcr, x4
    msr     fpsr, x5

    cbnz    x2, 1f
    bl      load_general
    .global pattern_begin
pattern_begin:
    msr     daifclr, #2
2:  b       2b
1:  bl      load_general
    msr     daifclr, #2
3:  wfi
    b       3b
    .global pattern_end
pattern_end:
    msr     daifset, #2

    str     x0, [sp, #104]
    ldr     x0, [sp, #96]
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
    ldr     x2, [sp, #104]
    stp     x2, x1, [x0]
    add     x3, x0, #PATTERN_FP
    stp     q0, q1, [x3], #32
    stp     q2, q3, [x3], #32
    stp     q4, q5, [x3], #32
    stp     q6, q7, [x3], #32
    stp     q8, q9, [x3], #32
    stp     q10, q11, [x3], #32
    stp     q12, q13, [x3], #32
    stp     q14, q15, [x3], #32
    stp     q16, q17, [x3], #32
    stp     q18, q19, [x3], #32
    stp     q20, q21, [x3], #32
    stp     q22, q23, [x3], #32
    stp     q24, q25, [x3], #32
    stp     q26, q27, [x3], #32
    stp     q28, q29, [x3], #32
    stp     q30, q31, [x3], #32
    add     x3, x0, #PATTERN_SYSTEM
    mrs     x4, tpidr_el0
    mrs     x5, tpidrro_el0
    stp     x4, x5, [x3], #16
    mrs     x4, tpidr_el1
    mrs     x5, sp_el0
    stp     x4, x5, [x3], #16
    mrs     x4, contextidr_el1
    mrs     x5, far_el1
    stp     x4, x5, [x3], #16
    mrs     x4, fpcr
    mrs     x5, fpsr
    stp     x4, x5, [x3], #16

    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #SAVED
    ret

// x0 to x29 from Registers at x0; x30 holds the way back, whose value is the guest's own, too.
load_general:
    ldp     x2, x3, [x0, #16]
    ldp     x4, x5, [x0, #32]
    ldp     x6, x7, [x0, #48]
    ldp     x8, x9, [x0, #64]
    ldp     x10, x11, [x0, #80]
    ldp     x12, x13, [x0, #96]
    ldp     x14, x15, [x0, #112]
    ldp     x16, x17, [x0, #128]
    ldp     x18, x19, [x0, #144]
    ldp     x20, x21, [x0, #160]
    ldp     x22, x23, [x0, #176]
    ldp     x24, x25, [x0, #192]
    ldp     x26, x27, [x0, #208]
    ldp     x28, x29, [x0, #224]
    ldp     x0, x1, [x0]
    ret
