// SPDX-License-Identifier: Apache-2.0
// Timers whose line stays high for ever: interrupt after interrupt, and the guest still gets on.

#include "abuse.hpp"

#include <cstdio>

namespace guest::lab {
namespace {

constexpr unsigned storm = 20000;
constinit volatile unsigned virtual_ticks = 0;
constinit volatile unsigned physical_ticks = 0;

/** The virtual timer's line is left high until the storm is over; the physical one ticks on. */
void endure(const Taken& taken, unsigned) {
    if (taken.ack.intid() == machine().virtual_timer) {
        virtual_ticks = virtual_ticks + 1;
        if (virtual_ticks >= storm) {
            VirtualTimer::mask();
        }
    } else {
        physical_ticks = physical_ticks + 1;
        PhysicalTimer::set_deadline(PhysicalTimer::now() + microseconds(1000));
    }
    finish_interrupt(taken);
}

/** The other timer, more urgent or less, fires in between as long as it is more urgent. */
Outcome storm_beside_ticks(EoiMode mode) {
    prepare({Group::group1, mode}, endure);
    virtual_ticks = 0;
    physical_ticks = 0;
    open(machine().virtual_timer, 0x80);
    open(machine().physical_timer, 0x40);
    PhysicalTimer::arm(PhysicalTimer::now() + microseconds(1000));
    VirtualTimer::arm(0);
    const std::uint64_t limit = PhysicalTimer::now() + microseconds(60000000);
    unmask();
    while (virtual_ticks < storm && PhysicalTimer::now() < limit) {
    }
    mask();
    PhysicalTimer::stop();
    GUEST_REQUIRE(virtual_ticks == storm, "ticks of the storm", virtual_ticks);
    GUEST_REQUIRE(physical_ticks >= 10, "ticks of the other timer", physical_ticks);
    return passed;
}

/** High for ever, but held back: the guest goes on with its work, and sleep does not last. */
Outcome held_back(const char* why) {
    const std::uint64_t start = PhysicalTimer::now();
    volatile unsigned work = 0;
    for (unsigned i = 0; i < 200000; ++i) {
        work = work + 1;
    }
    GUEST_REQUIRE(log().count == 0, why, log().count);
    const std::uint64_t spent = PhysicalTimer::now() - start;
    return expect(spent < microseconds(2000000), "work took ticks", spent);
}

Outcome held_back_everywhere() {
    prepare({});
    open(machine().virtual_timer);
    VirtualTimer::arm(0);
    GUEST_TRY(held_back("came though PSTATE masks it"));
    for (unsigned i = 0; i < 1000; ++i) {
        wfi(); // must end at once
    }
    cpu().set_mask(0);
    unmask();
    GUEST_TRY(held_back("came though PMR masks it"));
    mask();
    cpu().set_mask(0xf0);
    irqs().disable(machine().virtual_timer);
    unmask();
    GUEST_TRY(held_back("came though it is disabled"));
    mask();
    irqs().enable(machine().virtual_timer);
    irqs().enable_groups(0);
    unmask();
    GUEST_TRY(held_back("came though GICD_CTLR is off"));
    mask();
    irqs().enable_groups(3);
    return takes(1);
}

/** Any value in any timer register, interrupts enabled. */
Outcome random_registers() {
    prepare({}, [](const Taken& taken, unsigned) {
        VirtualTimer::stop();
        PhysicalTimer::stop();
        finish_interrupt(taken);
    });
    open(machine().virtual_timer);
    open(machine().physical_timer);
    Random random;
    unmask();
    for (unsigned i = 0; i < 5000; ++i) {
        CntvCval::write(random.below(2) == 0 ? random.next() : random.below(100));
        CntpCval::write(random.below(2) == 0 ? random.next() : random.below(100));
        CntvCtl::write(random.next());
        CntpCtl::write(random.next());
        isb();
    }
    mask();
    return passed;
}

} // namespace

Outcome abuse_timers() {
    GUEST_TRY(storm_beside_ticks(EoiMode::joint));
    GUEST_TRY(storm_beside_ticks(EoiMode::split));
    GUEST_TRY(held_back_everywhere());
    return random_registers();
}

void fire_for_ever() {
    constexpr unsigned often = 10000;
    prepare({}, [](const Taken& taken, unsigned) {
        virtual_ticks = virtual_ticks + 1;
        log().count = 0; // or it would be taken for a storm of this guest's own
        if (virtual_ticks % often == 0) {
            std::printf("still here after %u interrupts\n", virtual_ticks);
        }
        finish_interrupt(taken);
    });
    open(machine().virtual_timer);
    VirtualTimer::arm(0);
    unmask();
    for (;;) {
        asm volatile("");
    }
}

} // namespace guest::lab
