// SPDX-License-Identifier: Apache-2.0
// The storms of interrupts, output and sleep.

#include "storms.hpp"
#include "attacks.hpp"
#include "common/console.hpp"
#include "common/sgi.hpp"

namespace guest::hostile {
namespace {

constinit Shared<std::uint64_t> rearm_until[max_cpus] = {};

/** Each interrupt re-arms the timer in the past, so the next one is there when it ends. Outside of
 * handlers next to nothing is executed; it is the handler that looks at the time. */
void timer(unsigned cpu) {
    rearm_until[cpu].store(VirtualTimer::now() + microseconds(200));
    VirtualTimer::arm(0);
    (void)wait_until([cpu] { return rearm_until[cpu].load() == 0; });
}

void uart(unsigned) {
    for (const char c : std::string_view{"hostile: this line is one of very many of its kind\n"}) {
        write_console(c);
    }
}

/** All sixteen to everyone, this CPU included. */
void sgi(unsigned) {
    for (std::uint32_t i = 0; i < 16; ++i) {
        send_sgi_to_others(Intid{i});
        send_sgi_to_self(Intid{i});
    }
}

void spin(unsigned) {
    for (unsigned i = 0; i < 1000; ++i) {
        asm volatile("");
    }
}

/** Interrupts are masked and one is pending: no WFI waits, a hypervisor that traps it works. */
void wfi_pending(unsigned) {
    VirtualTimer::arm(0);
    for (unsigned i = 0; i < 100; ++i) {
        asm volatile("wfi" : : : "memory");
    }
    VirtualTimer::stop();
}

/** Sleeps that are over almost before they begin. */
void wfi_short(unsigned) {
    for (unsigned i = 0; i < 20; ++i) {
        VirtualTimer::arm(VirtualTimer::now() + std::uint64_t{8} * i);
        asm volatile("wfi" : : : "memory");
    }
    VirtualTimer::stop();
}

void wfe(unsigned) {
    for (unsigned i = 0; i < 100; ++i) {
        asm volatile("sev\n\twfe\n\tsevl\n\twfe" : : : "memory");
    }
}

constexpr Storm all[] = {
    {"timer", timer, true},
    {"uart", uart, true},
    {"sgi", sgi, true},
    {"tlb", flush_translations, true},
    {"cache", flush_caches, true},
    {"calls", make_unknown_calls, false},
    {"registers", touch_unknown_registers, false},
    {"distributor", rewrite_distributor, false},
    {"spin", spin, false},
    {"wfi", wfi_pending, false},
    {"naps", wfi_short, false},
    {"wfe", wfe, true},
};

} // namespace

std::span<const Storm> storms() {
    return all;
}

void on_irq(std::uint64_t) {
    const Cpu& cpu = this_cpu();
    const Ack ack = cpu.gic.acknowledge();
    if (ack.intid() == machine().virtual_timer) {
        Shared<std::uint64_t>& until = rearm_until[cpu.index];
        const std::uint64_t now = VirtualTimer::now();
        if (now < until.load()) {
            VirtualTimer::set_deadline(now - 1);
        } else {
            VirtualTimer::mask();
            until.store(0);
        }
    }
    if (ack.intid() != spurious_intid) {
        cpu.gic.end(ack);
    }
}

void calm_down() {
    mask_interrupts();
    VirtualTimer::stop();
    const Gic& gic = this_cpu().gic;
    for (std::uint32_t i = 0; i < 16; ++i) {
        gic.enable(Intid{i});
    }
    gic.enable(machine().virtual_timer);
}

} // namespace guest::hostile
