// SPDX-License-Identifier: Apache-2.0
// Exception vectors. Assembly saves, calls and restores; it decides nothing. The synchronous and
// IRQ vectors from a guest are C++ (vec_fast.cpp), placed here by the linker script; what they
// cannot finish arrives at slow_sync and slow_irq with every register as the guest left it.
// The last quarter of a table is for guests in AArch32 (DDI 0487, vector offsets from VBAR_EL2);
// HCR_EL2.RW rules them out, so the linker script has other code there.

#include "hyp/arch/frame.h"
#include "hyp/arch/layout.h"

// An exception at EL2 or one that no guest can cause: registers to the per-pCPU emergency stack,
// whatever SP was worth, then the report.
    .macro panic_vector kind
    .balign 128
    msr tpidr_el2, x0
    mov x0, #HYP_PERCPU_VA
    str x1, [x0, #PERCPU_SCRATCH]
    mov x1, #\kind
    b panic_entry
    .endm

    .macro save_pair first, second
    stp x\first, x\second, [sp, #FRAME_X(\first)]
    .endm
    .macro load_pair first, second
    ldp x\first, x\second, [sp, #FRAME_X(\first)]
    .endm

// SP_EL2 is the vCPU's frame. A trap that the vector did not finish is tried on the first sixteen
// registers (fast_sync.cpp) before it becomes a slow one.
    .macro save_first
    save_pair 0, 1
    save_pair 2, 3
    save_pair 4, 5
    save_pair 6, 7
    save_pair 8, 9
    save_pair 10, 11
    save_pair 12, 13
    save_pair 14, 15
    .endm
    .macro save_and_try name
    .global save_and_try_\name
save_and_try_\name:
    save_first
    mov x0, sp
    b fast_sync_\name
    .endm

// The trap is done: past its instruction, with what was saved, perhaps with a result in it.
    .macro restoring
    .global skip_and_return
skip_and_return:
    mrs x0, elr_el2
    add x0, x0, #4
    msr elr_el2, x0
    load_pair 14, 15
    load_pair 12, 13
    load_pair 10, 11
    load_pair 8, 9
    load_pair 6, 7
    load_pair 4, 5
    load_pair 2, 3
    load_pair 0, 1
    eret
    dsb nsh // no speculation past ERET
    isb
    .endm

// Save the rest, run `handler` on the pCPU's stack; it returns the frame to resume, which need not
// be the one that came.
    .macro slow_path handler
    save_pair 16, 17
    save_pair 18, 19
    save_pair 20, 21
    save_pair 22, 23
    save_pair 24, 25
    save_pair 26, 27
    save_pair 28, 29
    str x30, [sp, #FRAME_X(30)]
    mov x0, sp
    mov x1, #HYP_PERCPU_VA
    ldr x1, [x1, #PERCPU_STACK_TOP]
    mov sp, x1
    mov x29, xzr // a backtrace ends where the guest begins
    bl \handler
    b resume_frame
    .endm

// x0 = frame. The first entry of a vCPU comes here too.
    .macro resuming
    .global resume_frame
resume_frame:
    mov sp, x0
    load_pair 2, 3
    load_pair 4, 5
    load_pair 6, 7
    load_pair 8, 9
    load_pair 10, 11
    load_pair 12, 13
    load_pair 14, 15
    load_pair 16, 17
    load_pair 18, 19
    load_pair 20, 21
    load_pair 22, 23
    load_pair 24, 25
    load_pair 26, 27
    load_pair 28, 29
    ldr x30, [sp, #FRAME_X(30)]
    load_pair 0, 1
    .global exit_to_guest
exit_to_guest:
    eret
    dsb nsh // no speculation past ERET
    isb
    .endm

// u64 probe(u64 address, u32* value): 1 and the word there, or 0 when reading it aborts.
    .macro probing
    .global probe
probe:
    mov x2, x0
    mov x0, #1
probe_load:
    ldr w3, [x2]
    str w3, [x1]
    ret
probe_failed:
    mov x0, #0
    ret
    .endm

// void stop_machine(u64 status_word, u64 function, u64 conduit): what is left when a machine ends.
// x1 carries the status for whoever looks from outside (scripts/run.py). conduit: 0 none, 1 SMC,
// 2 HVC.
    .macro stopping
    .global stop_machine
    .global machine_stopped
stop_machine:
    mov x3, x1
    mov x1, x0
    mov x0, x3
    cmp x2, #1
    b.lo machine_stopped
    b.ne 2f
    smc #0
    b machine_stopped
2:  hvc #0
machine_stopped:
    wfi
    b machine_stopped
    .size machine_stopped, . - machine_stopped
    .endm

// Short code lives in the room that a vector leaves.
    .macro vector_tables name, tail:vararg
    .irp kind, 0, 1, 2, 3, 4, 5, 6, 7
    .section .vec.\name\().p\kind, "ax"
    panic_vector \kind
    .endr
    \tail
    .section .vec.\name\().p10, "ax"
    panic_vector 10
    .global slow_rest_\name
slow_rest_\name:
    slow_path on_guest_sync_\name
    .section .vec.\name\().p11, "ax"
    panic_vector 11
    .global slow_irq_\name
slow_irq_\name:
    save_first
    slow_path on_guest_irq_\name
    .endm

    .macro other_ends
    probing
    stopping
    .endm
    vector_tables v2, resuming
    vector_tables v3, other_ends

    .section .text.entry, "ax"
    save_and_try v2
    save_and_try v3
    restoring
// x0 = HYP_PERCPU_VA, x1 = kind, the originals in TPIDR_EL2 and the scratch.
panic_entry:
    str x1, [x0, #PERCPU_SCRATCH + 8]
    mrs x0, esr_el2
    lsr x0, x0, #26
    cmp x0, #0x25 // a data abort of EL2 itself: perhaps a probe that may fail
    b.ne 1f
    mrs x0, elr_el2
    adr x1, probe_load
    cmp x0, x1
    b.ne 1f
    adr x0, probe_failed
    msr elr_el2, x0
    mov x1, #HYP_PERCPU_VA
    ldr x1, [x1, #PERCPU_SCRATCH]
    mrs x0, tpidr_el2
    eret
    dsb nsh
    isb
1:  mov x0, #HYP_PERCPU_VA
    ldr x0, [x0, #PERCPU_EMERGENCY_TOP]
    sub x0, x0, #PANIC_SIZE
    stp x2, x3, [x0, #PANIC_X(2)]
    mov x2, sp
    str x2, [x0, #PANIC_SP]
    mov sp, x0
    stp x4, x5, [sp, #PANIC_X(4)]
    stp x6, x7, [sp, #PANIC_X(6)]
    stp x8, x9, [sp, #PANIC_X(8)]
    stp x10, x11, [sp, #PANIC_X(10)]
    stp x12, x13, [sp, #PANIC_X(12)]
    stp x14, x15, [sp, #PANIC_X(14)]
    stp x16, x17, [sp, #PANIC_X(16)]
    stp x18, x19, [sp, #PANIC_X(18)]
    stp x20, x21, [sp, #PANIC_X(20)]
    stp x22, x23, [sp, #PANIC_X(22)]
    stp x24, x25, [sp, #PANIC_X(24)]
    stp x26, x27, [sp, #PANIC_X(26)]
    stp x28, x29, [sp, #PANIC_X(28)]
    str x30, [sp, #PANIC_X(30)]
    mrs x2, tpidr_el2
    mov x3, #HYP_PERCPU_VA
    ldr x3, [x3, #PERCPU_SCRATCH]
    stp x2, x3, [sp, #PANIC_X(0)]
    mrs x2, elr_el2
    mrs x3, spsr_el2
    stp x2, x3, [sp, #PANIC_ELR]
    mrs x2, esr_el2
    mrs x3, far_el2
    stp x2, x3, [sp, #PANIC_ESR]
    mrs x2, hpfar_el2
    str x2, [sp, #PANIC_HPFAR]
    mov x1, #HYP_PERCPU_VA
    ldr x1, [x1, #PERCPU_SCRATCH + 8]
    mov x0, sp
    b panic_on_exception
    .ltorg
