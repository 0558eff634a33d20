// SPDX-License-Identifier: Apache-2.0
// The virtual interface's control registers, the distributor's words of SPIs, and the PL011, read and
// written at addresses and encodings of this test's own. A list register word is made here, too, so
// that a wrong layout in the product cannot hide itself.
#pragma once

#include "tests/target/lifecycle/machine.hpp"

namespace hyp::lifecycle {

#define LIFECYCLE_REGISTER(name, encoding)                                                         \
    LIFECYCLE_REGISTER_READ(name, encoding)                                                        \
    inline void write_##name(u64 value) {                                                          \
        asm volatile("msr " encoding ", %0\n isb" ::"r"(value) : "memory");                        \
    }
#define LIFECYCLE_REGISTER_READ(name, encoding)                                                    \
    [[nodiscard]] inline u64 read_##name() {                                                       \
        u64 value = 0;                                                                             \
        asm volatile("isb\n mrs %0, " encoding : "=r"(value)::"memory");                           \
        return value;                                                                              \
    }
LIFECYCLE_REGISTER(ich_hcr, "S3_4_C12_C11_0")
LIFECYCLE_REGISTER_READ(ich_vtr, "S3_4_C12_C11_1")
LIFECYCLE_REGISTER_READ(ich_misr, "S3_4_C12_C11_2")
LIFECYCLE_REGISTER_READ(ich_eisr, "S3_4_C12_C11_3")
LIFECYCLE_REGISTER(ich_vmcr, "S3_4_C12_C11_7")
LIFECYCLE_REGISTER(ich_apr, "S3_4_C12_C9_0")
LIFECYCLE_REGISTER(ich_lr_0, "S3_4_C12_C12_0")
LIFECYCLE_REGISTER(ich_lr_1, "S3_4_C12_C12_1")
LIFECYCLE_REGISTER(ich_lr_2, "S3_4_C12_C12_2")
LIFECYCLE_REGISTER(ich_lr_3, "S3_4_C12_C12_3")
#undef LIFECYCLE_REGISTER
#undef LIFECYCLE_REGISTER_READ

// HCR and MISR have their conditions in one order: En 0, UIE 1, LRENPIE 2, NPIE 3; EOI 0, U 1, ...
inline constexpr u64 hcr_en = 1;
inline constexpr u64 hcr_uie = 2;
inline constexpr u64 hcr_lrenpie = 4;
inline constexpr u64 hcr_npie = 8;
inline constexpr u64 misr_eoi = 1;
inline constexpr u64 misr_underflow = 2;
inline constexpr u64 misr_entry_not_present = 4;
inline constexpr u64 misr_no_pending = 8;

enum class State : u8 { invalid = 0, pending = 1, active = 2 };

// A list register of a software interrupt, or with `hardware` of the physical one of the same INTID.
struct RawLr {
    u32 intid = 0;
    u8 priority = 0xa0;
    State state = State::pending;
    bool hardware = false;
    bool eoi = false;    // maintenance request
    bool group1 = false; // on GICv2; on GICv3 all are Group 1
    u8 source = 0;       // GICv2: SGI
};

class Registers {
public:
    static constexpr unsigned max_list_registers = 4; // of QEMU's models

    [[nodiscard]] u64 word(const RawLr& lr) const { return v3() ? word_v3(lr) : word_v2(lr); }

    [[nodiscard]] u64 lr(unsigned n) const {
        if (n >= max_list_registers) {
            return 0; // what find() did not find
        }
        if (!v3()) {
            return load32(gich + 0x100 + 4 * n);
        }
        return n == 0   ? read_ich_lr_0()
               : n == 1 ? read_ich_lr_1()
               : n == 2 ? read_ich_lr_2()
                        : read_ich_lr_3();
    }
    void set_lr(unsigned n, u64 value) const {
        if (!v3()) {
            store32(gich + 0x100 + 4 * n, static_cast<u32>(value));
            return;
        }
        n == 0   ? write_ich_lr_0(value)
        : n == 1 ? write_ich_lr_1(value)
        : n == 2 ? write_ich_lr_2(value)
                 : write_ich_lr_3(value);
    }
    // LR<n>.State and the INTID.
    [[nodiscard]] State state(unsigned n) const {
        return static_cast<State>(lr(n) >> (v3() ? 62 : 28) & 3);
    }
    [[nodiscard]] u64 intid(unsigned n) const { return lr(n) & (v3() ? 0xffffffff : 0x3ff); }
    // The list register that holds this one, or max_list_registers.
    [[nodiscard]] unsigned find(u64 wanted) const {
        unsigned n = 0;
        while (n < max_list_registers && (state(n) == State::invalid || intid(n) != wanted)) {
            ++n;
        }
        return n;
    }

    [[nodiscard]] u64 hcr() const { return v3() ? read_ich_hcr() : load32(gich); }
    void set_hcr(u64 value) const {
        v3() ? write_ich_hcr(value) : store32(gich, static_cast<u32>(value));
    }
    [[nodiscard]] u64 eoi_count() const { return hcr() >> 27 & 0x1f; }
    [[nodiscard]] u64 vtr() const { return v3() ? read_ich_vtr() : load32(gich + 0x4); }
    [[nodiscard]] u64 vmcr() const { return v3() ? read_ich_vmcr() : load32(gich + 0x8); }
    void set_vmcr(u64 value) const {
        v3() ? write_ich_vmcr(value) : store32(gich + 0x8, static_cast<u32>(value));
    }
    [[nodiscard]] u64 misr() const { return v3() ? read_ich_misr() : load32(gich + 0x10); }
    [[nodiscard]] u64 eisr() const { return v3() ? read_ich_eisr() : load32(gich + 0x20); }
    [[nodiscard]] u64 elrsr() const { return v3() ? read_ich_elrsr() : load32(gich + 0x30); }
    [[nodiscard]] u64 apr() const { return v3() ? read_ich_apr() : load32(gich + 0xf0); }

    // GICD_ISPENDR<n>, ISACTIVER<n> and their like: the bit of an SPI. PPIs' pending bit apart.
    [[nodiscard]] u64 pending(u32 spi) const { return shared_bit(0x200, spi); }
    [[nodiscard]] u64 active(u32 spi) const { return shared_bit(0x300, spi); }
    [[nodiscard]] u64 enabled(u32 spi) const { return shared_bit(0x100, spi); }
    [[nodiscard]] u64 is_edge(u32 spi) const {
        return load32(gicd + 0xc00 + spi / 16 * 4) >> (spi % 16 * 2 + 1) & 1;
    }
    void set_enabled(u32 spi) const { set_shared_bit(0x100, spi); }
    void set_pending(u32 spi) const { set_shared_bit(0x200, spi); }
    void set_active(u32 spi) const { set_shared_bit(0x300, spi); }
    void clear_active(u32 spi) const { set_shared_bit(0x380, spi); }
    [[nodiscard]] u64 private_pending(u32 ppi) const {
        return load32((v3() ? 0x080b0000 : gicd) + 0x200) >> ppi & 1;
    }

private:
    static constexpr u64 gicd = 0x08000000;
    static constexpr u64 gich = 0x08030000;

    [[nodiscard]] static bool v3() { return has_gicv3(); }
    [[nodiscard]] static u64 shared_bit(u32 array, u32 spi) {
        return load32(gicd + array + spi / 32 * 4) >> (spi % 32) & 1;
    }
    static void set_shared_bit(u32 array, u32 spi) {
        store32(gicd + array + spi / 32 * 4, u32{1} << (spi % 32));
    }

    // GICH_LR (IHI 0048B): VirtualID 9:0, PhysicalID 19:10 or CPUID 12:10 and EOI 19, Priority 27:23,
    // State 29:28, Grp1 30, HW 31.
    [[nodiscard]] static u64 word_v2(const RawLr& lr) {
        const u64 rest = lr.hardware ? u64{lr.intid} << 10 | u64{1} << 31
                                     : u64{lr.source} << 10 | u64{lr.eoi} << 19;
        return lr.intid | rest | u64{lr.priority} >> 3 << 23 | u64{lr.group1} << 30 |
               static_cast<u64>(lr.state) << 28;
    }
    // ICH_LR<n>_EL2 (IHI 0069): vINTID 31:0, pINTID 44:32 or EOI 41, Priority 55:48, Group 60, HW 61,
    // State 63:62.
    [[nodiscard]] static u64 word_v3(const RawLr& lr) {
        const u64 rest = lr.hardware ? u64{lr.intid} << 32 | u64{1} << 61 : u64{lr.eoi} << 41;
        return lr.intid | rest | u64{lr.priority} << 48 | u64{1} << 60 |
               static_cast<u64>(lr.state) << 62;
    }
};

// The PL011 as a device with a level line, SPI 33: a character sent raises the transmit interrupt,
// UARTICR lowers it, UARTIMSC lets it out (DDI 0183). QEMU sends at once. The receive interrupt is the
// same line and needs characters from outside: QEMU 7.2 has no loopback (UARTCR.LBE).
class Uart {
public:
    static constexpr u32 spi = 33;
    // Silent, nothing latched.
    static void quiet() {
        store32(imsc, 0);
        drain();
    }
    static void send() { store32(data, '\n'); }
    static void drain() { store32(icr, 0x7ff); }
    static void unmask() { store32(imsc, transmit); }
    static void mask() { store32(imsc, 0); }

private:
    static constexpr u64 data = 0x09000000;
    static constexpr u64 imsc = data + 0x38;
    static constexpr u64 icr = data + 0x44;
    static constexpr u32 transmit = 1U << 5;
};

} // namespace hyp::lifecycle
