// SPDX-License-Identifier: Apache-2.0
// T26 to T29, T32, T33: forwarded SPIs. The PL011's transmit interrupt is a level line that software
// can move; an edge comes by GICD_ISPENDR, and from the PL011's line with the SPI configured as edge.
#pragma once

#include "tests/target/lifecycle/checks_raw.hpp"

namespace hyp::lifecycle {

inline constexpr u64 request_count = 10'000;

// The guest has configured and enabled the SPI.
template <class G>
void open_spi(Bench<G>& b, u32 spi, Trigger trigger) {
    Uart::quiet();
    b.start();
    b.forwarder.open(VIntid{spi}, trigger);
    b.expect("enabled", 1, b.registers.enabled(spi));
    b.expect("edge", trigger == Trigger::edge ? 1 : 0, b.registers.is_edge(spi));
}

template <class G>
void expect_spi(Bench<G>& b, u32 spi, u64 pending, u64 active, u64 signalled) {
    b.expect("P", pending, b.registers.pending(spi));
    b.expect("A", active, b.registers.active(spi));
    b.expect("ISR.I", signalled, b.probe.signalled());
}

// The fault with one list register: no place for a second, so the interrupt is software's there and
// asks for maintenance.
template <class G>
[[nodiscard]] bool lists_hardware(const Bench<G>& b) {
    return !b.works_around() || b.setting().caps.list_registers > 1;
}

template <class G>
void expect_listed(Bench<G>& b, u32 spi, State state) {
    const unsigned n = b.registers.find(spi);
    b.expect("listed", 1, n <= last_lr(b) ? 1 : 0);
    const bool hardware = lists_hardware(b);
    b.expect(
        "LR",
        b.registers.word({.intid = spi, .state = state, .hardware = hardware, .eoi = !hardware}),
        b.registers.lr(n));
    b.expect("ELRSR", 0, b.registers.elrsr() >> n & 1);
}

// The work-around may keep its dummy where the SPI was.
template <class G>
void expect_spi_idle(Bench<G>& b, u32 spi) {
    expect_spi(b, spi, 0, 0, 0);
    b.expect("not listed", Registers::max_list_registers, b.registers.find(spi));
    b.expect_apr(0);
    b.expect("EISR", 0, b.registers.eisr());
    b.expect("no more exits", 0, b.visit(Step::spin, million / 100).exits);
    b.expect("guest's IAR when idle", spurious, b.guest_iar());
}

// From the line or edge to the list register, each step looked at. `latched`: IAR leaves P.
template <class G>
void list_spi(Bench<G>& b, u32 spi, u64 latched) {
    expect_stop(b, "IRQ exit", Stop::irq, b.visit(Step::nothing, 0, Irqs::hold));
    expect_spi(b, spi, 1, 0, 1);
    b.forwarder.sync();
    const Ack ack = b.forwarder.acknowledge();
    b.expect("IAR", spi, ack.raw());
    b.expect("P after IAR", latched, b.registers.pending(spi));
    b.expect("A after IAR", 1, b.registers.active(spi));
    b.forwarder.take(ack);
    b.forwarder.enter();
    expect_spi(b, spi, latched, 1, 0);
    expect_listed(b, spi, State::pending);
    (void)b.go_on();
    b.expect("guest's IAR", spi, b.guest_iar());
    expect_listed(b, spi, State::active);
    expect_spi(b, spi, latched, 1, 0);
}

// The guest ends it while it is pending once more: it comes again, once. At once; with the fault of
// QEMU's GICv2 when something makes the distributor look, which the work-around does in one exit.
template <class G>
void expect_comes_again(Bench<G>& b, u32 spi, u64 latched) {
    const u32 before = b.forwarder.acks.others;
    const Visit ended = b.visit(Step::end, spi, b.works_around() ? Irqs::forward : Irqs::hold);
    if (!b.works_around()) {
        const bool stuck = b.setting().no_reevaluation;
        expect_stop(b, "exit", stuck ? Stop::done : Stop::irq, ended);
        if (stuck) {
            expect_spi(b, spi, 1, 0, 0);
            b.expect("HPPIR before the poke", spurious, b.probe.hppir());
            b.forwarder.gic.poke();
        }
        expect_spi(b, spi, 1, 0, 1);
        b.expect("HPPIR", spi, b.probe.hppir());
        b.forwarder.on_irq();
        if (!stuck) {
            (void)b.go_on();
        }
    } else {
        // Software's interrupt is deactivated behind its maintenance interrupt, and then comes.
        b.expect("exits", lists_hardware(b) ? 1 : 2, ended.exits);
    }
    b.expect("interrupts", before + 1, b.forwarder.acks.others);
    expect_spi(b, spi, latched, 1, 0);
    b.expect("guest's IAR again", spi, b.guest_iar());
}

template <class G>
void t26_level_spi(Bench<G>& b) {
    open_spi(b, Uart::spi, Trigger::level);
    Uart::unmask();
    Uart::send();
    list_spi(b, Uart::spi, 1);
    Uart::drain();
    expect_spi(b, Uart::spi, 0, 1, 0);
    (void)b.visit(Step::end, Uart::spi);
    expect_spi_idle(b, Uart::spi);
    // A character sent after the device was served and before the end.
    Uart::send();
    list_spi(b, Uart::spi, 1);
    Uart::drain();
    Uart::send();
    expect_spi(b, Uart::spi, 1, 1, 0);
    expect_comes_again(b, Uart::spi, 1);
    Uart::drain();
    (void)b.visit(Step::end, Uart::spi);
    expect_spi_idle(b, Uart::spi);
    b.expect("interrupts in all", 3, b.forwarder.acks.others);
}

// `edges` of them while it is active make one more.
template <class G>
void edges_while_active(Bench<G>& b, unsigned edges) {
    open_spi(b, edge_spi, Trigger::edge);
    b.registers.set_pending(edge_spi);
    list_spi(b, edge_spi, 0);
    for (unsigned n = 0; n < edges; ++n) {
        b.registers.set_pending(edge_spi);
        expect_spi(b, edge_spi, 1, 1, 0);
    }
    if (edges != 0) {
        expect_comes_again(b, edge_spi, 0);
    }
    (void)b.visit(Step::end, edge_spi);
    expect_spi_idle(b, edge_spi);
    b.expect("interrupts", edges == 0 ? 1 : 2, b.forwarder.acks.others);
}

template <class G>
void t27_one_edge(Bench<G>& b) {
    edges_while_active(b, 1);
}

template <class G>
void t28_three_edges(Bench<G>& b) {
    edges_while_active(b, 3);
}

// None; nor does a line that stays high after its edge.
template <class G>
void t29_no_edge(Bench<G>& b) {
    edges_while_active(b, 0);
    open_spi(b, Uart::spi, Trigger::edge);
    Uart::send();
    Uart::unmask();
    list_spi(b, Uart::spi, 0);
    (void)b.visit(Step::end, Uart::spi);
    b.forwarder.gic.poke();
    expect_spi_idle(b, Uart::spi);
    b.expect("interrupts of one edge", 1, b.forwarder.acks.others);
    Uart::mask();
    expect_spi(b, Uart::spi, 0, 0, 0);
    Uart::unmask();
    list_spi(b, Uart::spi, 0);
    Uart::quiet();
    (void)b.visit(Step::end, Uart::spi);
    expect_spi_idle(b, Uart::spi);
}

// Disabled while active: it stays in its list register, its end deactivates, and what came meanwhile
// waits in the distributor for the enable.
template <class G>
void t32_disabled_while_active(Bench<G>& b) {
    open_spi(b, edge_spi, Trigger::edge);
    b.registers.set_pending(edge_spi);
    list_spi(b, edge_spi, 0);
    b.forwarder.set_enabled(VIntid{edge_spi}, Enable::off);
    b.expect("enabled", 0, b.registers.enabled(edge_spi));
    expect_spi(b, edge_spi, 0, 1, 0);
    expect_listed(b, edge_spi, State::active);
    b.call();
    expect_listed(b, edge_spi, State::active);
    (void)b.visit(Step::end, edge_spi);
    expect_spi_idle(b, edge_spi);
    b.registers.set_pending(edge_spi);
    expect_spi(b, edge_spi, 1, 0, 0);
    b.forwarder.set_enabled(VIntid{edge_spi}, Enable::on);
    list_spi(b, edge_spi, 0);
    (void)b.visit(Step::end, edge_spi);
    expect_spi_idle(b, edge_spi);
    b.expect("interrupts", 2, b.forwarder.acks.others);
}

// A device that tells of each of its requests by an edge: every one arrives, none twice.
template <class G>
void t33_requests(Bench<G>& b) {
    open_spi(b, Uart::spi, Trigger::edge);
    Uart::send();
    constexpr u32 limit = 4 * request_count;
    const Visit run = b.visit(Step::requests, request_count, Irqs::forward, limit);
    const TickCount completions{run.value};
    b.expect("completions", request_count, completions.received);
    b.expect("others", 0, completions.others);
    b.expect("interrupts", request_count, b.forwarder.acks.others);
    // With the work-around an end exits, too, and brings what came meanwhile along.
    const u64 halves = !b.works_around() ? 2 : lists_hardware(b) ? 3 : 4;
    b.expect("exits", halves * request_count / 2, run.exits);
    Uart::quiet();
    expect_spi_idle(b, Uart::spi);
}

} // namespace hyp::lifecycle
