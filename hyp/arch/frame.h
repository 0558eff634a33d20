// SPDX-License-Identifier: Apache-2.0
// Offsets of the exit frame, for assembly. hyp/arch/frame.hpp checks them against the structure.
#pragma once

#define FRAME_X(n) ((n)*8)
#define FRAME_SIZE 256

// The frame of an exception taken at EL2, on the emergency stack.
#define PANIC_X(n) ((n)*8)
#define PANIC_SP 248
#define PANIC_ELR 256
#define PANIC_SPSR 264
#define PANIC_ESR 272
#define PANIC_FAR 280
#define PANIC_HPFAR 288
#define PANIC_SIZE 304
