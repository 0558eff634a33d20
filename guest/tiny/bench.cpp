// SPDX-License-Identifier: Apache-2.0
// Exact measurements. Under `-icount shift=4` one counter tick is one instruction, and the same
// image runs on the bare machine: what it counts there more or less is the guest's own share, so
// the difference is what the hypervisor costs. Every loop here is the same in both places.

#include "bench.hpp"
#include "modes.hpp"

#include "common/irq.hpp"
#include "common/mmio.hpp"
#include "common/timer.hpp"

namespace guest {
namespace {

enum class Order : std::uint8_t { mask_then_end, end_then_mask };

/** What the plugin counts: all repetitions together, or each end of interrupt by itself. */
enum class Count : std::uint8_t { repetitions, end_of_interrupt };

constexpr unsigned call_reps = 1024;
constexpr unsigned tick_reps = 208;

constinit Gic gic{};
constinit Order order = Order::mask_then_end;
constinit volatile std::uint64_t entered_at = 0; // the counter at the first timer interrupt
constinit volatile std::uint64_t interrupts = 0; // since the repetition began

/** Ends the interrupt. To be counted by itself it stands between markers, with a few instructions
 * more: what it causes must have happened by then. */
template <Count count>
void end_interrupt(Ack ack) {
    if constexpr (count == Count::end_of_interrupt) {
        asm volatile("hint #0x62" : : : "memory");
        gic.end(ack);
        asm volatile("isb\n\tnop\n\tnop\n\thint #0x67" : : : "memory");
    } else {
        gic.end(ack);
    }
}

/** Keeps the time of the first interrupt; a second one is the price of ending before masking. */
template <Count count>
void on_irq(std::uint64_t entered) {
    const Ack ack = gic.acknowledge();
    if (interrupts == 0) {
        entered_at = entered;
    }
    interrupts = interrupts + 1;
    if (ack.intid() == spurious_intid) {
        return;
    }
    if (order == Order::mask_then_end) {
        VirtualTimer::mask();
        end_interrupt<count>(ack);
    } else {
        end_interrupt<count>(ack);
        VirtualTimer::mask();
    }
}

/** PSCI_VERSION, the cheapest call that both QEMU (bare) and a hypervisor answer. */
void bench_hvc() {
    Samples samples;
    begin_counting();
    for (unsigned i = 0; i < call_reps; ++i) {
        register std::uint64_t x0 asm("x0") = static_cast<std::uint32_t>(Function::psci_version);
        std::uint64_t before;
        std::uint64_t after;
        asm volatile("mrs %[before], cntvct_el0\n\t"
                     "hvc #0\n\t"
                     "mrs %[after], cntvct_el0"
                     : "+r"(x0), [before] "=&r"(before), [after] "=&r"(after)
                     :
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
                       "x13", "x14", "x15", "x16", "x17", "memory");
        samples.add(after - before);
    }
    end_counting();
    samples.print("hvc");
}

/** A read of the distributor, which a hypervisor emulates. */
void bench_gicd_read() {
    constexpr std::uintptr_t GICD_TYPER = 0x4;
    Samples samples;
    begin_counting();
    for (unsigned i = 0; i < call_reps; ++i) {
        std::uint64_t before;
        std::uint64_t after;
        asm volatile("mrs %0, cntvct_el0\n\t"
                     "ldr w3, [%2]\n\t"
                     "mrs %1, cntvct_el0"
                     : "=&r"(before), "=&r"(after)
                     : "r"(gic.distributor() + GICD_TYPER)
                     : "x3", "memory");
        samples.add(after - before);
    }
    end_counting();
    samples.print("gicd_read");
}

/** Spins `rounds` times two instructions with interrupts open; x9 belongs to vectors_timed. */
void spin_open(std::uint64_t rounds) {
    asm volatile("msr daifclr, #2\n"
                 "1: subs %0, %0, #1\n\t"
                 "b.ne 1b\n\t"
                 "msr daifset, #2"
                 : "+r"(rounds)
                 :
                 : "x9", "cc", "memory");
}

/** Sleeps with interrupts open until one was taken; x9 belongs to vectors_timed. */
void sleep_open() {
    while (interrupts == 0) {
        asm volatile("wfi\n\tmsr daifclr, #2\n\tisb\n\tmsr daifset, #2" : : : "x9", "memory");
    }
}

/** From the deadline to the vector's first instruction, and from arming to the loop's end. */
template <Count count>
void bench_tick(const char* name, Order how, bool sleep) {
    constexpr std::uint64_t lead = 1500; // ticks from arming to the deadline
    constexpr std::uint64_t rounds = 2000;
    Samples latency;
    Samples whole;
    Samples extra; // interrupts beyond the one that was asked for
    order = how;
    set_irq_handler(on_irq<count>);
    use_timed_vectors();
    if constexpr (count == Count::repetitions) {
        begin_counting();
    }
    for (unsigned i = 0; i < tick_reps; ++i) {
        interrupts = 0;
        const std::uint64_t begin = VirtualTimer::now();
        const std::uint64_t deadline = begin + lead + i; // every phase of the spinning loop
        VirtualTimer::arm(deadline);
        if (sleep) {
            sleep_open();
        } else {
            spin_open(rounds);
        }
        whole.add(VirtualTimer::now() - begin);
        if (interrupts == 0) {
            std::printf("bench %s: tick %u did not come\n", name, i);
            finish(Verdict::bad);
        }
        latency.add(entered_at - deadline);
        extra.add(interrupts - 1);
    }
    if constexpr (count == Count::repetitions) {
        end_counting();
    }
    use_normal_vectors();
    VirtualTimer::stop();
    latency.print(name);
    whole.print(name, "_whole");
    extra.print(name, "_extra");
}

void bench_boot() {
    Samples samples;
    samples.add(first_tick());
    samples.print("boot");
}

/** The timer's, of those that `wanted` names. */
template <class Wanted>
void bench_ticks(Wanted wanted) {
    if (wanted("tick")) {
        bench_tick<Count::repetitions>("tick", Order::mask_then_end, false);
    }
    if (wanted("tick_eoi_first")) {
        bench_tick<Count::repetitions>("tick_eoi_first", Order::end_then_mask, false);
    }
    if (wanted("wfi_tick")) {
        bench_tick<Count::repetitions>("wfi_tick", Order::mask_then_end, true);
    }
    if (wanted("eoi")) {
        bench_tick<Count::end_of_interrupt>("eoi", Order::mask_then_end, false);
    }
}

} // namespace

Verdict run_bench(const BootArgs& args) {
    const std::string_view what = args.value("what", "all");
    const auto wanted = [what](std::string_view name) {
        return what == "all" || lists(what, name);
    };
    gic.init(machine());
    gic.enable(machine().virtual_timer);
    if (wanted("boot")) {
        bench_boot();
    }
    if (wanted("hvc")) {
        bench_hvc();
    }
    if (wanted("gicd_read")) {
        bench_gicd_read();
    }
    if (wanted("gicd_enable")) {
        bench_enable(gic);
    }
    if (wanted("sgi_self")) {
        bench_sgi(gic);
    }
    if (wanted("spi_line")) {
        bench_line(gic, machine().console);
    }
    if (wanted("burst")) {
        bench_burst(gic);
    }
    bench_ticks(wanted);
    return Verdict::good;
}

} // namespace guest
