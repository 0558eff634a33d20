// SPDX-License-Identifier: Apache-2.0
// The only code of EL2 that touches FP and SIMD registers; scripts/fp_gate.py knows these two by
// name. x0 = FpState (fp.hpp).

    .arch_extension fp
    .arch_extension simd

    // Four registers at a time; x1 is where FPSR and FPCR belong afterwards.
    .macro all_of instruction
    mov x1, x0
    .irp n, 0, 4, 8, 12, 16, 20, 24, 28
    four \instruction, \n, %(\n + 3)
    .endr
    .endm
    .altmacro
    .macro four instruction, first, last
    \instruction {v\first\().2d-v\last\().2d}, [x1], #64
    .endm

    .section .text.fp_save_registers, "ax"
    .global fp_save_registers
    .type fp_save_registers, %function
fp_save_registers:
    all_of st1
    mrs x2, fpsr
    mrs x3, fpcr
    stp x2, x3, [x1]
    ret
    .size fp_save_registers, . - fp_save_registers

    .section .text.fp_load_registers, "ax"
    .global fp_load_registers
    .type fp_load_registers, %function
fp_load_registers:
    all_of ld1
    ldp x2, x3, [x1]
    msr fpsr, x2
    msr fpcr, x3
    ret
    .size fp_load_registers, . - fp_load_registers
