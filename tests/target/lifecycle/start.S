// SPDX-License-Identifier: Apache-2.0
// Entry, EL2 vectors and the way to EL1 and back of the life-cycle test: a bare EL2 image for QEMU
// `virt` (entered at EL2, MMU off). EL2 never takes an interrupt itself: PSTATE.I stays set.

    .section .text.start, "ax"
    .global _start
_start:
    msr     daifset, #15
    adrp    x0, stack_top
    add     x0, x0, :lo12:stack_top
    mov     sp, x0
    adrp    x0, bss_start
    add     x0, x0, :lo12:bss_start
    adrp    x1, bss_end
    add     x1, x1, :lo12:bss_end
1:  cmp     x0, x1
    b.hs    2f
    str     xzr, [x0], #8
    b       1b
2:  adrp    x0, vectors
    add     x0, x0, :lo12:vectors
    msr     vbar_el2, x0
    adrp    x0, el1_vectors
    add     x0, x0, :lo12:el1_vectors
    msr     vbar_el1, x0
    ldr     x0, =0x80000038             // HCR_EL2: RW, AMO, IMO, FMO; no stage 2
    msr     hcr_el2, x0
    ldr     x0, =0x30d00800             // SCTLR_EL1: RES1 only, MMU off
    msr     sctlr_el1, x0
    mov     x0, #3                      // CNTHCTL_EL2: EL1 may use its timers
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    isb
    bl      lifecycle_main              // status in x0
    .global machine_off
machine_off:                            // x0 = status
    movz    x1, #0x4241, lsl #48        // "BATON", 0, 0, status
    movk    x1, #0x544f, lsl #32
    movk    x1, #0x4e00, lsl #16
    and     x0, x0, #0xff
    orr     x1, x1, x0
    ldr     x0, =0x84000008             // PSCI SYSTEM_OFF (DEN 0022)
    smc     #0
    .global machine_stopped
machine_stopped:
    wfi
    b       machine_stopped

// u64 el1_enter(u64 x[31]): enters EL1 at ELR_EL2 with these registers, and returns the kind of the
// exit that ended the stay (1 synchronous, 2 IRQ, 3 FIQ or SError), the guest's registers in x[].
    .text
    .global el1_enter
el1_enter:
    stp     x29, x30, [sp, #-112]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    str     x0, [sp, #96]
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
    ldr     x30, [x0, #240]
    ldp     x0, x1, [x0]
    eret

leave_el1:                              // x1 = kind; the guest's x0 and x1 are on the stack
    ldr     x0, [sp, #112]
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
    str     x30, [x0, #240]
    ldp     x2, x3, [sp], #16
    stp     x2, x3, [x0]
    mov     x0, x1
    ldp     x19, x20, [sp, #16]
    ldp     x21, x22, [sp, #32]
    ldp     x23, x24, [sp, #48]
    ldp     x25, x26, [sp, #64]
    ldp     x27, x28, [sp, #80]
    ldp     x29, x30, [sp], #112
    ret

// An exception of EL2 itself: always a defect.
el2_exception:
    mrs     x0, esr_el2
    mrs     x1, elr_el2
    mrs     x2, far_el2
    bl      lifecycle_exception
    b       machine_off

    .macro  from_el1 kind
    .balign 128
    stp     x0, x1, [sp, #-16]!
    mov     x1, #\kind
    b       leave_el1
    .endm

    .balign 2048
vectors:
    .rept 8
    .balign 128
    b       el2_exception
    .endr
    from_el1 1
    from_el1 2
    from_el1 3
    from_el1 3
    .rept 4
    .balign 128
    b       el2_exception
    .endr

// EL1 begins each visit here: u64 el1_step(step, argument), and the result comes back by HVC #0.
    .balign 4
    .global el1_begin
el1_begin:
    adrp    x9, el1_stack_top
    add     x9, x9, :lo12:el1_stack_top
    mov     sp, x9
    bl      el1_step
    hvc     #0

// EL1 expects no exception: it polls, PSTATE.I set. HVC #1 says that one came.
    .balign 2048
el1_vectors:
    .rept 16
    .balign 128
    hvc     #1
    .endr

    .section .bss
    .balign 16
    .skip   0x8000
stack_top:
    .skip   0x1000
el1_stack_top:
