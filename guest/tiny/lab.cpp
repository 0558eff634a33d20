// SPDX-License-Identifier: Apache-2.0
// The handler that counts, and the waits.

#include "lab.hpp"

#include "common/irq.hpp"

namespace guest {
namespace {

constinit Gic the_gic{};
constinit Events the_events{};
constinit Script the_script = mask_then_end;
constinit EoiMode the_mode = EoiMode::joint;

void finish_interrupt(Ack ack) {
    the_gic.end(ack);
    if (the_mode == EoiMode::split) {
        the_gic.deactivate(ack);
    }
}

void on_irq(std::uint64_t entered) {
    Events& e = the_events;
    const Ack ack = the_gic.acknowledge();
    e.entered = entered;
    if (e.virtual_ticks + e.spurious + e.foreign > storm_limit) {
        end_storm();
    }
    if (ack.intid() == spurious_intid) {
        e.spurious = e.spurious + 1;
    } else if (ack.intid() == machine().virtual_timer) {
        e.virtual_ticks = e.virtual_ticks + 1;
        the_script(ack, e.virtual_ticks);
    } else if (ack.intid() == machine().physical_timer) {
        e.physical_ticks = e.physical_ticks + 1;
        PhysicalTimer::mask();
        finish_interrupt(ack);
    } else {
        e.foreign = e.foreign + 1;
        finish_interrupt(ack);
    }
}

/** What an earlier, failed check left behind must not fail the next one. */
void clean_up() {
    for (unsigned i = 0; i < 32; ++i) {
        const Ack ack = the_gic.acknowledge();
        if (ack.intid() == spurious_intid) {
            break;
        }
        the_gic.end(ack);
    }
    write32(the_gic.private_block() + GICD_ICACTIVER, 0xffff0000);
    dsb();
}

} // namespace

Gic& gic() {
    return the_gic;
}

Events& events() {
    return the_events;
}

void mask_then_end(Ack ack, std::uint64_t) {
    VirtualTimer::mask();
    finish_interrupt(ack);
}

void open_lab() {
    the_gic.init(machine());
    set_irq_handler(on_irq);
}

void prepare(Script script, EoiMode mode) {
    mask_interrupts();
    VirtualTimer::stop();
    PhysicalTimer::stop();
    visit_hypervisor();
    the_gic.set_eoi_mode(EoiMode::joint);
    clean_up();
    the_gic.enable(machine().virtual_timer);
    the_gic.enable(machine().physical_timer);
    the_gic.set_eoi_mode(mode);
    the_mode = mode;
    the_script = script;
    the_events.virtual_ticks = 0;
    the_events.physical_ticks = 0;
    the_events.spurious = 0;
    the_events.foreign = 0;
}

void raise_line() {
    VirtualTimer::arm(VirtualTimer::now() - 1);
    (void)soon([] { return VirtualTimer::expired(); });
}

void take_interrupts() {
    const std::uint64_t end = VirtualTimer::now() + microseconds(500);
    unmask_interrupts();
    while (VirtualTimer::now() < end) {
    }
    mask_interrupts();
}

void take_ticks(std::uint64_t ticks) {
    const std::uint64_t end = VirtualTimer::now() + microseconds(2000000);
    unmask_interrupts();
    while (the_events.virtual_ticks < ticks && VirtualTimer::now() < end) {
    }
    mask_interrupts();
}

} // namespace guest
