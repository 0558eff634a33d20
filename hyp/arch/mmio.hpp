// SPDX-License-Identifier: Apache-2.0
// The Mmio seam on the target: one load or store at a constant address (layout.h). In assembly,
// for the compiler may not merge, split or move them; base and offset apart, so that a base on an
// interrupt's path is one MOV and the offset is part of the instruction.
#pragma once

#include "hyp/arch/layout.h"
#include "hyp/core/base/bus.hpp"

namespace hyp {

class TargetMmio {
public:
    template <Frame F>
    [[nodiscard, gnu::always_inline]] u32 read32(u32 offset) const {
        u32 value;
        if (fits(offset, 4)) {
            asm volatile("ldr %w0, [%1, %2]" : "=r"(value) : "r"(base(F)), "i"(offset) : "memory");
        } else {
            asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(base(F) + offset) : "memory");
        }
        return value;
    }
    template <Frame F>
    [[nodiscard, gnu::always_inline]] u64 read64(u32 offset) const {
        u64 value;
        asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(base(F) + offset) : "memory");
        return value;
    }
    template <Frame F>
    [[gnu::always_inline]] void write8(u32 offset, u8 value) const {
        asm volatile("strb %w0, [%1]" ::"r"(value), "r"(base(F) + offset) : "memory");
    }
    template <Frame F>
    [[gnu::always_inline]] void write32(u32 offset, u32 value) const {
        if (fits(offset, 4)) {
            asm volatile("str %w0, [%1, %2]" ::"rZ"(value), "r"(base(F)), "i"(offset) : "memory");
        } else {
            asm volatile("str %w0, [%1]" ::"rZ"(value), "r"(base(F) + offset) : "memory");
        }
    }
    template <Frame F>
    [[gnu::always_inline]] void write64(u32 offset, u64 value) const {
        asm volatile("str %x0, [%1]" ::"rZ"(value), "r"(base(F) + offset) : "memory");
    }

private:
    [[nodiscard]] static constexpr u64 base(Frame frame) {
        switch (frame) {
        case Frame::gicd: return HYP_GICD_VA;
        case Frame::gicr_rd: return HYP_GICR_VA;
        case Frame::gicr_sgi: return HYP_GICR_VA + 0x10000;
        case Frame::gicc: return HYP_GICC_VA;
        case Frame::gich: return HYP_GICH_VA;
        case Frame::gicv: return HYP_GICV_VA;
        case Frame::uart: return HYP_UART_VA;
        }
        __builtin_unreachable();
    }
    // Known while compiling, and encodable as the instruction's scaled 12-bit offset?
    [[nodiscard, gnu::always_inline]] static bool fits(u32 offset, u32 size) {
        return __builtin_constant_p(offset) != 0 && offset < 4096 * size && offset % size == 0;
    }
};

static_assert(MmioBus<TargetMmio>);

} // namespace hyp
