// SPDX-License-Identifier: Apache-2.0
// Exact measurements of interrupts other than the timer's, in the manner of bench.cpp.

#include "bench.hpp"

#include "common/irq.hpp"
#include "common/mmio.hpp"
#include "common/psci.hpp"
#include "common/timer.hpp"

namespace guest {
namespace {

constexpr unsigned reps = 256;
constexpr Intid sgi{3};
constexpr Intid pl011_spi{33}; // QEMU's virt, and Baton's guests: SPI 1
constexpr Intid idle_spi{96};  // on no machine that this runs on does a device drive it
constexpr unsigned burst = 20; // idle_spi and the next ones
constexpr unsigned patience = 100'000;

// PL011 (DDI 0183): interrupt mask and clear, the transmit interrupt's bit.
constexpr std::uintptr_t UARTIMSC = 0x038;
constexpr std::uintptr_t UARTICR = 0x044;
constexpr std::uint32_t tx_interrupt = 1U << 5U;

/** Where its bit's word is in a register with one bit an INTID. */
constexpr std::uintptr_t word_of(Intid intid) {
    return std::uintptr_t{intid.value} / 32 * 4;
}

constinit const Gic* gic_in_use = nullptr;
constinit volatile std::uint64_t entered_at = 0;
constinit volatile unsigned handled = 0;
constinit std::uintptr_t uart = 0;

void on_interrupt(std::uint64_t entered) {
    const Ack ack = gic_in_use->acknowledge();
    entered_at = entered;
    if (ack.intid() == spurious_intid) {
        return;
    }
    if (ack.intid() == pl011_spi) {
        write32(uart + UARTIMSC, 0);
    }
    gic_in_use->end(ack);
    handled = handled + 1;
}

/** Waits, with interrupts closed again at the end, until `count` were handled. */
void await(const char* name, unsigned count) {
    for (unsigned n = 0; n < patience && handled < count; ++n) {
        asm volatile("msr daifclr, #2\n\tnop\n\tmsr daifset, #2" : : : "x9", "memory");
    }
    if (handled != count) {
        std::printf("bench %s: %u of %u interrupts came\n", name, handled, count);
        finish(Verdict::bad);
    }
}

/** request() reads the counter, raises the interrupt at once, and returns what it read. The first
 * time is not counted: it may go another way. */
template <class Request>
void measure(const char* name, Request request) {
    Samples latency;
    for (unsigned i = 0; i <= reps; ++i) {
        if (i == 1) {
            begin_counting();
        }
        handled = 0;
        const std::uint64_t before = request();
        await(name, 1);
        if (i != 0) {
            latency.add(entered_at - before);
        }
    }
    end_counting();
    latency.print(name);
}

void begin(const Gic& gic) {
    gic_in_use = &gic;
    set_irq_handler(on_interrupt);
    use_timed_vectors();
}

/** Reads the counter, stores, and is interrupted. */
std::uint64_t timed_store(std::uintptr_t address, std::uint32_t value) {
    std::uint64_t before;
    asm volatile("msr daifclr, #2\n\t"
                 "mrs %0, cntvct_el0\n\t"
                 "str %w2, [%1]\n\t"
                 "nop\n\tnop\n\tnop\n\tnop\n\t"
                 "msr daifset, #2"
                 : "=&r"(before)
                 : "r"(address), "r"(value)
                 : "x9", "memory");
    return before;
}

std::uint64_t timed_sgi1r(std::uint64_t value) {
    std::uint64_t before;
    asm volatile("msr daifclr, #2\n\t"
                 "mrs %0, cntvct_el0\n\t"
                 "msr S3_0_C12_C11_5, %1\n\t" // ICC_SGI1R_EL1
                 "nop\n\tnop\n\tnop\n\tnop\n\t"
                 "msr daifset, #2"
                 : "=&r"(before)
                 : "r"(value)
                 : "x9", "memory");
    return before;
}

} // namespace

void bench_enable(const Gic& gic) {
    const std::uintptr_t address = gic.distributor() + GICD_ISENABLER + word_of(idle_spi);
    Samples samples;
    gic.disable(idle_spi);
    begin_counting();
    for (unsigned i = 0; i < reps; ++i) {
        std::uint64_t before;
        std::uint64_t after;
        asm volatile("mrs %0, cntvct_el0\n\t"
                     "str %w3, [%2]\n\t"
                     "mrs %1, cntvct_el0"
                     : "=&r"(before), "=&r"(after)
                     : "r"(address), "r"(1U << (idle_spi.value % 32))
                     : "memory");
        samples.add(after - before);
    }
    end_counting();
    if (!gic.is_enabled(idle_spi)) {
        std::printf("bench gicd_enable: it is not enabled\n");
        finish(Verdict::bad);
    }
    gic.disable(idle_spi);
    samples.print("gicd_enable");
}

void bench_sgi(const Gic& gic) {
    begin(gic);
    gic.set_priority(sgi, 0xa0);
    gic.enable(sgi);
    if (gic.is_v3()) {
        measure("sgi_self", [] { return timed_sgi1r(std::uint64_t{sgi.value} << 24U | 1); });
    } else {
        constexpr std::uintptr_t GICD_SGIR = 0xf00;
        constexpr std::uint32_t to_self = 2U << 24U;
        measure("sgi_self",
                [&gic] { return timed_store(gic.distributor() + GICD_SGIR, to_self | sgi.value); });
    }
    use_normal_vectors();
}

void bench_line(const Gic& gic, std::uintptr_t console) {
    uart = console;
    write32(uart + UARTIMSC, 0);
    gic.set_up_spi(pl011_spi, Trigger::level);
    gic.set_priority(pl011_spi, 0xa0);
    gic.enable(pl011_spi);
    begin(gic);
    std::printf("bench: a character that leaves the transmit interrupt raised\n");
    measure("spi_line", [] { return timed_store(uart + UARTIMSC, tx_interrupt); });
    gic.disable(pl011_spi);
    write32(uart + UARTICR, tx_interrupt);
    use_normal_vectors();
}

void bench_burst(const Gic& gic) {
    constexpr unsigned bursts = 32;
    for (unsigned n = 0; n < burst; ++n) {
        const Intid intid{idle_spi.value + n};
        gic.set_up_spi(intid, Trigger::edge);
        gic.set_priority(intid, 0xa0);
        gic.enable(intid);
    }
    begin(gic);
    Samples samples;
    begin_counting();
    for (unsigned i = 0; i < bursts; ++i) {
        handled = 0;
        write32(gic.distributor() + GICD_ISPENDR + word_of(idle_spi), (1U << burst) - 1);
        const std::uint64_t before = VirtualTimer::now();
        await("burst", burst);
        samples.add(VirtualTimer::now() - before);
    }
    end_counting();
    for (unsigned n = 0; n < burst; ++n) {
        gic.disable(Intid{idle_spi.value + n});
    }
    use_normal_vectors();
    samples.print("burst");
}

} // namespace guest
