// SPDX-License-Identifier: Apache-2.0
//
// EL1 exception vectors: save, call, restore.
//
// An IRQ saves what a C++ function may clobber (AAPCS64: x0-x18, x30; FP registers are left
// alone because handlers are compiled without them, see sysreg.hpp), and calls *irq_handler with
// the counter as it stood on entry. Everything else saves a full frame and calls guest_fault().
//
// Two tables: `vectors` for everyday use, `vectors_timed` for measurements, whose very first
// IRQ instruction reads the counter. For that it overwrites x9: interrupts are unmasked under it
// only where x9 is declared as clobbered (bench.cpp).

#include "frame.h"
#include "vectors.h"

    .macro  fault_slot kind
    .balign 0x80
    stp     x0, x1, [sp, #-FAULT_FRAME_SIZE]!
    mov     x0, #\kind
    b       fault_path
    .endm

    .macro  irq_slot
    .balign 0x80
    stp     x0, x1, [sp, #-IRQ_FRAME_SIZE]!
    mrs     x0, cntvct_el0
    b       irq_path
    .endm

    .macro  timed_irq_slot
    .balign 0x80
    mrs     x9, cntvct_el0
    stp     x0, x1, [sp, #-IRQ_FRAME_SIZE]!
    mov     x0, x9
    b       irq_path
    .endm

    .macro  vector_table name, irq
    .balign 0x800
    .global \name
\name:
    fault_slot 0                            // current EL with SP_EL0: never selected
    fault_slot 1
    fault_slot 2
    fault_slot 3
    fault_slot 4                            // current EL with SP_EL1: this guest
    \irq
    fault_slot 6
    fault_slot 7
    fault_slot 8                            // EL0, AArch64 and AArch32: never entered
    fault_slot 9
    fault_slot 10
    fault_slot 11
    fault_slot 12
    fault_slot 13
    fault_slot 14
    fault_slot 15
    .endm

    .section .text.vectors, "ax"
    vector_table vectors, irq_slot
    vector_table vectors_timed, timed_irq_slot

    .balign 0x80
irq_path:
    save_x2_to_x17
    stp     x18, x30, [sp, #16 * 9]
    adrp    x1, irq_handler
    ldr     x1, [x1, :lo12:irq_handler]
    blr     x1
    restore_x2_to_x17
    ldp     x18, x30, [sp, #16 * 9]
    ldp     x0, x1, [sp], #IRQ_FRAME_SIZE
    eret

fault_path:
    save_x2_to_x17
    stp     x18, x19, [sp, #16 * 9]
    stp     x20, x21, [sp, #16 * 10]
    stp     x22, x23, [sp, #16 * 11]
    stp     x24, x25, [sp, #16 * 12]
    stp     x26, x27, [sp, #16 * 13]
    stp     x28, x29, [sp, #16 * 14]
    add     x1, sp, #FAULT_FRAME_SIZE
    stp     x30, x1, [sp, #FAULT_FRAME_LR]
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    stp     x2, x3, [sp, #FAULT_FRAME_ELR]
    mrs     x2, esr_el1
    mrs     x3, far_el1
    stp     x2, x3, [sp, #FAULT_FRAME_ESR]
    str     x0, [sp, #FAULT_FRAME_KIND]
    mov     x0, sp
    bl      guest_fault
    ldp     x2, x3, [sp, #FAULT_FRAME_ELR]  // a caught fault goes on where guest_fault says
    msr     elr_el1, x2
    msr     spsr_el1, x3
    restore_x2_to_x17
    ldp     x18, x19, [sp, #16 * 9]
    ldr     x30, [sp, #FAULT_FRAME_LR]      // x20-x29 are callee-saved: untouched
    ldp     x0, x1, [sp], #FAULT_FRAME_SIZE
    eret
