// SPDX-License-Identifier: Apache-2.0
//
// EL1 exception vectors for guests whose interrupt handlers unmask interrupts and are interrupted
// themselves, by IRQ or FIQ: ELR_EL1 and SPSR_EL1 are saved too. The handler, *nested_handler, is
// called with 0 for an IRQ and 1 for an FIQ. Everything else goes on to the everyday vectors.

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
    stp     x2, x3, [sp, #16 * 1]
    stp     x4, x5, [sp, #16 * 2]
    stp     x6, x7, [sp, #16 * 3]
    stp     x8, x9, [sp, #16 * 4]
    stp     x10, x11, [sp, #16 * 5]
    stp     x12, x13, [sp, #16 * 6]
    stp     x14, x15, [sp, #16 * 7]
    stp     x16, x17, [sp, #16 * 8]
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
    ldp     x2, x3, [sp, #16 * 1]
    ldp     x4, x5, [sp, #16 * 2]
    ldp     x6, x7, [sp, #16 * 3]
    ldp     x8, x9, [sp, #16 * 4]
    ldp     x10, x11, [sp, #16 * 5]
    ldp     x12, x13, [sp, #16 * 6]
    ldp     x14, x15, [sp, #16 * 7]
    ldp     x16, x17, [sp, #16 * 8]
    ldp     x18, x30, [sp, #16 * 9]
    ldp     x0, x1, [sp], #FRAME
    eret
