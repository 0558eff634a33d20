// SPDX-License-Identifier: Apache-2.0
// Enters the hypervisor at PAYLOAD after doing to the device tree what TREE names: 0 no tree at all,
// 1 the structure block lies outside, 2 the size is absurd, 3 the structure holds an unknown tag.

#include "header.S"

helper_main:
    PRINT   message
#if TREE == 0
    str     xzr, [x0]
    mov     x0, xzr
#elif TREE == 1
    mov     w1, #-1
    str     w1, [x0, #8]            // off_dt_struct
#elif TREE == 2
    mov     w1, #0xffffff7f         // 0x7fffffff in the tree's byte order
    str     w1, [x0, #4]            // totalsize
#else
    ldr     w1, [x0, #8]
    rev     w1, w1
    mov     w2, #0x77777777
    str     w2, [x0, x1]
#endif
    ldr     x16, =PAYLOAD
    br      x16

    .ltorg
message:
    .asciz  "handover: the tree is spoilt now\n"
