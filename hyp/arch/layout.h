// SPDX-License-Identifier: Apache-2.0
// EL2's virtual address space, for assembly, C++ and the linker script alike.
//
// 42 bits (TCR_EL2.T0SZ = 22): the low part holds, during boot only, an identity map of the image
// wherever it was loaded; the top holds everything else at constant addresses, on every machine.
// Frames of the interrupt path sit at 2^42 - 2^n, which is one MOV (a logical immediate).
//
//   0x3ff'8000'0000  window: physical memory mapped for a while (trees, payloads, guest RAM)
//   0x3ff'c000'0000  image: text, read-only data, data, stacks with guard pages (2 MiB, by pages)
//   0x3ff'ffc0'0000  devices that EL2 forwards accesses to (2 MiB, by pages)
//   0x3ff'ffe0'0000  devices and the per-pCPU page (2 MiB, by pages, one table for each pCPU)
#pragma once

#define HYP_VA_BITS 42

#define HYP_WINDOW_VA 0x3ff80000000
#define HYP_IMAGE_VA 0x3ffc0000000
#define HYP_IMAGE_SPAN 0x200000 // the image and its memory fit one level-2 entry
#define HYP_FAR_VA 0x3ffc0100000 // its second MiB: hyp/pcpu.hpp, FarStorage
#define HYP_FAR_SPAN 0x100000
#define HYP_FORWARDED_VA 0x3ffffc00000 // devices that share a page: 34 pages, one for each
#define HYP_DEVICES_VA 0x3ffffe00000

#define HYP_GICR_VA 0x3fffffc0000  // 2^42 - 2^18: RD_base, then SGI_base at + 0x10000
#define HYP_GICR_SIZE 0x20000
#define HYP_GICD_VA 0x3fffffe0000  // 2^42 - 2^17: 64 KiB
#define HYP_GICH_VA 0x3ffffff8000  // 2^42 - 2^15
#define HYP_GICV_VA 0x3ffffffa000  // two pages, DIR in the second
#define HYP_GICC_VA 0x3ffffffc000  // 2^42 - 2^14: two pages, DIR in the second
#define HYP_UART_VA 0x3ffffffe000  // 2^42 - 2^13
#define HYP_PERCPU_VA 0x3fffffff000 // 2^42 - 2^12

// Offsets in the per-pCPU page (hyp/arch/percpu.hpp checks them).
#define PERCPU_STACK_TOP 0x100
#define PERCPU_EMERGENCY_TOP 0x108
#define PERCPU_SCRATCH 0x110 // x0, x1 of an EL2 exception while the emergency stack is found

// Stacks, a slot for each pCPU: guard page, stack, guard page, the stack of last words. The boot
// pCPU's slot is the highest, pCPU n's lies n slots below.
#define HYP_MAX_PCPUS 8
#define HYP_STACK_SLOT_SHIFT 15
#define HYP_STACK_SLOT (1 << HYP_STACK_SLOT_SHIFT)
#define HYP_GUARD_SIZE 0x1000
#define HYP_STACK_SIZE 0x4000

// What a pCPU finds while its MMU is off (hyp/arch/tables.hpp checks it): top table, affinity.
#define BOOT_BLOCK_SIZE 128
#define BOOT_BLOCK_AFFINITY 64

// MAIR_EL2 by the index that is Memory (hyp/core/regs/stage1.hpp): Device-nGnRE, write-back.
#define HYP_MAIR_VALUE 0xff04

// Where QEMU's virt puts the plain ELF; 2 MiB above the start of RAM, for lower it drops the tree.
#define HYP_ELF_LOAD_PA 0x40200000
