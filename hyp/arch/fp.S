// SPDX-License-Identifier: Apache-2.0
// The only code of EL2 that touches FP and SIMD registers; scripts/fp_gate.py knows these two by
// name. x0 = FpState (fp.hpp).

    .arch_extension fp
    .arch_extension simd

    .macro each_pair instruction
    .irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
    pair \instruction, \n
    .endr
    .endm
    .altmacro
    .macro pair instruction, n
    two \instruction, \n, %(\n + 1)
    .endm
    .macro two instruction, first, second
    \instruction q\first, q\second, [x0, #16 * \first]
    .endm

    .section .text.fp_save_registers, "ax"
    .global fp_save_registers
    .type fp_save_registers, %function
fp_save_registers:
    each_pair stp
    mrs x1, fpsr
    mrs x2, fpcr
    str x1, [x0, #512] // beyond STP's reach
    str x2, [x0, #520]
    ret
    .size fp_save_registers, . - fp_save_registers

    .section .text.fp_load_registers, "ax"
    .global fp_load_registers
    .type fp_load_registers, %function
fp_load_registers:
    each_pair ldp
    ldr x1, [x0, #512]
    ldr x2, [x0, #520]
    msr fpsr, x1
    msr fpcr, x2
    ret
    .size fp_load_registers, . - fp_load_registers
