// SPDX-License-Identifier: Apache-2.0
//
// The guest's first instructions: the arm64 Image header, relocation to wherever the image was
// put, floating point, vectors, stack, zeroed .bss; then guest_start() in C++.
// Entered at EL1 with the MMU off and the device tree's address in x0 (Linux boot protocol).

    .equ    R_AARCH64_RELATIVE, 1027
    .equ    CPACR_FPEN, 3 << 20             // CPACR_EL1.FPEN: no trap of FP and SIMD

    .section .head, "ax"
    .global _start
_start:
    mrs     x9, cntpct_el0                  // code0: when did the guest run first?
    b       entry                           // code1
    .quad   0                               // text_offset: at the 2 MiB boundary itself
    .long   image_end - _start, 0           // image_size, .bss and stack included
    .quad   0xa                             // flags: little endian, 4 KiB pages, anywhere
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

entry:
    msr     daifset, #0xf
    msr     spsel, #1
    mov     x19, x0                         // the device tree
    mov     x20, x9                         // the first tick

    mov     x0, #CPACR_FPEN
    msr     cpacr_el1, x0

    // Where does the image lie? ADR tells the truth; the link address (guest.ld) is a constant.
    adr     x1, _start
    ldr     x2, =0x40200000
    sub     x1, x1, x2                      // x1 = run address - link address
    adrp    x2, relocations_start
    add     x2, x2, :lo12:relocations_start
    adrp    x3, relocations_end
    add     x3, x3, :lo12:relocations_end
1:  cmp     x2, x3
    b.hs    2f
    ldp     x4, x5, [x2], #16               // r_offset, r_info
    ldr     x6, [x2], #8                    // r_addend
    cmp     w5, #R_AARCH64_RELATIVE
    b.ne    1b
    add     x6, x6, x1
    str     x6, [x4, x1]
    b       1b

2:  adrp    x2, bss_start
    add     x2, x2, :lo12:bss_start
    adrp    x3, bss_end
    add     x3, x3, :lo12:bss_end
3:  cmp     x2, x3
    b.hs    4f
    stp     xzr, xzr, [x2], #16
    b       3b

4:  adrp    x2, vectors
    add     x2, x2, :lo12:vectors
    msr     vbar_el1, x2
    adrp    x2, stack_top
    add     x2, x2, :lo12:stack_top
    mov     sp, x2
    isb                                     // CPACR_EL1 and VBAR_EL1 are in force
    mov     x0, x19
    mov     x1, x20
    mov     x29, xzr
    bl      guest_start
5:  wfi                                     // guest_start does not return
    b       5b
