// SPDX-License-Identifier: Apache-2.0
// First instructions: arm64 Image header, whichever exception level firmware left us at, then the
// MMU on and the jump to the one virtual address. Runs at any 2 MiB aligned physical address, so
// only PC-relative code until then. Assembly saves, sets and jumps; the tables are early.cpp's.
//
// Kept throughout: x19 = x0 at entry (a device tree, perhaps), x20 = entry exception level,
// x21 = physical address of the image.

#include "hyp/arch/layout.h"

#define SCTLR_EL2_OFF 0x30c50830 // RES1, MMU and caches off (DDI 0487, SCTLR_EL2)
#define SCTLR_EL2_ON 0x30cd183d  // and M, C, SA, I, WXN: what is writable never executes
#define SCTLR_EL1_OFF 0x30d00800
#define SCTLR_EL1_ON 0x30d81805  // and M, C, I, WXN
#define HCR_EL2_RW (1 << 31)
#define TCR_EL2_BASE 0x80803500  // RES1, inner shareable, write-back walks, 4 KiB granule
#define TCR_EL1_BASE 0x00803500  // EPD1: only TTBR0_EL1

    .section .head, "ax"
    .global _start
_start:
    b entry // code0
    .word 0 // code1
    .quad 0 // text_offset
    .quad _image_size
    .quad 0xa // flags: little endian, 4 KiB pages, anywhere in memory
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .word 0

    .section .text.boot1, "ax"
entry:
    mov x19, x0
    adrp x21, _image_start
    mrs x20, CurrentEL
    lsr x20, x20, #2
    cmp x20, #2
    b.eq at_el2
    b.lo at_el1
    b el3_entry // comes back to at_el2, at EL2

    .global at_el2 // a copy of the image is entered here (hyp/move.cpp), MMU on at its own address
at_el2:
    bl el2_off
    bl early_prepare
    adrp x0, _early_tables
    add x0, x0, :lo12:_early_tables
    ldr x23, =at_virtual
// Any pCPU: x0 = its top table, x23 = where it goes on, with the MMU on.
el2_on:
    msr ttbr0_el2, x0
    mrs x0, id_aa64mmfr0_el1
    and x0, x0, #7 // PARange; 7 is reserved and 6 needs LPA
    cmp x0, #5
    mov x1, #5
    csel x0, x0, x1, lo
    ldr w1, =TCR_EL2_BASE + (64 - HYP_VA_BITS)
    orr x1, x1, x0, lsl #16
    msr tcr_el2, x1
    mov x0, #HYP_MAIR_VALUE
    msr mair_el2, x0
    adrp x0, vectors_v3 // physical for the few instructions until the jump
    add x0, x0, :lo12:vectors_v3
    msr vbar_el2, x0
    tlbi alle2 // firmware's translations, if it had any
    ic iallu
    dsb nsh // the invalidations complete before the MMU goes on
    isb     // and every register above is in effect
    ldr w0, =SCTLR_EL2_ON
    msr sctlr_el2, x0
    isb // MMU on: from here by the identity map
    ldr x0, =vectors_v3 // any table: until a guest runs only its panics matter
    msr vbar_el2, x0
    br x23

el2_off:
    msr DAIFSet, #0xf
    msr SPSel, #1 // firmware may have used SP_EL0
    mov x0, #HCR_EL2_RW // E2H=0, TGE=0, nothing routed: one register layout from here on
    msr hcr_el2, x0
    ldr w0, =SCTLR_EL2_OFF
    isb // HCR_EL2.E2H decides what the next writes mean
    msr sctlr_el2, x0
    isb // MMU and caches off before the memory they might hold is touched
    ret

// A stack for the C++ that fills the tables. Its memory and the tables are written uncached: lines
// that firmware left for them must neither hide nor overwrite that, so they go to the point of
// coherency before, and whatever was fetched speculatively meanwhile is dropped after.
early_prepare:
    mov x22, x30
    bl clean_early
    adrp x0, _stack_top
    mov sp, x0
    mov x0, x20
    bl early_tables
    bl clean_early
    ret x22

// DC CIVAC over the boot stack and the early tables.
clean_early:
    adrp x0, _stack_bottom
    adrp x1, _early_tables_end
    add x1, x1, :lo12:_early_tables_end
    mrs x2, ctr_el0
    ubfx x2, x2, #16, #4 // DminLine: log2 of words
    mov x3, #4
    lsl x2, x3, x2
1:  dc civac, x0
    add x0, x0, x2
    cmp x0, x1
    b.lo 1b
    dsb sy // complete before the memory is used with other attributes
    ret
    .ltorg

    .section .text.boot2, "ax"
at_el1:
    msr DAIFSet, #0xf
    msr SPSel, #1
    ldr w0, =SCTLR_EL1_OFF
    msr sctlr_el1, x0
    isb // as at EL2
    bl early_prepare
    mrs x0, id_aa64mmfr0_el1
    and x0, x0, #7
    cmp x0, #5
    mov x1, #5
    csel x0, x0, x1, lo
    ldr w1, =TCR_EL1_BASE + (64 - HYP_VA_BITS)
    orr x1, x1, x0, lsl #32
    msr tcr_el1, x1
    mov x0, #HYP_MAIR_VALUE
    msr mair_el1, x0
    adrp x0, _early_tables
    add x0, x0, :lo12:_early_tables
    msr ttbr0_el1, x0
    tlbi vmalle1
    ic iallu
    dsb nsh // as at EL2
    isb
    ldr w0, =SCTLR_EL1_ON
    msr sctlr_el1, x0
    isb // MMU on
    ldr x0, =at_virtual
    br x0

at_virtual:
    ldr x0, =_stack_top
    mov sp, x0
    ldr x0, =_bss_start
    ldr x1, =_bss_end
2:  cmp x0, x1
    b.hs 3f
    stp xzr, xzr, [x0]
    stp xzr, xzr, [x0, #16]
    stp xzr, xzr, [x0, #32]
    stp xzr, xzr, [x0, #48]
    add x0, x0, #64
    b 2b
3:  mov x29, xzr // the end of every backtrace
    mov x30, xzr
    mov x0, x19
    mov x1, x20
    mov x2, x21
    b hyp_main
    .ltorg

// Where another pCPU begins, by PSCI CPU_ON or from a spin table: nothing is known but where it is.
// Who it is its block says, which the boot pCPU has cleaned to the point of coherency.
// x19 = its number.
    .section .text.boot3, "ax"
    .global secondary_entry
secondary_entry:
    mrs x0, CurrentEL
    cmp x0, #(2 << 2)
    b.ne 3f // nobody asked for that: it stays away, and the boot pCPU says so
    bl el2_off
    mrs x1, mpidr_el1
    ldr x2, =0xff00ffffff
    and x1, x1, x2
    adrp x0, boot_blocks
    add x0, x0, :lo12:boot_blocks
    mov x19, #1
1:  add x0, x0, #BOOT_BLOCK_SIZE
    ldr x2, [x0, #BOOT_BLOCK_AFFINITY]
    cmp x1, x2
    b.eq 2f
    add x19, x19, #1
    cmp x19, #HYP_MAX_PCPUS
    b.ne 1b
3:  wfe
    b 3b
2:  ldr x23, =secondary_virtual // the block begins with the top table
    b el2_on

secondary_virtual:
    ldr x0, =_stack_top
    sub x0, x0, x19, lsl #HYP_STACK_SLOT_SHIFT
    mov sp, x0
    mov x29, xzr // the end of every backtrace
    mov x30, xzr
    mov x0, x19
    b secondary_main
    .ltorg
