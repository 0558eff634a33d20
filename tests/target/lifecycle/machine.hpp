// SPDX-License-Identifier: Apache-2.0
// QEMU's `virt` as the life-cycle test reaches it with the MMU off: the seam for the product's
// drivers at physical addresses, and a probe that reads the state of PPI 27 by addresses and
// encodings of its own, so that a wrong register map in the product cannot hide itself.
#pragma once

#include "hyp/arch/sysreg.hpp"
#include "hyp/core/base/bus.hpp"

namespace hyp::lifecycle {

[[nodiscard]] inline u32 load32(u64 address) {
    u32 value = 0;
    asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}
inline void store32(u64 address, u32 value) {
    asm volatile("str %w0, [%1]" ::"r"(value), "r"(address) : "memory");
}

class VirtMmio {
public:
    template <Frame F>
    [[nodiscard]] u32 read32(u32 offset) const {
        return load32(base(F) + offset);
    }
    template <Frame F>
    [[nodiscard]] u64 read64(u32 offset) const {
        u64 value = 0;
        asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(base(F) + offset) : "memory");
        return value;
    }
    template <Frame F>
    void write8(u32 offset, u8 value) const {
        asm volatile("strb %w0, [%1]" ::"r"(value), "r"(base(F) + offset) : "memory");
    }
    template <Frame F>
    void write32(u32 offset, u32 value) const {
        store32(base(F) + offset, value);
    }
    template <Frame F>
    void write64(u32 offset, u64 value) const {
        asm volatile("str %0, [%1]" ::"r"(value), "r"(base(F) + offset) : "memory");
    }

private:
    [[nodiscard]] static constexpr u64 base(Frame frame) {
        switch (frame) {
        case Frame::gicd: return 0x08000000;
        case Frame::gicr_rd: return 0x080a0000;
        case Frame::gicr_sgi: return 0x080b0000;
        case Frame::gicc: return 0x08010000;
        case Frame::gich: return 0x08030000;
        case Frame::gicv: return 0x08040000;
        case Frame::uart: return 0x09000000;
        }
        __builtin_unreachable();
    }
};
static_assert(MmioBus<VirtMmio>);

#define LIFECYCLE_READ(name, encoding)                                                             \
    [[nodiscard]] inline u64 name() {                                                              \
        u64 value = 0;                                                                             \
        asm volatile("isb\n mrs %0, " encoding : "=r"(value)::"memory");                           \
        return value;                                                                              \
    }
LIFECYCLE_READ(read_features, "id_aa64pfr0_el1")
LIFECYCLE_READ(read_isr, "isr_el1")
LIFECYCLE_READ(read_cntvct, "cntvct_el0")
LIFECYCLE_READ(read_cntfrq, "cntfrq_el0")
LIFECYCLE_READ(read_cntv_ctl, "cntv_ctl_el0")
LIFECYCLE_READ(read_ich_lr0, "S3_4_C12_C12_0")
LIFECYCLE_READ(read_ich_elrsr, "S3_4_C12_C11_5")
LIFECYCLE_READ(read_ich_ap1r0, "S3_4_C12_C9_0")
LIFECYCLE_READ(read_icc_hppir1, "S3_0_C12_C12_2")
#undef LIFECYCLE_READ

[[nodiscard]] inline bool has_gicv3() {
    return (read_features() >> 24 & 0xf) != 0;
}

// The line of PPI 27, driven by EL2: compare value 0 has passed for ever.
inline void raise_timer() {
    asm volatile("msr cntv_cval_el0, xzr\n msr cntv_ctl_el0, %0\n isb" ::"r"(u64{1}) : "memory");
    while ((read_cntv_ctl() & 4) == 0) {
    }
}
inline void stop_timer() {
    asm volatile("msr cntv_ctl_el0, xzr\n isb" ::: "memory");
}

// The state of PPI 27 and of list register 0.
class Probe {
public:
    [[nodiscard]] u64 pending() const { return private_word(0x200) >> 27 & 1; } // ISPENDR0
    [[nodiscard]] u64 active() const { return private_word(0x300) >> 27 & 1; }  // ISACTIVER0
    [[nodiscard]] u64 signalled() const { return read_isr() >> 7 & 1; }         // ISR_EL1.I
    [[nodiscard]] u64 lr0() const { return v3() ? read_ich_lr0() : load32(gich + 0x100); }
    [[nodiscard]] u64 elrsr() const { return v3() ? read_ich_elrsr() : load32(gich + 0x30); }
    [[nodiscard]] u64 apr() const { return v3() ? read_ich_ap1r0() : load32(gich + 0xf0); }
    [[nodiscard]] u64 hppir() const {
        return v3() ? read_icc_hppir1() : load32(0x08010018) & 0x3ff;
    }
    [[nodiscard]] bool v3() const { return has_gicv3(); }

private:
    static constexpr u64 gich = 0x08030000;
    [[nodiscard]] u32 private_word(u64 offset) const {
        return load32((v3() ? 0x080b0000 : 0x08000000) + offset);
    }
};

} // namespace hyp::lifecycle
