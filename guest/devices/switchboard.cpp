// SPDX-License-Identifier: Apache-2.0
// The handler, its table, and the accounts of a check.

#include "switchboard.hpp"

#include "common/irq.hpp"
#include "common/psci.hpp"

namespace guest {
namespace {

constexpr unsigned line_count = 8;
constexpr std::uint64_t tick_us = 500;

struct Line {
    Intid intid;
    Service service;
    volatile std::uint64_t taken;
    volatile std::uint64_t first_place;
};

struct Strays {
    volatile std::uint64_t spurious; // acknowledges that returned 1023
    volatile std::uint64_t foreign;  // interrupts that nobody is connected to
};

constinit Gic the_gic{};
constinit Line lines[line_count]{};
constinit unsigned lines_used = 0;
constinit Strays strays{};
constinit volatile std::uint64_t places = 0;
constinit EoiMode the_mode = EoiMode::joint;
constinit bool all_level = false;
constinit volatile std::uint64_t ticks_armed = 0;
constinit volatile bool ticking = false;

Line* find(Intid intid) {
    for (unsigned i = 0; i < lines_used; ++i) {
        if (lines[i].intid == intid) {
            return &lines[i];
        }
    }
    return nullptr;
}

/** Each tick arms the next, so armed and taken ticks differ by one at most. */
After on_tick(Ack) {
    if (ticking) {
        ticks_armed = ticks_armed + 1;
        VirtualTimer::arm(VirtualTimer::now() + microseconds(tick_us));
    } else {
        VirtualTimer::stop();
    }
    return After::end_it;
}

void on_irq(std::uint64_t) {
    const Ack ack = the_gic.acknowledge();
    // IHI 0069, ICC_IAR1_EL1: only a DSB makes sure that the distributor has seen the acknowledge.
    // A device's edge that this handler provokes later must not be taken for the one just taken.
    dsb();
    Line* const line = find(ack.intid());
    if (line != nullptr) {
        if (line->taken == 0) {
            places = places + 1;
            line->first_place = places;
        }
        line->taken = line->taken + 1;
        if (line->taken > storm_limit) {
            end_storm();
        }
        if (line->service(ack) == After::end_it) {
            finish_interrupt(ack);
        }
    } else if (ack.intid() == spurious_intid) {
        strays.spurious = strays.spurious + 1;
    } else {
        strays.foreign = strays.foreign + 1;
        finish_interrupt(ack);
    }
}

/** What an earlier, failed check left behind must not fail the next one. */
void clean_up() {
    the_gic.set_eoi_mode(EoiMode::joint);
    for (unsigned i = 0; i < 32; ++i) {
        const Ack ack = the_gic.acknowledge();
        if (ack.intid() == spurious_intid) {
            break;
        }
        the_gic.end(ack);
    }
    for (unsigned i = 0; i < lines_used; ++i) {
        the_gic.clear_active(lines[i].intid);
    }
}

Outcome settled(const Line& line) {
    GUEST_REQUIRE(poll([&line] { return !the_gic.is_active(line.intid); }, 1000000),
                  "active at the end, INTID", line.intid.value);
    GUEST_REQUIRE(!the_gic.is_pending(line.intid), "pending at the end, INTID", line.intid.value);
    return passed;
}

} // namespace

Gic& gic() {
    return the_gic;
}

void open_switchboard() {
    the_gic.init(machine());
    set_irq_handler(on_irq);
    connect(machine().virtual_timer, on_tick);
    the_gic.enable(machine().virtual_timer);
    // The alarm clock of a sleep (serve_until): more urgent than whatever might be stuck.
    connect(machine().physical_timer, [](Ack) {
        PhysicalTimer::mask();
        return After::end_it;
    });
    the_gic.enable(machine().physical_timer);
    the_gic.set_priority(machine().physical_timer, 0);
}

void connect(Intid intid, Service service) {
    Line* line = find(intid);
    if (line == nullptr) {
        if (lines_used == line_count) {
            finish(Verdict::bad);
        }
        line = &lines[lines_used++];
        line->intid = intid;
    }
    line->service = service;
}

void connect_spi(Wire wire, Service service) {
    connect(wire.intid, service);
    the_gic.disable(wire.intid);
    the_gic.set_up_spi(wire.intid, all_level ? Trigger::level : wire.trigger);
    the_gic.enable(wire.intid);
}

std::uint64_t taken(Intid intid) {
    const Line* const line = find(intid);
    return line != nullptr ? line->taken : 0;
}

std::uint64_t first_place(Intid intid) {
    const Line* const line = find(intid);
    return line != nullptr ? line->first_place : 0;
}

void finish_interrupt(Ack ack) {
    // The device's line falls by a store to the device, the end of interrupt is a system register
    // (or a store to another device): without the DSB the GIC could see a line that is still high.
    dsb();
    the_gic.end(ack);
    if (the_mode == EoiMode::split) {
        the_gic.deactivate(ack);
    }
}

void keep_level() {
    all_level = true;
}

void begin_check(EoiMode mode) {
    mask_interrupts();
    VirtualTimer::stop();
    clean_up();
    the_gic.set_eoi_mode(mode);
    the_mode = mode;
    for (unsigned i = 0; i < lines_used; ++i) {
        lines[i].taken = 0;
        lines[i].first_place = 0;
    }
    places = 0;
    strays.spurious = 0;
    strays.foreign = 0;
    ticking = true;
    ticks_armed = 1;
    VirtualTimer::arm(VirtualTimer::now() + microseconds(tick_us));
}

Outcome end_check() {
    const Intid timer = machine().virtual_timer;
    serve_rest();
    ticking = false; // the tick that is armed is the last
    GUEST_REQUIRE(serve_until([timer] { return taken(timer) >= ticks_armed; }), "ticks lost",
                  ticks_armed - taken(timer));
    serve_rest();
    VirtualTimer::stop();
    GUEST_REQUIRE(taken(timer) == ticks_armed, "ticks too many", taken(timer) - ticks_armed);
    GUEST_REQUIRE(strays.spurious == 0, "spurious acknowledges", strays.spurious);
    GUEST_REQUIRE(strays.foreign == 0, "interrupts that nobody asked for", strays.foreign);
    for (unsigned i = 0; i < lines_used; ++i) {
        const Outcome outcome = settled(lines[i]);
        if (outcome.kind != Outcome::Kind::pass) {
            return outcome;
        }
    }
    return passed;
}

} // namespace guest
