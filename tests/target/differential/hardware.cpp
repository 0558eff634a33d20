// SPDX-License-Identifier: Apache-2.0
// Hardware access of the differential test; see hardware.hpp. Addresses are those of QEMU `virt`.
#include "tests/target/differential/hardware.hpp"

extern "C" {
std::uint64_t el1_call(void (*stub)(), std::uint64_t argument);
void el1_snapshot();
void el1_read_pmr();
void el1_write_pmr();
void el1_read_isr();
void el1_read_iar0();
void el1_write_eoir0();
void el1_read_bpr0();
void el1_write_bpr0();
void el1_read_ap0r0();
void el1_write_ap0r0();
void el1_read_ap1r0();
void el1_write_ap1r0();
void el1_write_dir();
void el1_read_iar1();
void el1_write_eoir1();
void el1_read_bpr1();
void el1_write_bpr1();
void el1_read_ctlr();
void el1_write_ctlr();
void el1_read_igrpen0();
void el1_write_igrpen0();
void el1_read_igrpen1();
void el1_write_igrpen1();
}

namespace hyp::differential {

namespace {

constexpr std::uintptr_t uart = 0x09000000;
constexpr unsigned uart_imsc = 0x38;
constexpr unsigned uart_tx = 1U << 5;

[[nodiscard]] std::uintptr_t base(bool v3, Frame frame) {
    switch (frame) {
    case Frame::gicd: return 0x08000000;
    case Frame::gicr: return 0x080a0000;
    case Frame::gicc: return 0x08010000;
    case Frame::gich: return 0x08030000;
    case Frame::gicv: return v3 ? 0 : 0x08040000;
    }
    return 0;
}

[[nodiscard]] std::uint32_t load32(std::uintptr_t address) {
    std::uint32_t value = 0;
    asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

void store32(std::uintptr_t address, std::uint32_t value) {
    asm volatile("str %w0, [%1]" : : "rZ"(value), "r"(address) : "memory");
}

} // namespace

// X(name, encoding): what the test reads and writes at EL2.
#define HYP_SYSTEM_REGISTERS(X)                                                                    \
    X(icc_pmr, S3_0_c4_c6_0)                                                                       \
    X(icc_bpr0, S3_0_c12_c8_3)                                                                     \
    X(icc_ap0r0, S3_0_c12_c8_4)                                                                    \
    X(icc_ap1r0, S3_0_c12_c9_0)                                                                    \
    X(icc_bpr1, S3_0_c12_c12_3)                                                                    \
    X(icc_ctlr, S3_0_c12_c12_4)                                                                    \
    X(icc_igrpen0, S3_0_c12_c12_6)                                                                 \
    X(icc_igrpen1, S3_0_c12_c12_7)                                                                 \
    X(icc_sre_el2, S3_4_c12_c9_5)                                                                  \
    X(ich_ap0r0, S3_4_c12_c8_0)                                                                    \
    X(ich_ap1r0, S3_4_c12_c9_0)                                                                    \
    X(ich_hcr, S3_4_c12_c11_0)                                                                     \
    X(ich_vmcr, S3_4_c12_c11_7)
#define HYP_READ_ONLY_REGISTERS(X)                                                                 \
    X(isr, S3_0_c12_c1_0)                                                                          \
    X(icc_iar0, S3_0_c12_c8_0)                                                                     \
    X(icc_hppir0, S3_0_c12_c8_2)                                                                   \
    X(icc_rpr, S3_0_c12_c11_3)                                                                     \
    X(icc_iar1, S3_0_c12_c12_0)                                                                    \
    X(icc_hppir1, S3_0_c12_c12_2)                                                                  \
    X(ich_vtr, S3_4_c12_c11_1)                                                                     \
    X(ich_misr, S3_4_c12_c11_2)                                                                    \
    X(ich_eisr, S3_4_c12_c11_3)                                                                    \
    X(ich_elrsr, S3_4_c12_c11_5)
#define HYP_WRITE_ONLY_REGISTERS(X)                                                                \
    X(icc_eoir0, S3_0_c12_c8_1)                                                                    \
    X(icc_dir, S3_0_c12_c11_1)                                                                     \
    X(icc_sgi1r, S3_0_c12_c11_5)                                                                   \
    X(icc_asgi1r, S3_0_c12_c11_6)                                                                  \
    X(icc_sgi0r, S3_0_c12_c11_7)                                                                   \
    X(icc_eoir1, S3_0_c12_c12_1)
#define HYP_LIST_REGISTERS(X)                                                                      \
    X(0, S3_4_c12_c12_0) X(1, S3_4_c12_c12_1) X(2, S3_4_c12_c12_2) X(3, S3_4_c12_c12_3)

#define HYP_READ_CASE(name, encoding)                                                              \
    case static_cast<unsigned>(Sysreg::name):                                                      \
        asm volatile("mrs %0, " #encoding : "=r"(value) : : "memory");                             \
        break;
#define HYP_WRITE_CASE(name, encoding)                                                             \
    case static_cast<unsigned>(Sysreg::name):                                                      \
        asm volatile("msr " #encoding ", %0\n isb" : : "r"(value) : "memory");                     \
        break;
#define HYP_READ_LR_CASE(index, encoding)                                                          \
    case static_cast<unsigned>(Sysreg::ich_lr0) + (index):                                         \
        asm volatile("mrs %0, " #encoding : "=r"(value) : : "memory");                             \
        break;
#define HYP_WRITE_LR_CASE(index, encoding)                                                         \
    case static_cast<unsigned>(Sysreg::ich_lr0) + (index):                                         \
        asm volatile("msr " #encoding ", %0\n isb" : : "r"(value) : "memory");                     \
        break;

std::uint64_t read_system(Sysreg reg) {
    std::uint64_t value = 0;
    switch (static_cast<unsigned>(reg)) {
        HYP_SYSTEM_REGISTERS(HYP_READ_CASE)
        HYP_READ_ONLY_REGISTERS(HYP_READ_CASE)
        HYP_LIST_REGISTERS(HYP_READ_LR_CASE)
    }
    return value;
}

void write_system(Sysreg reg, std::uint64_t value) {
    switch (static_cast<unsigned>(reg)) {
        HYP_SYSTEM_REGISTERS(HYP_WRITE_CASE)
        HYP_WRITE_ONLY_REGISTERS(HYP_WRITE_CASE)
        HYP_LIST_REGISTERS(HYP_WRITE_LR_CASE)
    }
}

bool has_gicv3() {
    std::uint64_t features = 0;
    asm volatile("mrs %0, id_aa64pfr0_el1" : "=r"(features));
    return (features >> 24 & 0xf) != 0;
}

unsigned cpu_count(bool v3) {
    if (!v3) {
        return (load32(base(v3, Frame::gicd) + model::gicd::typer) >> 5 & 7) + 1;
    }
    unsigned count = 1;
    std::uintptr_t redistributor = base(v3, Frame::gicr);
    constexpr unsigned last = 1U << 4;
    while ((load32(redistributor + model::gicr::typer) & last) == 0) {
        redistributor += model::redistributor_stride;
        ++count;
    }
    return count;
}

std::uint64_t read_frame(bool v3, Frame frame, unsigned offset, unsigned bytes) {
    const std::uintptr_t address = base(v3, frame) + offset;
    std::uint64_t value = 0;
    if (bytes == 1) {
        asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    } else if (bytes == 8) {
        asm volatile("ldr %0, [%1]" : "=r"(value) : "r"(address) : "memory");
    } else {
        value = load32(address);
    }
    return value;
}

void write_frame(bool v3, Frame frame, unsigned offset, std::uint64_t value, unsigned bytes) {
    const std::uintptr_t address = base(v3, frame) + offset;
    if (bytes == 1) {
        asm volatile("strb %w0, [%1]" : : "r"(value), "r"(address) : "memory");
    } else if (bytes == 8) {
        asm volatile("str %0, [%1]" : : "r"(value), "r"(address) : "memory");
    } else {
        store32(address, static_cast<std::uint32_t>(value));
    }
}

// --- visits to EL1

namespace {

// Always masked: the guest's own access may raise a physical interrupt (deactivation, maintenance).
std::uint64_t visit(void (*stub)(), std::uint64_t argument) {
    const std::uint64_t mask = read_system(Sysreg::icc_pmr);
    write_system(Sysreg::icc_pmr, 0);
    const std::uint64_t result = el1_call(stub, argument);
    write_system(Sysreg::icc_pmr, mask);
    return result;
}

struct Stub {
    Sysreg reg;
    void (*read)();
    void (*write)();
};

constexpr std::array<Stub, 13> stubs = {{
    {Sysreg::icc_pmr, el1_read_pmr, el1_write_pmr},
    {Sysreg::icc_iar0, el1_read_iar0, nullptr},
    {Sysreg::icc_eoir0, nullptr, el1_write_eoir0},
    {Sysreg::icc_bpr0, el1_read_bpr0, el1_write_bpr0},
    {Sysreg::icc_ap0r0, el1_read_ap0r0, el1_write_ap0r0},
    {Sysreg::icc_ap1r0, el1_read_ap1r0, el1_write_ap1r0},
    {Sysreg::icc_dir, nullptr, el1_write_dir},
    {Sysreg::icc_iar1, el1_read_iar1, nullptr},
    {Sysreg::icc_eoir1, nullptr, el1_write_eoir1},
    {Sysreg::icc_bpr1, el1_read_bpr1, el1_write_bpr1},
    {Sysreg::icc_ctlr, el1_read_ctlr, el1_write_ctlr},
    {Sysreg::icc_igrpen0, el1_read_igrpen0, el1_write_igrpen0},
    {Sysreg::icc_igrpen1, el1_read_igrpen1, el1_write_igrpen1},
}};

} // namespace

std::uint64_t read_guest(Sysreg reg) {
    for (const Stub& stub : stubs) {
        if (stub.reg == reg) {
            return visit(stub.read, 0);
        }
    }
    return 0;
}

void write_guest(Sysreg reg, std::uint64_t value) {
    for (const Stub& stub : stubs) {
        if (stub.reg == reg) {
            visit(stub.write, value);
        }
    }
}

void read_guest_view(GuestView& view) {
    visit(el1_snapshot, reinterpret_cast<std::uintptr_t>(view.values.data()));
}

std::uint64_t guest_isr() {
    return el1_call(el1_read_isr, 0);
}

// --- lines

// Compare value 0 is in the past for ever: ENABLE alone drives the line (DDI 0487, CNT*_CTL).
void drive_line(unsigned intid, bool level) {
    const std::uint64_t enable = level ? 1 : 0;
    switch (intid) {
    case 26:
        asm volatile("msr cnthp_cval_el2, xzr\n msr cnthp_ctl_el2, %0\n isb"
                     :
                     : "r"(enable)
                     : "memory");
        break;
    case 27:
        asm volatile("msr cntv_cval_el0, xzr\n msr cntv_ctl_el0, %0\n isb"
                     :
                     : "r"(enable)
                     : "memory");
        break;
    case 30:
        asm volatile("msr cntp_cval_el0, xzr\n msr cntp_ctl_el0, %0\n isb"
                     :
                     : "r"(enable)
                     : "memory");
        break;
    default: // the transmit interrupt stays raised after the first character sent
        store32(uart + uart_imsc, level ? uart_tx : 0);
    }
}

} // namespace hyp::differential
