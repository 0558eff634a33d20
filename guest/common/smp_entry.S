// SPDX-License-Identifier: Apache-2.0
//
// What a CPU executes before it may use memory: the first instructions of one that PSCI CPU_ON
// started, and the way into the MMU and the caches, which the first CPU takes as well.

#include "smp_entry.h"

    .equ    CPACR_FPEN, 3 << 20             // CPACR_EL1.FPEN: no trap of FP and SIMD
    .equ    MAIR, 0xff00                    // 0: Device-nGnRnE; 1: Normal, write-back, allocating
    // TCR_EL1: 39 bits of input, walks write-back and inner-shareable, 4 KiB, no TTBR1, 40 bits out
    .equ    TCR, (2 << 32) | (1 << 23) | (3 << 12) | (1 << 10) | (1 << 8) | 25
    .equ    SCTLR_M_C_I, (1 << 12) | (1 << 2) | (1 << 0)

    .section .text.smp_entry, "ax"

// Turns the MMU and the caches on with the identity map; x4 and x5 are lost, no memory is used.
    .global enable_mmu
enable_mmu:
    adrp    x4, identity_map
    add     x4, x4, :lo12:identity_map
    msr     ttbr0_el1, x4
    ldr     x4, =MAIR
    msr     mair_el1, x4
    ldr     x4, =TCR
    msr     tcr_el1, x4
    dsb     nsh
    tlbi    vmalle1
    ic      iallu
    dsb     nsh
    isb
    mrs     x4, sctlr_el1
    ldr     x5, =SCTLR_M_C_I
    orr     x4, x4, x5
    msr     sctlr_el1, x4
    isb
    ret

// DEN 0022: EL1 with the MMU and the caches off, exceptions masked, x0 the context that CPU_ON was
// called with: here the CPU's index in its low byte. How it was entered goes to C++ as arguments.
    .global secondary_entry
secondary_entry:
    mrs     x1, sctlr_el1
    mrs     x2, daif
    mrs     x3, CurrentEL
    mrs     x6, spsel
    orr     x3, x3, x6
    msr     daifset, #0xf
    msr     spsel, #1
    mov     x6, #CPACR_FPEN
    msr     cpacr_el1, x6
    adrp    x6, vectors
    add     x6, x6, :lo12:vectors
    msr     vbar_el1, x6
    bl      enable_mmu
    and     x6, x0, #0xff
    add     x6, x6, #1
    adrp    x7, secondary_stacks
    add     x7, x7, :lo12:secondary_stacks
    add     x7, x7, x6, lsl #SECONDARY_STACK_SHIFT
    mov     sp, x7
    mov     x29, xzr
    mov     x30, xzr
    bl      secondary_start
1:  wfi                                     // secondary_start does not return
    b       1b
