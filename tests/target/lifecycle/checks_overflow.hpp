// SPDX-License-Identifier: Apache-2.0
// T49 to T52: more interrupts than list registers, through the vGIC: order, spilled actives, nesting.
#pragma once

#include "tests/target/lifecycle/checks_spi.hpp"

#include <algorithm>

namespace hyp::lifecycle {

inline constexpr u32 flood = 64; // the first of the software SPIs

// List registers that the vGIC fills: the work-around wants no more than two.
template <class G>
[[nodiscard]] u32 used_lrs(const Bench<G>& b) {
    const u32 count = b.setting().caps.list_registers;
    return b.works_around() ? std::min(count, u32{2}) : count;
}

// The work-around's dummy (1000) may stay.
template <class G>
void expect_nothing_left(Bench<G>& b) {
    u32 listed = 0;
    for (unsigned n = 0; n < Registers::max_list_registers; ++n) {
        const bool empty = b.registers.state(n) == State::invalid;
        listed += !empty && b.registers.intid(n) != 1000 ? 1U : 0U;
    }
    b.expect("left: IAR", spurious, b.guest_iar());
    b.expect("left: exits", 0, b.visit(Step::spin, million / 100).exits);
    b.expect("left: vAPR", 0, b.registers.apr());
    b.expect("left: EISR", 0, b.registers.eisr());
    b.expect("left: MISR", 0, b.registers.misr());
    b.expect("left: list registers", 0, listed);
}

// `count` software SPIs from `flood` on, of one priority, all raised in one exit.
template <class G>
void raise_flood(Bench<G>& b, u32 count, u8 priority) {
    for (u32 n = 0; n < count; ++n) {
        b.forwarder.open(VIntid{flood + n}, Trigger::edge, priority);
    }
    b.forwarder.raise(flood, count);
}

// 'Fewer than two valid' refills all but one list register at a time. A single one, which asks for
// 'none pending' and gives way to what is pending, exits at each acknowledge and at each end.
[[nodiscard]] constexpr u32 exits_at_most(u32 count, u32 list_registers) {
    constexpr u32 first_and_last = 2;
    const u32 batch = list_registers - 1;
    return batch == 0 ? 2 * count : (count + batch - 1) / batch + first_and_last;
}

// Twenty at once, all priorities different, in no order: each once, the most urgent first.
template <class G>
void t49_twenty_at_once(Bench<G>& b) {
    constexpr u32 count = 20;
    b.start();
    iar_log = {};
    for (u32 n = 0; n < count; ++n) {
        const u32 rank = n * 7 % count;
        b.forwarder.open(VIntid{flood + n}, Trigger::edge, static_cast<u8>(8 + 8 * rank));
    }
    b.forwarder.raise(flood, count);
    const Visit drained = b.visit(Step::drain);
    b.expect("delivered", count, drained.value);
    for (u32 rank = 0; rank < count; ++rank) {
        b.expect("in order", flood + rank * 3 % count, iar_log[rank]); // 3 * 7 = 1 modulo 20
    }
    const u32 bound = exits_at_most(count, used_lrs(b));
    b.note("maintenance exits", drained.exits);
    b.expect("exits within bound", 1, drained.exits <= bound ? 1 : 0);
    b.expect("all maintenance", drained.exits, b.forwarder.acks.maintenance);
    for (unsigned n = last_lr(b) + 1; n < Registers::max_list_registers; ++n) {
        b.expect("LR beyond the clamp", 0, b.registers.lr(n));
    }
    expect_nothing_left(b);
}

// An SPI that the guest has in service gives its list register to what is pending.
template <class G>
void spill_spi(Bench<G>& b, u8 priority_of_others, u64 eoi_mode = 0) {
    Uart::quiet();
    b.start(eoi_mode);
    b.forwarder.open(VIntid{edge_spi}, Trigger::edge);
    b.registers.set_pending(edge_spi);
    list_spi(b, edge_spi, 0);
    if (eoi_mode != 0) {
        (void)b.visit(Step::end, edge_spi);
    }
    raise_flood(b, Registers::max_list_registers, priority_of_others);
    b.expect("spilled", Registers::max_list_registers, b.registers.find(edge_spi));
    expect_spi(b, edge_spi, 0, 1, 0);
}

// Ended while outside: EOIcount tells, and EL2 deactivates.
template <class G>
void ended_while_spilled(Bench<G>& b) {
    spill_spi(b, 0xc0);
    const Visit ended = b.visit(Step::end, edge_spi);
    b.expect("A after the end", 0, b.registers.active(edge_spi));
    b.expect("exits", 1, ended.exits);
    b.expect("EOIcount", 0, b.registers.eoi_count());
    b.expect("others delivered", 4, b.visit(Step::drain).value);
    expect_nothing_left(b);
    b.registers.set_pending(edge_spi);
    list_spi(b, edge_spi, 0);
}

// Those that took its place are more urgent and end first: it is back, or counted, when it ends.
template <class G>
void brought_back(Bench<G>& b) {
    spill_spi(b, 0x40);
    b.expect("others delivered", 4, b.visit(Step::drain).value);
    expect_spi(b, edge_spi, 0, 1, 0);
    b.expect_apr(apr_active);
    if (last_lr(b) != 0) { // a single one exits at the ends only, not behind the last of them
        expect_listed(b, edge_spi, State::active);
    }
    (void)b.visit(Step::end, edge_spi);
    expect_spi_idle(b, edge_spi);
    expect_nothing_left(b);
}

// EOImode 1 on GICv3: while it is outside, DIR traps, and EL2 does what it says.
template <class G>
void deactivated_while_spilled(Bench<G>& b) {
    spill_spi(b, 0xc0, 1);
    const Visit trapped = b.trap(Step::deactivate, edge_spi);
    constexpr u64 rt_field = 0x1f << 5;
    b.expect("DIR's syndrome", 0x62323016, trapped.value & ~rt_field);
    expect_spi(b, edge_spi, 0, 1, 0);
    b.forwarder.on_deactivate(VIntid{static_cast<u32>(b.rt(trapped.value))});
    (void)b.skip();
    b.expect("A after DIR", 0, b.registers.active(edge_spi));
}

template <class G>
void t50_spilled_active(Bench<G>& b) {
    ended_while_spilled(b);
    brought_back(b);
    if (b.setting().caps.generation == GicGeneration::v3) {
        deactivated_while_spilled(b);
    }
}

// Each more urgent than the one in service, down to 0x20, and back. What is not more urgent waits.
template <class G>
void t51_nesting(Bench<G>& b) {
    constexpr u32 levels = 4;
    b.start();
    u64 apr = 0;
    for (u32 n = 0; n < levels; ++n) {
        const u8 priority = static_cast<u8>(0x80 - 0x20 * n);
        b.forwarder.open(VIntid{flood + n}, Trigger::edge, priority);
        b.forwarder.raise(flood + n, 1);
        b.expect("guest's IAR", flood + n, b.guest_iar());
        apr |= u64{1} << priority / 8;
        b.expect_apr(apr);
    }
    b.expect("four levels", 0x11110, apr);
    b.forwarder.open(VIntid{flood + levels}, Trigger::edge, 0x20);
    b.forwarder.raise(flood + levels, 1);
    b.expect("no preemption by an equal", spurious, b.guest_iar());
    for (u32 n = levels; n != 0; --n) {
        (void)b.visit(Step::end, flood + n - 1);
        apr &= apr - 1;
        b.expect_apr(apr);
        if (n == levels) {
            b.expect("then the equal", flood + levels, b.guest_iar());
            (void)b.visit(Step::end, flood + levels);
            b.expect_apr(apr);
        }
    }
    expect_nothing_left(b);
}

// Equal priorities, in which order? The architecture leaves it open. Hardware (QEMU's): the lowest
// list register first. The vGIC: what waits goes by INTID into the list registers, lowest first, but
// among those listed hardware's order holds; so only a single list register keeps the INTIDs'. The
// order is printed; that none is lost or doubled is checked.
template <class G>
void t52_equal_priorities(Bench<G>& b) {
    start_raw(b, hcr_en);
    const unsigned last = last_lr(b);
    for (unsigned n = 0; n <= last; ++n) {
        b.registers.set_lr(n, b.registers.word({.intid = 90 - 5 * n}));
    }
    b.expect("hardware's", last + 1, b.visit(Step::drain, 0, Irqs::hold).value);
    for (unsigned n = 0; n <= last; ++n) {
        b.expect("by list register", 90 - 5 * n, iar_log[n]);
    }
    constexpr u32 count = 8;
    b.start();
    raise_flood(b, count, 0xa0);
    b.expect("the vGIC's", count, b.visit(Step::drain).value);
    u32 seen = 0;
    for (u32 n = 0; n < count; ++n) {
        b.note("next", iar_log[n]);
        b.expect("by INTID", last_lr(b) == 0 ? flood + n : iar_log[n], iar_log[n]);
        seen |= 1U << (iar_log[n] - flood);
    }
    b.expect("each once", 0xff, seen);
    expect_nothing_left(b);
}

} // namespace hyp::lifecycle
