// SPDX-License-Identifier: Apache-2.0
// Careless firmware: leaves the interrupt controller (GIC=2 or 3), the timers and EL2's registers in
// the worst state that it can and then enters the hypervisor at PAYLOAD with the tree in x0. Nothing
// here is against the boot protocol: the MMU is off, interrupts are masked, x0 holds the tree.

#include "../helpers/header.S"

    .equ    gicd, 0x08000000
    .equ    gicc, 0x08010000
    .equ    gich, 0x08030000
    .equ    gicr, 0x080a0000
    .equ    pl011, 0x09000000

// Stores the 32-bit constant \value at \base + \offset; clobbers w3 and x4.
.macro POKE base, offset, value
    ldr     x4, =\base + \offset
    ldr     w3, =\value
    str     w3, [x4]
.endm

.macro SET register, value
    ldr     x3, =\value
    msr     \register, x3
.endm

helper_main:
    mov     x28, x0
    PRINT   message
    bl      dirty_el2
    bl      dirty_timers
    bl      dirty_distributor
    bl      dirty_cpu_interface
    POKE    pl011, 0x38, 0x70       // IMSC: transmit and receive interrupts, the line is high now
    mov     x0, x28
    ldr     x16, =PAYLOAD
    mov     x1, #-1
    mov     x2, #-1
    mov     x3, #-1
    mov     x29, #-1                // no frame chain ends here
    mov     x30, #-1
    mov     sp, x1
    br      x16

dirty_el2:
    SET     vbar_el2, 0xdead0000    // nobody may take an exception before setting it
    SET     tpidr_el2, 0xdeadbeefdeadbeef
    SET     vttbr_el2, 0x00ff0000deadb000
    SET     vtcr_el2, 0x80000000
    SET     hstr_el2, 0xffff
    SET     mdcr_el2, 0xfe0         // every debug and PMU trap
    SET     cptr_el2, 0x80000000 | 0x33ff | 1 << 10 // CPACR and FP trapped
    SET     hcr_el2, 0x800000f8     // RW, all routings, VI and VF pending
    SET     elr_el2, 0xdead
    SET     spsr_el2, 0x3c0
    isb
    ret

dirty_timers:
    SET     cntvoff_el2, 0x123456789abcdef
    SET     cnthctl_el2, 0x7c       // nothing readable at EL1, event stream on
    msr     cntv_cval_el0, xzr
    msr     cnthp_cval_el2, xzr
    msr     cntp_cval_el0, xzr
    mov     x3, #1                  // on, unmasked, expired
    msr     cntv_ctl_el0, x3
    msr     cnthp_ctl_el2, x3
    msr     cntp_ctl_el0, x3
    isb
    // The virtual timer expires whatever its offset: CVAL = CNTVCT - 1.
    mrs     x3, cntvct_el0
    sub     x3, x3, #1
    msr     cntv_cval_el0, x3
    isb
    ret

dirty_distributor:
    POKE    gicd, 0x000, 0x37       // both groups on, affinity routing where there is any
    mov     x5, #32                 // SPIs 32 to 255
1:  ldr     x4, =gicd
    lsr     x6, x5, #3
    add     x4, x4, x6
    mov     w3, #-1
    str     w3, [x4, #0x80]         // IGROUPR
    str     w3, [x4, #0x100]        // ISENABLER
    ldr     w3, =0xaaaaaaaa
    str     w3, [x4, #0x200]        // ISPENDR: every second one pending
    ldr     w3, =0xcccccccc
    str     w3, [x4, #0x300]        // ISACTIVER: every second pair active
    add     x5, x5, #32
    cmp     x5, #256
    b.lo    1b
#if GIC == 2
    .equ    private, gicd
    POKE    gicd, 0x820, 0xffffffff // ITARGETSR: everything to everybody
    POKE    gicd, 0x824, 0xffffffff
    POKE    gicd, 0xf00, 0x02000003 // an SGI to itself
#else
    .equ    private, gicr + 0x10000
    POKE    gicr, 0x14, 0           // WAKER
    POKE    gicd, 0x6100, 0x80000000 // IROUTER32: to any
    POKE    gicd, 0x6108, 0x00ffff01 // IROUTER33: to nobody
#endif
    POKE    private, 0x080, 0xffffffff
    POKE    private, 0x400, 0x00000000 // priorities of SGIs 0 to 3: the highest
    POKE    private, 0x418, 0xffffffff // of INTIDs 24 to 31, the timers': never signalled
    POKE    private, 0x41c, 0xffffffff
    POKE    private, 0x100, 0xffffffff
    POKE    private, 0x200, 0xffffffff
    POKE    private, 0x300, 0xfdff00f0 // active but for the timers' 25: SGIs and PPIs alike
    dsb     sy
    ret

#if GIC == 2
dirty_cpu_interface:
    POKE    gicc, 0x004, 0xff       // open, take one interrupt and never end it
    POKE    gicc, 0x000, 0x007      // both groups, AckCtl, EOImode 0
    ldr     x4, =gicc
    ldr     w3, [x4, #0x00c]
    POKE    gicc, 0x008, 7          // BPR
    POKE    gicc, 0x004, 0          // PMR: nothing gets through
    POKE    gich, 0x100, 0xaa006c1b // hardware, active, 27
    POKE    gich, 0x104, 0x9a00681a // hardware, pending, 26
    POKE    gich, 0x108, 0x3a000021 // software, pending and active, 33
    POKE    gich, 0x10c, 0x00080022 // software, ended, wants maintenance
    POKE    gich, 0x0f0, 0xffffffff // APR
    POKE    gich, 0x008, 0x00000001 // VMCR: PMR 0
    POKE    gich, 0x000, 0x2800000f // HCR: on, all maintenance, EOIcount 5
    dsb     sy
    ret
#else
dirty_cpu_interface:
    SET     S3_4_C12_C9_5, 0xf      // ICC_SRE_EL2
    isb
    SET     S3_0_C4_C6_0, 0xff      // ICC_PMR_EL1: open, take one interrupt and never end it
    SET     S3_0_C12_C12_4, 0       // ICC_CTLR_EL1: EOImode 0
    SET     S3_0_C12_C12_6, 1       // ICC_IGRPEN0_EL1
    SET     S3_0_C12_C12_7, 1       // ICC_IGRPEN1_EL1
    isb
    mrs     x3, S3_0_C12_C12_0      // ICC_IAR1_EL1
    dsb     sy
    SET     S3_0_C12_C12_3, 7       // ICC_BPR1_EL1
    SET     S3_0_C12_C12_4, 1       // ICC_CTLR_EL1: CBPR
    SET     S3_0_C4_C6_0, 0         // ICC_PMR_EL1: nothing gets through
    SET     S3_4_C12_C12_0, 0xb0a0001b0000001b // ICH_LR0: hardware, active, 27
    SET     S3_4_C12_C12_1, 0x7000001a0000001a // ICH_LR1: hardware, pending, 26
    SET     S3_4_C12_C12_2, 0xd0a0000000000021 // ICH_LR2: software, pending and active, 33
    SET     S3_4_C12_C12_3, 0x10a0020000000022 // ICH_LR3: ended, wants maintenance
    SET     S3_4_C12_C9_0, 0xffffffff // ICH_AP1R0
    SET     S3_4_C12_C8_0, 0xffffffff // ICH_AP0R0
    SET     S3_4_C12_C11_7, 0       // ICH_VMCR: PMR 0
    SET     S3_4_C12_C11_0, 0x28005c0f // ICH_HCR: on, all maintenance, all traps, EOIcount 5
    isb
    ret
#endif

    .ltorg
message:
    .asciz  "dirt: the machine is dirty now\n"
