// SPDX-License-Identifier: Apache-2.0
// The vectors of vec_fast.cpp for a compiler that cannot make every register call-saved: the
// caller-saved set goes to the vCPU's frame and the same template is called (fast_irq.cpp). The
// instruction counts that Baton promises are those of g++.

#include "hyp/arch/frame.h"

    .macro each_caller_saved pair, single
    \pair x0, x1, [sp, #FRAME_X(0)]
    \pair x2, x3, [sp, #FRAME_X(2)]
    \pair x4, x5, [sp, #FRAME_X(4)]
    \pair x6, x7, [sp, #FRAME_X(6)]
    \pair x8, x9, [sp, #FRAME_X(8)]
    \pair x10, x11, [sp, #FRAME_X(10)]
    \pair x12, x13, [sp, #FRAME_X(12)]
    \pair x14, x15, [sp, #FRAME_X(14)]
    \pair x16, x17, [sp, #FRAME_X(16)]
    \single x18, [sp, #FRAME_X(18)]
    \single x30, [sp, #FRAME_X(30)]
    .endm

    .macro fast_vectors name
    .section .vec.\name\().sync, "ax"
    b save_and_try_\name
    .section .vec.\name\().irq, "ax"
    each_caller_saved stp, str
    bl fast_irq_\name
    b finish_irq_\name

    .section .text.entry, "ax"
    .global fast_sync_\name
fast_sync_\name: // fast_sync.cpp may use no more than x0 to x15, which clang cannot be told
    b slow_rest_\name
finish_irq_\name:
    cbz w0, 1f
    each_caller_saved ldp, ldr
    b exit_to_guest
1:  each_caller_saved ldp, ldr
    b slow_irq_\name
    .endm

    fast_vectors v2
    fast_vectors v3
