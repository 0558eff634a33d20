// SPDX-License-Identifier: Apache-2.0
// Active and pending states as one CPU sees and changes them while another one has the interrupt.

#include "lab.hpp"

#include "common/interrupts.hpp"

namespace guest::smp {
namespace {

constexpr Intid some_sgi{9};

constinit Word inside{0};  // 1 while a handler has the SPI
constinit Word go_on{0};   // the handler may end it
constinit Word dropped{0}; // split: EOIR is written, DIR is left to others

/** The handler keeps spi_a active until it may go on. */
bool keep_active(unsigned, Ack ack) {
    if (ack.intid() != spi_a) {
        return false;
    }
    inside.store(1);
    (void)wait_until([] { return go_on.load() == 1; });
    gic().end(ack);
    inside.store(0);
    return true;
}

/** EOImode 1: the handler drops the priority and leaves the interrupt active. */
bool drop_only(unsigned, Ack ack) {
    if (ack.intid() != spi_a) {
        return false;
    }
    gic().end(ack);
    dropped.fetch_add(1);
    return true;
}

void split(unsigned) {
    choose_eoi_mode(EoiMode::split);
}

/** The last CPU; where there is only one there is no other. */
unsigned other() {
    return cpu_count() - 1;
}

void write_distributor(std::uintptr_t array, Intid spi) {
    write32(gic().distributor() + array + std::uintptr_t{spi.value} / 32 * 4,
            1U << (spi.value % 32));
    dsb();
}

/** Pending, then active at another CPU, then pending again beside it. */
Outcome truth() {
    if (cpu_count() < 2) {
        return skipped("one CPU");
    }
    open_spi(spi_a, other());
    inside.store(0);
    go_on.store(0);
    set_script(keep_active);
    GUEST_REQUIRE(!gic().is_pending(spi_a) && !gic().is_active(spi_a), "at first", 0);
    gic().set_pending(spi_a);
    GUEST_REQUIRE(wait_until([] { return inside.load() == 1; }), "does not come", other());
    for (unsigned reader = 0; reader < other(); ++reader) {
        GUEST_REQUIRE(run_on(reader,
                             [](unsigned) {
                                 const bool good =
                                     gic().is_active(spi_a) && !gic().is_pending(spi_a);
                                 dropped.store(good ? 1 : 0);
                             }),
                      "does not answer", reader);
        GUEST_REQUIRE(dropped == 1, "active there: seen otherwise by CPU", reader);
    }
    gic().set_pending(spi_a);
    GUEST_REQUIRE(gic().is_active(spi_a) && gic().is_pending(spi_a), "active and pending", 0);
    gic().clear_pending(spi_a);
    GUEST_REQUIRE(gic().is_active(spi_a) && !gic().is_pending(spi_a), "no longer pending", 0);
    gic().set_pending(spi_a);
    go_on.store(1);
    GUEST_REQUIRE(wait_until([] { return spi_count(spi_a, other()) == 2; }), "the second is lost",
                  spi_count(spi_a, other()));
    pass_time(50);
    GUEST_REQUIRE(!gic().is_pending(spi_a) && !gic().is_active(spi_a), "at last", 0);
    return nothing_odd();
}

/** GICv3 shows another CPU's SGIs in its redistributor, after a finite time (IHI 0069). */
Outcome private_truth() {
    if (!gic().is_v3() || cpu_count() < 2) {
        return skipped("one CPU, or GICv2, which banks them");
    }
    const std::uintptr_t frame = cpu_at(other()).gic.private_block();
    const std::uint32_t bit = 1U << some_sgi.value;
    const auto shown = [=] { return (read32(frame + GICD_ISPENDR) & bit) != 0; };
    const auto not_shown = [=] { return !shown(); };
    go_on.store(0);
    inside.store(0);
    give(other(), [](unsigned) {
        mask_interrupts();
        inside.store(1);
        (void)wait_until([] { return go_on.load() == 1; });
    });
    GUEST_REQUIRE(wait_until([] { return inside.load() == 1; }), "does not answer", other());
    send_sgi(some_sgi, other());
    GUEST_REQUIRE(wait_until(shown), "is not pending", 0);
    write32(frame + GICD_ICPENDR, bit);
    GUEST_REQUIRE(wait_until(not_shown), "is still pending", 0);
    write32(frame + GICD_ISPENDR, bit);
    GUEST_REQUIRE(wait_until(shown), "is not pending again", 0);
    go_on.store(1);
    GUEST_REQUIRE(done(other()), "does not answer", other());
    GUEST_REQUIRE(wait_until([] { return taken(other()).sgi[some_sgi.value] == 1; }),
                  "was not taken", 0);
    GUEST_REQUIRE(wait_until(not_shown), "is pending at last", 0);
    return nothing_odd();
}

/** EOImode 1: another CPU has dropped its priority and not deactivated it. */
Outcome leave_active() {
    dropped.store(0);
    GUEST_REQUIRE(run_on_all(split), "does not answer", 0);
    set_script(drop_only);
    open_spi(spi_a, other());
    gic().set_pending(spi_a);
    GUEST_REQUIRE(wait_until([] { return dropped.load() == 1; }), "does not come", other());
    GUEST_REQUIRE(gic().is_active(spi_a), "is not active", 0);
    gic().set_pending(spi_a);
    pass_time(50);
    return expect(dropped == 1, "taken again while active", dropped);
}

/** Ended, the one that waits is taken; that one is ended the same way, and nothing is left. */
template <class End>
Outcome ends_it(End&& end) {
    end();
    GUEST_REQUIRE(wait_until([] { return dropped.load() == 2; }), "was not ended", dropped);
    GUEST_REQUIRE(gic().is_active(spi_a) && !gic().is_pending(spi_a), "the second", 0);
    end();
    GUEST_REQUIRE(!gic().is_active(spi_a), "still active", 0);
    pass_time(50);
    GUEST_REQUIRE(dropped == 2, "one too many", dropped);
    return nothing_odd();
}

Outcome cleared_from_elsewhere() {
    GUEST_TRY(leave_active());
    return ends_it([] { gic().clear_active(spi_a); });
}

Outcome deactivated_elsewhere() {
    if (!gic().is_v3() && !machine().under_baton && cpu_count() > 1) {
        return skipped("QEMU's own GICv2 has an active bit for each CPU");
    }
    GUEST_TRY(leave_active());
    return ends_it([] { gic().deactivate(Ack{spi_a.value}); });
}

/** ISACTIVER after ICACTIVER: active again, and it keeps what is pending from being taken. */
Outcome made_active() {
    GUEST_TRY(leave_active());
    gic().clear_pending(spi_a);
    gic().clear_active(spi_a);
    GUEST_REQUIRE(!gic().is_active(spi_a), "ICACTIVER", 0);
    write_distributor(GICD_ISACTIVER, spi_a);
    GUEST_REQUIRE(gic().is_active(spi_a), "ISACTIVER after ICACTIVER", 0);
    gic().set_pending(spi_a);
    pass_time(50);
    GUEST_REQUIRE(dropped == 1, "taken while active", dropped);
    GUEST_REQUIRE(gic().is_pending(spi_a), "is not pending", 0);
    return ends_it([] { gic().clear_active(spi_a); });
}

constexpr Check all[] = {
    {"state.truth", truth},
    {"state.private-truth", private_truth},
    {"state.cleared-from-elsewhere", cleared_from_elsewhere},
    {"state.deactivated-elsewhere", deactivated_elsewhere},
    {"state.made-active", made_active},
};

} // namespace

std::span<const Check> state_checks() {
    return all;
}

} // namespace guest::smp
