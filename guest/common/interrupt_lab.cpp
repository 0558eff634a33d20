// SPDX-License-Identifier: Apache-2.0
// The handler that logs, and the waits.

#include "interrupt_lab.hpp"

#include "irq.hpp"
#include "psci.hpp"

#include <cstdio>

extern "C" {
extern char vectors_nested[];

/** Called by vectors_nested.S with 0 for an IRQ and 1 for an FIQ. */
using NestedHandler = void (*)(std::uint64_t kind);
extern NestedHandler nested_handler;
}

namespace guest::lab {
namespace {

constinit Interrupts the_irqs{};
constinit Setup the_setup{};
constinit Log the_log{};
constinit Script the_script = end_at_once;

Taken acknowledge(bool fiq) {
    const Group group = cpu().is_v3() && !fiq ? Group::group1 : Group::group0;
    return {cpu().acknowledge(group), group, fiq};
}

void on_interrupt(std::uint64_t kind) {
    const Taken taken = acknowledge(kind == 1);
    Log& l = the_log;
    if (taken.ack.intid() == spurious_intid) {
        l.spurious = l.spurious + 1;
    } else {
        if (l.count < Log::kept) {
            l.taken[l.count] = taken;
        }
        l.count = l.count + 1;
        the_script(taken, l.count);
    }
    if (l.count + l.spurious > storm_limit) {
        end_storm();
    }
}

} // namespace

bool open_interrupt_lab(const char* guest) {
    if (machine().gic == GicVersion::none) {
        std::printf("no interrupt controller: the device tree (x0) is missing or names none\n");
        return false;
    }
    mask();
    the_irqs.init(machine());
    nested_handler = on_interrupt;
    Vbar::write(reinterpret_cast<std::uintptr_t>(vectors_nested));
    isb();
    std::printf("%s: %s, %s\n", guest, the_irqs.is_v3() ? "GICv3" : "GICv2",
                machine().under_baton ? "under Baton" : "on the bare machine");
    return true;
}

const Interrupts& irqs() {
    return the_irqs;
}

const Setup& setup() {
    return the_setup;
}

Group bank() {
    return the_irqs.is_v3() ? the_setup.group : Group::group0;
}

Log& log() {
    return the_log;
}

void finish_interrupt(const Taken& taken) {
    cpu().end(taken.group, taken.ack);
    if (the_setup.mode == EoiMode::split) {
        cpu().deactivate(taken.ack);
    }
}

void end_at_once(const Taken& taken, unsigned) {
    if (taken.ack.intid() == machine().virtual_timer) {
        VirtualTimer::mask();
    } else if (taken.ack.intid() == machine().physical_timer) {
        PhysicalTimer::mask();
    }
    finish_interrupt(taken);
}

void prepare(const Setup& wanted, Script script) {
    mask();
    VirtualTimer::stop();
    PhysicalTimer::stop();
    the_irqs.reset(wanted.group);
    visit_hypervisor();
    if (cpu().active_levels() != 0) {
        cpu().clear_active_priorities();
    }
    cpu().control({.mode = wanted.mode});
    cpu().set_mask(0xf0);
    cpu().set_binary_point(Group::group0, 0);
    cpu().set_binary_point(Group::group1, 0);
    the_irqs.enable_groups(3);
    the_setup = wanted;
    the_script = script;
    the_log.count = 0;
    the_log.spurious = 0;
}

void set_script(Script script) {
    the_script = script;
}

void open(Intid i, std::uint8_t priority) {
    the_irqs.set_priority(i, priority);
    the_irqs.enable(i);
}

void take(unsigned count) {
    unmask();
    (void)soon([count] { return the_log.count >= count; });
    take_any();
}

void take_any() {
    const std::uint64_t end = VirtualTimer::now() + microseconds(20);
    unmask();
    while (VirtualTimer::now() < end) {
    }
    mask();
}

Outcome exactly(unsigned count) {
    GUEST_REQUIRE(the_log.spurious == 0, "acknowledges of nothing", the_log.spurious);
    return expect(the_log.count == count, "interrupts that came", the_log.count);
}

Outcome takes(unsigned count) {
    take(count);
    return exactly(count);
}

Outcome is_idle() {
    constexpr std::uint32_t lowest = 0xf8; // as far as every implementation has bits
    GUEST_REQUIRE((cpu().running_priority() & lowest) == lowest, "RPR is not idle",
                  cpu().running_priority());
    const Ack ack = cpu().acknowledge(bank());
    return expect(ack.intid() == spurious_intid, "still pending for the CPU", ack.raw);
}

} // namespace guest::lab

constinit NestedHandler nested_handler = nullptr;
