// SPDX-License-Identifier: Apache-2.0
// What a vCPU's exit leaves behind: its general registers. SP_EL2 points here while the guest
// runs, so an exit needs no pointer to find it. ELR_EL2 and SPSR_EL2 stay live in the hardware.
#pragma once

#include "hyp/arch/frame.h"
#include "hyp/core/base/types.hpp"

namespace hyp {

struct alignas(16) ExitFrame {
    u64 x[31];
    u64 padding;

    // Register `number` of an instruction that names a general register or XZR (31).
    [[nodiscard]] u64 read(unsigned number) const { return number == 31 ? 0 : x[number]; }
    void write(unsigned number, u64 value) {
        if (number != 31) {
            x[number] = value;
        }
    }
};

static_assert(offsetof(ExitFrame, x) == static_cast<u64>(FRAME_X(0)));
static_assert(sizeof(ExitFrame) == FRAME_SIZE);

// State of an exception that EL2 did not expect, for the panic report.
struct PanicFrame {
    u64 x[31];
    u64 sp;
    u64 elr;
    u64 spsr;
    u64 esr;
    u64 far;
    u64 hpfar;
    u64 padding;
};

static_assert(offsetof(PanicFrame, sp) == PANIC_SP);
static_assert(offsetof(PanicFrame, elr) == PANIC_ELR);
static_assert(offsetof(PanicFrame, spsr) == PANIC_SPSR);
static_assert(offsetof(PanicFrame, esr) == PANIC_ESR);
static_assert(offsetof(PanicFrame, far) == PANIC_FAR);
static_assert(offsetof(PanicFrame, hpfar) == PANIC_HPFAR);
static_assert(sizeof(PanicFrame) == PANIC_SIZE);

} // namespace hyp
