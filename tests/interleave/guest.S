// SPDX-License-Identifier: Apache-2.0
// A guest of up to three CPUs that brings two of them, again and again, to the same two instructions:
// test_interleave.py stops them there and lets Baton's code run in every order from then on. GICv3,
// MMU off, PSTATE.I set: interrupts are polled. WINDOW says which window.
    .macro  open_gic
    mov     x0, #0xf8
    msr     s3_0_c4_c6_0, x0            // ICC_PMR_EL1
    mov     x0, #1
    msr     s3_0_c12_c12_7, x0          // ICC_IGRPEN1_EL1
    isb
    mrs     x0, mpidr_el1
    and     x0, x0, #0xff
    ldr     x1, =0x080b0000             // GICR, its second frame
    add     x1, x1, x0, lsl #17
    mov     w2, #0xffff
    str     w2, [x1, #0x100]            // ISENABLER0
    .endm

    // x0 = function, x1 to x3
    .macro  call function
    ldr     x0, =\function
    hvc     #0
    .endm

    .macro  start cpu, entry
    mov     x1, #\cpu
    adr     x2, \entry
    mov     x3, xzr
    call    0xc4000003                  // CPU_ON
    .endm

    // Until that one of `words` is not `old`.
    .macro  await_change offset, old
1:  yield
    ldr     x1, [x19, #\offset]
    cmp     x1, \old
    b.eq    1b
    mov     \old, x1
    .endm

    .macro  bump offset
    ldr     x1, [x19, #\offset]
    add     x1, x1, #1
    str     x1, [x19, #\offset]
    dsb     sy
    .endm

    .section .text.start, "ax"
    .global _start, posting, posted, sleeping, got, lost_one, yielding, back
    .global turning_on, was_on, turning_off, started, resetting, killed, unclean, answered, waiting
_start:
    adr     x19, words
    ldr     x0, =0x08000000
    mov     w1, #2
    str     w1, [x0]                    // GICD_CTLR: Group 1
    open_gic
    ldr     w0, window
    cmp     w0, #1
    b.eq    power
    cmp     w0, #2
    b.eq    kill
    start   1, sleeper
    ldr     w0, window
    cmp     w0, #3
    b.ne    poster
    start   2, neighbour

// vCPU 0 posts two SGIs, and waits until they are taken.
poster:
    mov     x20, xzr
    mov     x24, xzr
    ldr     x4, =0x01000002             // SGI 1 to CPU 1
    ldr     x5, =0x02000002
    ldr     w0, window
    cmp     w0, #3
    b.ne    posting
    ldr     x5, =0x01000004             // SGI 1 to CPU 2
posting:
    msr     s3_0_c12_c11_5, x4         // ICC_SGI1R_EL1
    msr     s3_0_c12_c11_5, x5
posted:
    await_change 0, x20
    ldr     w0, window
    cmp     w0, #3
    b.ne    posting
    await_change 8, x24
    b       posting

// vCPU 1 sleeps until it has both; in the other window it gives its turn away until it has its one.
sleeper:
    adr     x19, words
    mov     x25, xzr
    open_gic
again:
    mov     x23, #6                     // SGIs 1 and 2 are to come
    ldr     w0, window
    cmp     w0, #3
    b.eq    sharer
sleeping:
    mov     x1, xzr
    call    0x84000001                  // CPU_SUSPEND, standby
    bl      take
    cbnz    x23, sleeping
got:
    bump    0
    ldr     w0, window
    cmp     w0, #3
    b.ne    again
1:  call    0xc6000003                  // the neighbour takes its own, too
    ldr     x1, [x19, #8]
    cmp     x1, x25
    b.eq    1b
    mov     x25, x1
    b       again
sharer:
    mov     x23, #2
yielding:
    call    0xc6000003                  // the turn is another one's
back:
    bl      take
    cbz     x23, got
    call    0xc6000003
    b       back

take:
    mrs     x0, s3_0_c12_c12_0          // ICC_IAR1_EL1
    cmp     x0, #1020
    b.hs    2f
    msr     s3_0_c12_c12_1, x0          // ICC_EOIR1_EL1
    mov     x1, #1
    lsl     x1, x1, x0
    tst     x23, x1
    b.eq    lost_one                    // one that was not sent, or once too often
    bic     x23, x23, x1
    b       take
2:  ret
lost_one:
    b       lost_one

// vCPU 2, on the pCPU of vCPU 1.
neighbour:
    adr     x19, words
    open_gic
1:  mov     x23, #2
2:  call    0xc6000003
    bl      take
    cbnz    x23, 2b
    bump    8
    b       1b

// vCPU 0 turns vCPU 1 on while that turns itself off.
power:
    mov     x20, xzr
    start   1, life
    await_change 0, x20
turning_on:
    mov     x1, #1
    adr     x2, life
    mov     x3, xzr
    call    0xc4000003
answered:
    cbz     x0, was_on
1:  mov     x1, #1                      // it was on still
    adr     x2, life
    mov     x3, xzr
    call    0xc4000003
    cbnz    x0, 1b
was_on:
    await_change 0, x20
    b       turning_on
life:
    adr     x19, words
started:
    bump    0
turning_off:
    call    0x84000002                  // CPU_OFF

// vCPU 0 sends SGIs to vCPU 1, which has the VM start anew.
kill:
    start   1, killer
    ldr     x4, =0x01000002
    ldr     x5, =0x02000002
killed:
    msr     s3_0_c12_c11_5, x4
    msr     s3_0_c12_c11_5, x5
waiting:
    yield
1:  b       1b
killer:
    open_gic
    mrs     x0, s3_0_c12_c12_0
    cmp     x0, #1020
    b.lo    unclean                     // of its life before
resetting:
    call    0x84000009                  // SYSTEM_RESET
unclean:
    b       unclean

    .balign 8
window:
    .quad   WINDOW
words:
    .quad   0, 0
