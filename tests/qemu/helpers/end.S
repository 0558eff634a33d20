// SPDX-License-Identifier: Apache-2.0
// Ends the machine in the way that END names, for the tests of the runner: "off" by SYSTEM_OFF with
// the status word of STATUS, "bare_off" without it, "reset" by SYSTEM_RESET, "loop" in a WFI loop
// named machine_stopped with the status word, "idle" in another such loop, "guest" in machine_stopped
// but at EL1, "moved" at EL2 but in a copy of machine_stopped, as far from a multiple of 2 MiB,
// "hang" in a loop with interrupts masked.

#include "header.S"

helper_main:
    PRINT   message
#if defined(END_loop)
    STATUS_WORD STATUS
    b       machine_stopped
#elif defined(END_guest)
    STATUS_WORD STATUS
    mov     x0, #(1 << 31)          // HCR_EL2.RW
    msr     hcr_el2, x0
    mov     x0, #0x3c5              // EL1h, all masked
    msr     spsr_el2, x0
    adr     x0, machine_stopped
    msr     elr_el2, x0
    eret
#elif defined(END_moved)
    STATUS_WORD STATUS
    adr     x2, machine_stopped
    add     x3, x2, #0x200000
    ldr     x0, [x2]
    str     x0, [x3]
    br      x3                      // caches are off
#elif defined(END_idle)
    STATUS_WORD STATUS
1:  wfi
    b       1b
#elif defined(END_hang)
    b       .
#else
#ifdef END_bare_off
    mov     x1, #STATUS
#else
    STATUS_WORD STATUS
#endif
#ifdef END_reset
    mov     w0, #0x0009
#else
    mov     w0, #0x0008
#endif
    movk    w0, #0x8400, lsl #16    // PSCI SYSTEM_OFF or SYSTEM_RESET, DEN 0022
    smc     #0
    b       .
#endif

    .balign 64
    .global machine_stopped
    .type   machine_stopped, %function
machine_stopped:
    wfi
    b       machine_stopped
    .size   machine_stopped, . - machine_stopped

message:
    .asciz  "helper speaking\n"
