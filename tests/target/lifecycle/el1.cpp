// SPDX-License-Identifier: Apache-2.0
// The stub guest: a few lines at EL1 that drive the virtual timer and the virtual CPU interface. The
// GICv2 interface is GICV at its physical address, for there is no stage 2.
#include "tests/target/lifecycle/el1.hpp"

#define EL1_READ(name, encoding)                                                                   \
    [[nodiscard]] u64 read_##name() {                                                              \
        u64 value = 0;                                                                             \
        asm volatile("isb\n mrs %0, " encoding : "=r"(value)::"memory");                           \
        return value;                                                                              \
    }
#define EL1_WRITE(name, encoding)                                                                  \
    void write_##name(u64 value) {                                                                 \
        asm volatile("msr " encoding ", %0\n isb" ::"r"(value) : "memory");                        \
    }

namespace hyp::lifecycle {

namespace {

EL1_READ(features, "id_aa64pfr0_el1")
EL1_READ(isr, "isr_el1")
EL1_READ(cntvct, "cntvct_el0")
EL1_READ(cntv_ctl, "cntv_ctl_el0")
EL1_WRITE(cntv_ctl, "cntv_ctl_el0")
EL1_WRITE(cntv_cval, "cntv_cval_el0")
EL1_READ(pmr, "S3_0_C4_C6_0")
EL1_WRITE(pmr, "S3_0_C4_C6_0")
EL1_WRITE(ctlr, "S3_0_C12_C12_4")
EL1_WRITE(igrpen1, "S3_0_C12_C12_7")
EL1_READ(iar1, "S3_0_C12_C12_0")
EL1_WRITE(eoir1, "S3_0_C12_C12_1")
EL1_WRITE(dir, "S3_0_C12_C11_1")
EL1_WRITE(sgi1r, "S3_0_C12_C11_5")

constexpr u64 gicv = 0x08040000;
constexpr u64 gicv_ctlr = gicv + 0x0;
constexpr u64 gicv_pmr = gicv + 0x4;
constexpr u64 gicv_iar = gicv + 0xc;
constexpr u64 gicv_eoir = gicv + 0x10;
constexpr u64 gicv_dir = gicv + 0x1000;

constexpr u64 vtimer = 27;
// In counter ticks, some 16 s: a bound against hangs. On a busy host a line may be seconds late.
constexpr u64 patience = 1'000'000'000;
constexpr u64 uart_spi = 33;
constexpr u64 uart_imsc = 0x09000038;
constexpr u64 uart_transmit = 1U << 5;

constexpr u64 enable = 1;
constexpr u64 imask = 2;
constexpr u64 istatus = 4;
constexpr u64 priority_mask = 0xf8;

u32 load(u64 address) {
    u32 value = 0;
    asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
    return value;
}

// The ISB ends QEMU's translation block: what the store raised is taken here.
void store(u64 address, u64 value) {
    asm volatile("str %w0, [%1]\n isb" ::"r"(static_cast<u32>(value)), "r"(address) : "memory");
}

[[nodiscard]] bool has_gicv3() {
    return (read_features() >> 24 & 0xf) != 0;
}

void open(u64 eoi_mode) {
    if (has_gicv3()) {
        write_pmr(priority_mask);
        write_ctlr(eoi_mode << 1);
        write_igrpen1(1);
    } else {
        store(gicv_pmr, priority_mask);
        store(gicv_ctlr, 1 | eoi_mode << 9);
    }
}

[[nodiscard]] u64 acknowledge() {
    return has_gicv3() ? read_iar1() : load(gicv_iar);
}

void end(u64 iar) {
    if (has_gicv3()) {
        write_eoir1(iar);
    } else {
        store(gicv_eoir, iar);
    }
}

void deactivate(u64 iar) {
    if (has_gicv3()) {
        write_dir(iar);
    } else {
        store(gicv_dir, iar);
    }
}

void arm(u64 cval) {
    write_cntv_cval(cval);
    write_cntv_ctl(enable);
}

void mask_timer() {
    write_cntv_ctl(enable | imask);
}

// Two instructions a turn.
void spin(u64 instructions) {
    u64 turns = instructions / 2;
    asm volatile("1: subs %0, %0, #1\n b.ne 1b" : "+r"(turns)::"cc", "memory");
}

[[nodiscard]] u64 await(u64 deadline) {
    u64 iar = acknowledge();
    while (iar == spurious && read_cntvct() < deadline) {
        iar = acknowledge();
    }
    return iar;
}

// The line is known to be high before the end: under QEMU it may lag the counter.
[[nodiscard]] u64 late_tick() {
    const u64 iar = acknowledge();
    mask_timer();
    arm(0);
    while ((read_cntv_ctl() & istatus) == 0) {
    }
    end(iar);
    return iar;
}

// Most deadlines have passed already, some lie a little ahead. Stops at a tick that does not come.
[[nodiscard]] u64 ticks(u64 count) {
    constexpr u64 ahead_every = 64;
    constexpr u64 ahead = 2000;
    u64 received = 0;
    u64 others = 0; // interrupts that were not the timer's
    for (u64 i = 0; i < count; ++i) {
        const u64 now = read_cntvct();
        arm(i % ahead_every == 0 ? now + ahead : now);
        const u64 iar = await(now + patience);
        if (iar == spurious) {
            break;
        }
        mask_timer();
        end(iar);
        (iar == vtimer ? received : others) += 1;
    }
    if (acknowledge() != spurious) {
        ++others;
    }
    return received | others << 32;
}

[[nodiscard]] u64 drain() {
    u64 count = 0;
    for (u64 iar = acknowledge(); iar != spurious && count < log_size; iar = acknowledge()) {
        iar_log[count++] = static_cast<u32>(iar);
        end(iar);
    }
    return count;
}

// One interrupt of the device whose line has just risen. The device has always something to tell,
// so its mask is its line. `late`: ended while the line is still high, as an edge allows.
[[nodiscard]] u64 serve(bool again, bool late) {
    const u64 iar = await(read_cntvct() + patience);
    if (iar == spurious) {
        return iar;
    }
    if (late) {
        end(iar);
    }
    store(uart_imsc, 0);
    if (again) {
        store(uart_imsc, uart_transmit);
    }
    if (!late) {
        end(iar);
    }
    return iar;
}

// Each pair of requests: one by itself, one that completes in the handler of the first. Stops at a
// completion that nobody is told of.
[[nodiscard]] u64 requests(u64 count) {
    u64 received = 0;
    u64 others = 0;
    for (u64 i = 0; i < count; ++i) {
        const bool first = i % 2 == 0;
        if (first) {
            store(uart_imsc, uart_transmit);
        }
        const u64 iar = serve(first, i % 8 == 7);
        if (iar == spurious) {
            break;
        }
        (iar == uart_spi ? received : others) += 1;
        if (!first && acknowledge() != spurious) {
            end(uart_spi);
            ++others;
        }
    }
    return received | others << 32;
}

} // namespace

std::array<u32, log_size> iar_log;

} // namespace hyp::lifecycle

extern "C" hyp::u64 el1_step(hyp::lifecycle::Step step, hyp::u64 argument) {
    using namespace hyp::lifecycle;
    switch (step) {
    case Step::nothing: return 0;
    case Step::open: open(argument); return 0;
    case Step::arm: arm(argument); return 0;
    case Step::mask: mask_timer(); return 0;
    case Step::acknowledge: return acknowledge();
    case Step::end: end(argument); return 0;
    case Step::deactivate: deactivate(argument); return 0;
    case Step::is_pending: return read_isr() >> 7 & 1;
    case Step::spin: spin(argument); return 0;
    case Step::await: return await(argument);
    case Step::late_tick: return late_tick();
    case Step::ticks: return ticks(argument);
    case Step::drain: return drain();
    case Step::requests: return requests(argument);
    case Step::read_pmr: return read_pmr();
    case Step::send_sgi: write_sgi1r(argument); return 0;
    }
    __builtin_unreachable();
}
