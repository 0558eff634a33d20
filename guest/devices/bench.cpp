// SPDX-License-Identifier: Apache-2.0
// From a device's line to the guest's vector, exactly. Under `-icount shift=4` one counter tick is
// one instruction; what the bare machine counts in the same image is the guest's own share. The
// PL031's line rises with the store that sets its alarm for the current second.

#include "bench.hpp"

#include "rtc.hpp"

#include "common/irq.hpp"

#include <cstdio>

namespace guest {
namespace {

constexpr unsigned reps = 208;

constinit Rtc rtc{};
constinit volatile std::uint64_t entered_at = 0;
constinit volatile unsigned interrupts = 0;

void on_irq(std::uint64_t entered) {
    const Ack ack = gic().acknowledge();
    entered_at = entered;
    interrupts = interrupts + 1;
    if (ack.intid() != spurious_intid) {
        rtc.clear();
        gic().end(ack);
    }
}

/** Stores with interrupts open, between two readings of the counter if the store brings none; x9
 * belongs to vectors_timed. Returns the counter just before the store. */
std::uint64_t store_open(std::uintptr_t address, std::uint32_t value) {
    std::uint64_t before;
    asm volatile("msr daifclr, #2\n\t"
                 "isb\n\t"
                 "mrs %0, cntvct_el0\n\t"
                 "str %w2, [%1]\n\t"
                 "nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\t"
                 "msr daifset, #2"
                 : "=&r"(before)
                 : "r"(address), "r"(value)
                 : "x9", "memory");
    return before;
}

} // namespace

Verdict run_bench() {
    if (const char* const why = rtc.open(); why != nullptr) {
        std::printf("bench: %s\n", why);
        return Verdict::bad;
    }
    connect_spi(rtc.wire(), nullptr);
    set_irq_handler(on_irq);
    use_timed_vectors();
    std::uint64_t total = 0;
    std::uint64_t least = ~std::uint64_t{0};
    std::uint64_t most = 0;
    unsigned count = 0;
    asm volatile("hint #0x61" : : : "memory"); // scripts/plugin/exits.c counts from here
    while (count < reps) {
        interrupts = 0;
        const std::uint64_t before = store_open(rtc.match_register(), rtc.seconds());
        if (interrupts > 1) {
            std::printf("bench spi: %u interrupts of one alarm\n", interrupts);
            return Verdict::bad;
        }
        if (interrupts == 1) { // none: the second ended between load and store
            const std::uint64_t latency = entered_at - before;
            total += latency;
            least = latency < least ? latency : least;
            most = latency > most ? latency : most;
            ++count;
        }
    }
    asm volatile("hint #0x67" : : : "memory"); // to here
    use_normal_vectors();
    std::printf("bench spi total=%lu reps=%u min=%lu max=%lu\n", total, count, least, most);
    return Verdict::good;
}

} // namespace guest
