// SPDX-License-Identifier: Apache-2.0
//
// EL1 exception vectors for guests whose interrupt handlers unmask interrupts and are interrupted
// themselves, by IRQ or FIQ: ELR_EL1 and SPSR_EL1 are saved too. The handler, *nested_handler, is
// called with 0 for an IRQ and 1 for an FIQ. Everything else goes on to the everyday vectors.

#include "vectors.h"

    .equ    FRAME, 192

    .macro  pass_on number
    .balign 0x80
    b       vectors + 0x80 * \number
    .endm

    .macro  interrupt kind
    .balign 0x80
    stp     x0, x1, [sp, #-FRAME]!
    mov     x0, #\kind
    b       nested_path
    .endm

    .section .text.vectors_nested, "ax"
    .balign 0x800
    .global vectors_nested
vectors_nested:
    .irp    number, 0, 1, 2, 3, 4
    pass_on \number
    .endr
    interrupt 0
    interrupt 1
    .irp    number, 7, 8, 9, 10, 11, 12, 13, 14, 15
    pass_on \number
    .endr

    .balign 0x80
nested_path:
    save_x2_to_x17
    stp     x18, x30, [sp, #16 * 9]
    mrs     x2, elr_el1
    mrs     x3, spsr_el1
    stp     x2, x3, [sp, #16 * 10]
    adrp    x1, nested_handler
    ldr     x1, [x1, :lo12:nested_handler]
    blr     x1
    ldp     x2, x3, [sp, #16 * 10]
    msr     elr_el1, x2                     // the handler left interrupts masked
    msr     spsr_el1, x3
    restore_x2_to_x17
    ldp     x18, x30, [sp, #16 * 9]
    ldp     x0, x1, [sp], #FRAME
    eret
