// SPDX-License-Identifier: Apache-2.0
// guest/lives: a guest that ends in the middle of its interrupts and looks, at each start, whether
// anything is left of a life before: in its memory, in its own image, in timers and GIC. Then it ticks,
// leaves a mess everywhere, and ends as it is told, inside a handler: its timer's interrupt active
// and the line high, others active and pending. Further CPUs are in such handlers, too.
// Command line: [end=off|reset|crash|cpu-off|hang] [mib=N] [ticks=N] [period-us=N] [alarm] [cpus=N]
//               [watch]
//   mib        its memory (8)
//   alarm      it has a PL031, whose interrupt is one of those
//   watch      does not end so, but looks at the time until something is typed (watch.hpp)

#include "common/bootargs.hpp"
#include "common/console.hpp"
#include "common/irq.hpp"
#include "common/mmio.hpp"
#include "common/smp.hpp"
#include "common/timer.hpp"
#include "remains.hpp"
#include "watch.hpp"

#include <cstdio>

namespace guest {
namespace {

constexpr std::uintptr_t nowhere = 0x0b000000;
constexpr Intid sgi{5};
constexpr Intid spi_pending{96};
constexpr Intid spi_active{97};
constexpr Intid alarm_spi{34};

// PL031 (DDI 0224).
constexpr std::uintptr_t rtc = 0x09010000;
constexpr std::uintptr_t RTCDR = 0x0;
constexpr std::uintptr_t RTCMR = 0x4;
constexpr std::uintptr_t RTCIMSC = 0x10;
constexpr std::uintptr_t RTCICR = 0x1c;

/** What the handlers see and do. */
struct Run {
    std::uint64_t period;
    std::uint64_t deadline;
    volatile std::uint64_t left;
    volatile std::uint64_t ticks;
    std::uint64_t early;
    std::uint64_t foreign;
    volatile std::uint64_t alarms;
    std::string_view end;
    bool has_alarm;
    volatile bool dying;
};

constinit Run run{};
constinit Word in_handler{}; // further CPUs that have an active interrupt

void ring_alarm() {
    write32(rtc + RTCICR, 1);
    write32(rtc + RTCIMSC, 1);
    write32(rtc + RTCMR, read32(rtc + RTCDR));
}

void silence_alarm() {
    write32(rtc + RTCIMSC, 0);
    write32(rtc + RTCICR, 1);
}

[[noreturn]] void die() {
    if (run.end == "reset") {
        reset_machine();
    }
    if (run.end == "crash") { // with the MMU off, or its map would answer
        Vbar::write(nowhere);
        asm volatile("msr sctlr_el1, %0\n\tisb\n\tbr %1" : : "r"(0x30d00800UL), "r"(nowhere));
    }
    if (run.end == "off") {
        psci(machine(), Function::psci_system_off);
    }
    if (run.end == "cpu-off") {
        psci(machine(), Function::psci_cpu_off);
    }
    for (;;) { // hang
    }
}

/** In the timer's handler, which does not end: everything else that can be left behind. */
[[noreturn]] void die_in_handler() {
    const Gic& gic = this_cpu().gic;
    gic.set_pending(sgi);
    if (this_cpu().index != 0) {
        in_handler.store(in_handler.load() + 1);
        for (; run.end != "cpu-off";) {
        }
        die();
    }
    gic.set_pending(spi_pending);
    write32(gic.distributor() + GICD_ISACTIVER + 4UL * (spi_active.value / 32),
            1U << spi_active.value % 32);
    if (run.has_alarm) {
        ring_alarm();
        while (!(gic.acknowledge().intid() == alarm_spi)) { // more urgent than the timer
        }
    }
    die();
}

void on_tick(std::uint64_t entered) {
    if (entered < run.deadline || !VirtualTimer::expired()) {
        ++run.early;
    }
    run.ticks = run.ticks + 1;
    run.left = run.left - 1;
    if (run.left == 0) {
        VirtualTimer::mask();
    } else {
        run.deadline += run.period;
        VirtualTimer::set_deadline(run.deadline);
    }
}

void on_irq(std::uint64_t entered) {
    const Ack ack = this_cpu().gic.acknowledge();
    if (ack.intid() == machine().virtual_timer) {
        if (run.dying) {
            die_in_handler();
        }
        on_tick(entered);
    } else if (ack.intid() == alarm_spi && run.has_alarm) {
        silence_alarm();
        run.alarms = run.alarms + 1;
    } else {
        ++run.foreign;
        if (run.foreign > storm_limit) {
            end_storm();
        }
    }
    if (!(ack.intid() == spurious_intid)) {
        this_cpu().gic.end(ack);
    }
}

void prepare_spis(const Gic& gic) {
    for (const Intid spi : {spi_pending, spi_active}) {
        gic.set_up_spi(spi, Trigger::edge);
        gic.enable(spi);
        gic.set_priority(spi, 0xc0);
    }
    if (run.has_alarm) {
        gic.set_up_spi(alarm_spi, Trigger::level);
        gic.enable(alarm_spi);
        gic.set_priority(alarm_spi, 0x40);
    }
}

void prepare_own(const Gic& gic) {
    gic.enable(machine().virtual_timer);
    gic.enable(sgi);
    gic.set_priority(machine().virtual_timer, 0x80); // enable() has set its own
    gic.set_priority(sgi, 0xc0);
}

/** Another CPU: into the timer's handler, and no way out. */
void further_cpu(unsigned /*cpu*/) {
    prepare_own(this_cpu().gic);
    VirtualTimer::arm(VirtualTimer::now());
    unmask_interrupts();
    for (;;) {
    }
}

/** All ticks, and an alarm: each as often as it was asked for. */
bool live(std::uint64_t planned) {
    run.left = planned;
    run.deadline = VirtualTimer::now() + run.period;
    VirtualTimer::arm(run.deadline);
    unmask_interrupts();
    const std::uint64_t end = run.deadline + planned * run.period + microseconds(patience_us);
    if (run.has_alarm) {
        ring_alarm();
    }
    while ((run.left != 0 || run.alarms != (run.has_alarm ? 1U : 0U)) &&
           VirtualTimer::now() < end) {
        wfi();
    }
    mask_interrupts();
    VirtualTimer::stop();
    std::printf("lives: %lu ticks of %lu, %lu early, %lu foreign, %lu alarms\n", run.ticks, planned,
                run.early, run.foreign, run.alarms);
    return run.ticks == planned && run.early + run.foreign == 0 &&
           run.alarms == (run.has_alarm ? 1U : 0U);
}

/** Nothing that was printed is still on its way. */
void await_console() {
    constexpr std::uintptr_t UARTFR = 0x18;
    constexpr std::uint32_t busy = 1U << 3U;
    const std::uint64_t end = VirtualTimer::now() + microseconds(patience_us);
    while ((read32(machine().console + UARTFR) & busy) != 0 && VirtualTimer::now() < end) {
    }
}

} // namespace

Verdict guest_main() {
    const BootArgs args{machine().bootargs};
    const std::uintptr_t bytes = args.number("mib", 8) << 20U;
    const std::uint64_t planned = args.number("ticks", 20);
    const std::uint64_t cpus = args.number("cpus", 1);
    const bool watch = args.has("watch");
    static char end[8];
    args.value("end", "off").copy(end, sizeof end);
    run.end = std::string_view{end}; // the tree will be gone
    run.period = microseconds(args.number("period-us", 1000));
    run.has_alarm = args.has("alarm");
    if (run.has_alarm) {
        silence_alarm(); // nobody resets the device
    }
    if (!is_clean(bytes) || !open_cpus()) {
        return Verdict::bad;
    }
    set_irq_handler(on_irq);
    prepare_own(this_cpu().gic);
    prepare_spis(this_cpu().gic);
    if (!live(planned)) {
        return Verdict::bad;
    }
    if (watch) {
        return watch_time();
    }
    await_console();
    run.dying = true;
    for (unsigned cpu = 1; cpu < cpus; ++cpu) {
        if (start_cpu(cpu, further_cpu) != 0) {
            return Verdict::bad;
        }
        while (in_handler.load() != cpu) {
        }
    }
    soil(bytes);
    VirtualTimer::arm(VirtualTimer::now());
    unmask_interrupts();
    for (;;) {
    }
}

} // namespace guest
