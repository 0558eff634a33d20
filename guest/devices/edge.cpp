// SPDX-License-Identifier: Apache-2.0
// An edge-triggered SPI without any device, an empty virtio slot's by default, made pending by
// GICD_ISPENDR. IHI 0048B and IHI 0069: an edge while active is remembered, once.

#include "checks.hpp"
#include "find.hpp"
#include "switchboard.hpp"

namespace guest {
namespace {

/** What the handler does with the first interrupt, and what it saw. */
struct Script {
    unsigned edges_while_active;
    bool disable;
    Wire wire;
};

struct Seen {
    volatile bool active;         // after acknowledge
    volatile bool pending;        // after acknowledge
    volatile bool pending_again;  // after the edges while active
    volatile bool offered_again;  // HPPIR named it although it was active
    volatile bool active_dropped; // EOImode 1: EOIR alone deactivated it
};

constinit Script script{};
constinit Seen seen{};
constinit Wire given{};

/** The SPI of an empty virtio slot, unless the command line names another. */
Wire spare_wire() {
    return given.intid != Intid{0} ? given : find_virtio(VirtioKind::none).wire;
}

/** EOImode 1: priority drop, a look, deactivation. */
void end_in_two(Ack ack) {
    dsb();
    gic().end(ack);
    seen.active_dropped = !gic().is_active(script.wire.intid);
    seen.offered_again = gic().highest_pending() == script.wire.intid;
    gic().deactivate(ack);
}

After first_interrupt() {
    const Intid intid = script.wire.intid;
    seen.active = gic().is_active(intid);
    seen.pending = gic().is_pending(intid);
    for (unsigned i = 0; i < script.edges_while_active; ++i) {
        gic().set_pending(intid);
    }
    seen.pending_again = gic().is_pending(intid);
    seen.offered_again = gic().highest_pending() == intid;
    if (script.disable) {
        gic().disable(intid);
    }
    return After::end_it;
}

After on_irq(Ack) {
    return taken(script.wire.intid) == 1 ? first_interrupt() : After::end_it;
}

After on_irq_split(Ack ack) {
    if (taken(script.wire.intid) == 1) {
        (void)first_interrupt();
    }
    end_in_two(ack);
    return After::ended;
}

/** Makes the empty slot's interrupt ready and pending, and takes what comes. */
Outcome provoke(unsigned edges_before, unsigned edges_while_active, EoiMode mode, bool disable) {
    const Wire wire = spare_wire();
    GUEST_REQUIRE(wire.intid != Intid{0}, "no empty virtio slot in the device tree", 0);
    GUEST_REQUIRE(wire.trigger == Trigger::edge, "not an edge", wire.intid.value);
    script = Script{edges_while_active, disable, wire};
    connect_spi(wire, mode == EoiMode::split ? on_irq_split : on_irq);
    GUEST_REQUIRE(gic().trigger(wire.intid) == wire.trigger, "GICD_ICFGR reads", 0);
    begin_check(mode);
    for (unsigned i = 0; i < edges_before; ++i) {
        gic().set_pending(wire.intid);
    }
    GUEST_REQUIRE(gic().is_pending(wire.intid), "GICD_ISPENDR does not show it", 0);
    GUEST_REQUIRE(serve_until([&wire] { return taken(wire.intid) != 0; }), "never came", 0);
    serve_rest();
    GUEST_REQUIRE(seen.active && !seen.pending, "acknowledge: active, pending",
                  (seen.active ? 2 : 0) + (seen.pending ? 1 : 0));
    GUEST_REQUIRE(seen.pending_again == (edges_while_active != 0), "pending while active",
                  seen.pending_again);
    GUEST_REQUIRE(!seen.offered_again, "offered again while active", 1);
    return passed;
}

Outcome edges(unsigned before, unsigned while_active, EoiMode mode) {
    GUEST_REQUIRE_PASS(provoke(before, while_active, mode, false));
    const std::uint64_t expected = while_active == 0 ? 1 : 2;
    const std::uint64_t count = taken(script.wire.intid);
    GUEST_REQUIRE(count == expected, "wrong number of interrupts", count);
    GUEST_REQUIRE(mode == EoiMode::joint || !seen.active_dropped, "EOIR alone deactivated", 1);
    return end_check();
}

/** Disabled while active, then ended: an edge before or after the end waits for the enable. */
Outcome disabled(unsigned edges_before_end, EoiMode mode) {
    GUEST_REQUIRE_PASS(provoke(1, edges_before_end, mode, true));
    const Intid intid = script.wire.intid;
    GUEST_REQUIRE(!gic().is_enabled(intid), "GICD_ICENABLER does not disable", 0);
    GUEST_REQUIRE(!gic().is_active(intid), "the end of a disabled interrupt left it active", 1);
    gic().set_pending(intid);
    serve_rest();
    GUEST_REQUIRE(taken(intid) == 1, "taken while disabled", taken(intid));
    gic().enable(intid);
    GUEST_REQUIRE(serve_until([intid] { return taken(intid) == 2; }),
                  "the interrupt after the enable was lost", taken(intid));
    GUEST_REQUIRE_PASS(end_check());
    return expect(taken(intid) == 2, "wrong number of interrupts", taken(intid));
}

/** GICD_ICPENDR takes an edge back before anyone acknowledged it. */
Outcome taken_back() {
    const Wire wire = spare_wire();
    GUEST_REQUIRE(wire.intid != Intid{0}, "no empty virtio slot in the device tree", 0);
    script = Script{0, false, wire};
    connect_spi(wire, on_irq);
    begin_check();
    gic().set_pending(wire.intid);
    gic().clear_pending(wire.intid);
    serve_rest();
    GUEST_REQUIRE(taken(wire.intid) == 0, "taken", taken(wire.intid));
    gic().set_pending(wire.intid);
    GUEST_REQUIRE(serve_until([&wire] { return taken(wire.intid) == 1; }), "lost", 0);
    return end_check();
}

constexpr Check all[] = {
    {"T27", [] { return edges(1, 1, EoiMode::joint); }},
    {"T28", [] { return edges(1, 3, EoiMode::joint); }},
    {"T28-pending", [] { return edges(3, 0, EoiMode::joint); }},
    {"T29", [] { return edges(1, 0, EoiMode::joint); }},
    {"T27-split", [] { return edges(1, 1, EoiMode::split); }},
    {"T28-split", [] { return edges(1, 3, EoiMode::split); }},
    {"T29-split", [] { return edges(1, 0, EoiMode::split); }},
    {"T32", [] { return disabled(0, EoiMode::joint); }},
    {"T32-edge", [] { return disabled(1, EoiMode::joint); }},
    {"T32-split", [] { return disabled(1, EoiMode::split); }},
    {"T29-taken-back", taken_back},
};

} // namespace

void use_spi(Intid intid) {
    given = Wire{intid, Trigger::edge};
}

std::span<const Check> edge_checks() {
    return all;
}

} // namespace guest
