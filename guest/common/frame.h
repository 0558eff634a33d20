// SPDX-License-Identifier: Apache-2.0
#pragma once
/*
 * Sizes and offsets of the two exception frames, shared by vectors.S and fault.hpp (which checks
 * them against its structure). Plain macros: the assembler reads this file too.
 */
#define IRQ_FRAME_SIZE 160
#define FAULT_FRAME_SIZE 304
#define FAULT_FRAME_LR 240
#define FAULT_FRAME_ELR 256
#define FAULT_FRAME_ESR 272
#define FAULT_FRAME_KIND 288
