// SPDX-License-Identifier: Apache-2.0
// The arm64 Image header that every helper program starts with, and the macros they share. A helper
// runs with the MMU off at any 2 MiB aligned address and uses PC-relative addresses only.

    .section .text, "ax"
    .global _start
_start:
    b       helper_main
    .long   0
    .quad   0                       // text_offset
    .quad   0x200000                // image_size
    .quad   0xa                     // flags: 4 KiB pages, anywhere in memory
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

// Prints the string at label \text on the PL011 of QEMU virt.
.macro PRINT text
    adr     x9, \text
    mov     x10, #0x09000000
.Lnext\@:
    ldrb    w11, [x9], #1
    cbz     w11, .Ldone\@
    strb    w11, [x10]
    b       .Lnext\@
.Ldone\@:
.endm

// Puts the status word of Baton with the status in its low byte into x1.
.macro STATUS_WORD status
    mov     x1, #\status
    movk    x1, #0x4e00, lsl #16
    movk    x1, #0x544f, lsl #32
    movk    x1, #0x4241, lsl #48
.endm
