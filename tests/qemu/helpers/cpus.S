// SPDX-License-Identifier: Apache-2.0
// Enters the hypervisor at PAYLOAD with a device tree of its own, TREE, as firmware with a spin table
// would: CPU 1 sleeps until the word at RELEASE is an address to go to, CPU 2 sleeps for ever though
// the tree says that PSCI can start it, CPU 3 is off though the tree gives it a word as well.

#include "header.S"

helper_main:
    PRINT   message
    ldr     x19, =RELEASE
    stp     xzr, xzr, [x19]
    mov     x20, #1
1:  ldr     x0, =0xc4000003         // PSCI CPU_ON
    mov     x1, x20
    adr     x2, asleep
    mov     x3, x20
    smc     #0
    add     x20, x20, #1
    cmp     x20, #3
    b.ne    1b
    adr     x0, tree
    ldr     x16, =PAYLOAD
    br      x16

asleep:                             // x0 = the CPU's number; MMU and caches are off
    ldr     x1, =RELEASE
    cmp     x0, #1
2:  wfe
    b.ne    2b
    ldr     x2, [x1]
    cbz     x2, 2b
    mov     x0, xzr
    br      x2

    .ltorg
message:
    .asciz  "cpus: two of them sleep now\n"
    .balign 8
tree:
    .incbin TREE
