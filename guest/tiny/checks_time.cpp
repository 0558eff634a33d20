// SPDX-License-Identifier: Apache-2.0
// Time passing: sleep, the physical timer, very many ticks, and FP registers under interrupts.

#include "checks.hpp"
#include "fp_work.hpp"
#include "lab.hpp"

#include "modes.hpp"

namespace guest {
namespace {

/** Whether a tick reaches a guest that spins: only then may one sleep in expectation of it. */
bool ticks_reach_us() {
    prepare();
    raise_line();
    take_interrupts();
    const bool reached = events().virtual_ticks == 1;
    prepare();
    return reached;
}

/** WFI ends by an interrupt that PSTATE.I keeps from being taken. */
Outcome wfi_while_masked() {
    GUEST_REQUIRE(ticks_reach_us(), "ticks do not come even without sleep", 0);
    const std::uint64_t deadline = VirtualTimer::now() + microseconds(1000);
    PhysicalTimer::arm(PhysicalTimer::now() + microseconds(500000)); // in case nothing wakes us
    VirtualTimer::arm(deadline);
    while (VirtualTimer::now() < deadline) {
        wfi();
    }
    GUEST_REQUIRE(!PhysicalTimer::expired(), "slept through the virtual timer", 1);
    PhysicalTimer::stop();
    GUEST_REQUIRE(soon([] { return (IsrEl1::read() & (1U << 7)) != 0; }), "nothing pending", 0);
    GUEST_REQUIRE(events().virtual_ticks == 0, "taken with PSTATE.I set", events().virtual_ticks);
    take_interrupts();
    return expect(events().virtual_ticks == 1, "ticks", events().virtual_ticks);
}

/** Sleep, tick, sleep, tick: an idle guest misses none. */
Outcome wfi_ticks() {
    constexpr std::uint64_t count = 20;
    GUEST_REQUIRE(ticks_reach_us(), "ticks do not come even without sleep", 0);
    for (std::uint64_t n = 1; n <= count; ++n) {
        PhysicalTimer::arm(PhysicalTimer::now() + microseconds(500000));
        VirtualTimer::arm(VirtualTimer::now() + microseconds(200));
        while (events().virtual_ticks < n && events().physical_ticks == 0) {
            wfi();
            unmask_interrupts();
            mask_interrupts();
        }
        GUEST_REQUIRE(events().physical_ticks == 0, "slept through tick", n);
    }
    return expect(events().virtual_ticks == count, "ticks", events().virtual_ticks);
}

/** The physical timer and its counter are the guest's as well. */
Outcome physical_timer() {
    prepare();
    const std::uint64_t begin = CntPct::read();
    const std::uint64_t deadline = PhysicalTimer::now() + microseconds(200);
    PhysicalTimer::arm(deadline);
    unmask_interrupts();
    (void)soon([] { return events().physical_ticks != 0; });
    mask_interrupts();
    take_interrupts();
    GUEST_REQUIRE(events().physical_ticks == 1, "physical ticks", events().physical_ticks);
    GUEST_REQUIRE(events().virtual_ticks + events().spurious + events().foreign == 0,
                  "other interrupts came", events().virtual_ticks);
    GUEST_REQUIRE(CntPct::read() > begin, "CNTPCT_EL0 stands still", begin);
    return passed;
}

constinit std::uint64_t wanted_ticks = 0;
constinit std::uint64_t next_deadline = 0;
constexpr std::uint64_t busy_period = 2000;

/** Each handler arms the next tick, as an operating system does: no tick, no further ones. */
void arm_next(Ack ack, std::uint64_t nth) {
    if (nth < wanted_ticks) {
        next_deadline += busy_period; // when late, in the past: the line does not even drop
        VirtualTimer::arm(next_deadline);
    } else {
        VirtualTimer::mask();
    }
    gic().end(ack);
}

/** The same, but never at once: each tick finds the interrupted code somewhere else. */
void arm_next_later(Ack ack, std::uint64_t nth) {
    next_deadline = VirtualTimer::now();
    arm_next(ack, nth);
}

/** Starts a stream of `count` ticks with interrupts open. */
void start_ticks(std::uint64_t count, Script script) {
    wanted_ticks = count;
    prepare(script);
    next_deadline = VirtualTimer::now() + busy_period;
    VirtualTimer::arm(next_deadline);
    unmask_interrupts();
}

/** Very many ticks: as many arrive as were programmed. [count=N] */
Outcome many_ticks() {
    start_ticks(BootArgs{machine().bootargs}.number("count", 5000), arm_next);
    std::uint64_t last = 0;
    do { // goes on while ticks come: take_ticks() gives up after two seconds
        last = events().virtual_ticks;
        take_ticks(wanted_ticks);
    } while (events().virtual_ticks < wanted_ticks && events().virtual_ticks != last);
    take_interrupts();
    GUEST_REQUIRE(events().spurious + events().foreign == 0, "spurious or foreign ones",
                  events().spurious + events().foreign);
    return expect(events().virtual_ticks == wanted_ticks, "ticks", events().virtual_ticks);
}

/** All FP and SIMD registers keep their values while ticks come; doubles still add up. */
Outcome fp_under_ticks() {
    constexpr std::uint64_t seed = 0x0123456789abcdef;
    constexpr std::uint64_t count = 20;
    constexpr unsigned terms = 1000;
    const std::uint64_t quiet = fp_sum_bits(terms);
    unsigned changed = 0;
    std::uint64_t disturbed = quiet;
    start_ticks(count, arm_next_later);
    bool ticked = soon([&changed] {
        changed += fp_registers_changed(seed, 10000);
        return events().virtual_ticks == count;
    });
    start_ticks(count, arm_next_later);
    ticked = ticked && soon([&disturbed, quiet] {
                 const std::uint64_t sum = fp_sum_bits(terms);
                 disturbed = sum == quiet ? disturbed : sum;
                 return events().virtual_ticks == count;
             });
    mask_interrupts();
    GUEST_REQUIRE(ticked, "ticks", events().virtual_ticks);
    GUEST_REQUIRE(changed == 0, "FP registers changed", changed);
    GUEST_REQUIRE(disturbed == quiet, "a sum of doubles came out differently", disturbed);
    fp_print();
    return passed;
}

constexpr Check all[] = {
    {"WFI-masked", wfi_while_masked}, {"WFI-ticks", wfi_ticks},
    {"CNTP", physical_timer},         {"T16", many_ticks},
    {"FP", fp_under_ticks},
};

} // namespace

std::span<const Check> time_checks() {
    return all;
}

} // namespace guest
