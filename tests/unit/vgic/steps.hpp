// SPDX-License-Identifier: Apache-2.0
// The steps of alphabet.hpp on a Machine: whether one would change anything, and what it does.
#pragma once

#include "tests/unit/vgic/alphabet.hpp"
#include "tests/unit/vgic/machine.hpp"

namespace hyp::test {

template <class M>
[[nodiscard]] bool can_write(const M& m, const RegisterStep& access) {
    const VIntid vintid{access.intid};
    const bool enabled = m.irqs.at(vintid).template get<Delivery::Enabled>();
    const bool is_v3 = m.irqs.caps().generation == GicGeneration::v3;
    switch (access.write) {
    case Write::disable: return enabled && (is_v3 || !vintid.is_sgi());
    case Write::enable: return !enabled;
    case Write::unpend: return true;
    // What makes the physical one active: a deactivation that is under way might arrive after it.
    case Write::pend: return access.intid != timer || m.gic.deliverable() == 0;
    case Write::activate:
        return m.setup.activates && !m.ghost.is_taken(access.intid) && m.gic.deliverable() == 0;
    // Of one that the guest has acknowledged, only where the ghost need not follow.
    case Write::deactivate:
        return (m.ghost.made_active >> access.intid & 1U) != 0 ||
               (m.setup.lawless && m.ghost.is_taken(access.intid));
    case Write::none: break;
    }
    return false;
}

// No change of the line is under way.
template <class M>
[[nodiscard]] bool can_move(const M& m, u32 intid, const LevelGhost& level, bool up) {
    return level.wanted != up && m.gic.line(0, intid) == level.wanted;
}

// Would this step change anything? Steps that cannot are left out.
template <class M>
[[nodiscard]] bool can(const M& m, Step step) {
    if (const RegisterStep access = register_step(step); access.write != Write::none) {
        return can_write(m, access);
    }
    const bool is_v3 = m.irqs.caps().generation == GicGeneration::v3;
    const Delivery clock = m.irqs.at(VIntid{timer});
    const Delivery spi = m.irqs.at(VIntid{soft_spi});
    switch (step) {
    case Step::interrupt: return m.pending_exit();
    case Step::acknowledge: return m.guest_signalled() && m.ghost.taken_count < Ghost::max_taken;
    case Step::end_last: return m.ghost.taken_count != 0;
    case Step::end_first:
        return m.setup.eoi_mode && m.ghost.taken_count > 1 && m.ghost.taken[0].dropped;
    case Step::line_up:
    case Step::line_down: return can_move(m, timer, m.ghost.timer, step == Step::line_up);
    case Step::uart_up:
    case Step::uart_down: return can_move(m, uart, m.ghost.uart, step == Step::uart_up);
    case Step::soft_up: return !m.ghost.soft.wanted;
    case Step::soft_down: return m.ghost.soft.wanted;
    case Step::mask: return !m.masked;
    case Step::unmask: return m.masked;
    case Step::sgi_from_1: return !is_v3;
    case Step::mark:
        return m.irqs.is_eligible(VIntid{timer}) && m.gic.line(0, timer) && !m.gic.active(0, timer);
    case Step::groups_off: return m.irqs.group_enables() != 0;
    case Step::groups_on: return m.irqs.group_enables() == 0;
    case Step::group_0: // an active one is ended by the registers of the group it came in
        return is_v3 && !m.ghost.is_taken(timer) &&
               clock.template get<Delivery::Grp>() == Group::group1;
    case Step::group_1:
        return is_v3 && !m.ghost.is_taken(timer) &&
               clock.template get<Delivery::Grp>() == Group::group0;
    case Step::urgent: return m.irqs.priority(VIntid{timer}) != 0x80;
    case Step::normal: return m.irqs.priority(VIntid{timer}) == 0x80;
    case Step::route_away: return spi.template get<Delivery::Target>() == 0;
    case Step::route_back: return spi.template get<Delivery::Target>() != 0;
    case Step::spi_level: return !spi.is_level();
    case Step::spi_edge: return spi.is_level();
    case Step::deliver_0: return m.gic.deliverable() > 0;
    case Step::deliver_1: return m.gic.deliverable() > 1;
    case Step::deliver_2: return m.gic.deliverable() > 2;
    case Step::edge: return m.gic.deliverable() == 0;
    default: return step != Step::count; // hvc, sgi, second_sgi, spi
    }
}

template <class M>
void write(M& m, const RegisterStep& access) {
    const VIntid vintid{access.intid};
    const unsigned word = access.intid / 32;
    const u32 bit = IntidSet::bit(vintid);
    const bool on = access.write == Write::enable;
    switch (access.write) {
    case Write::disable:
    case Write::enable:
        if (vintid.is_spi()) {
            m.enable_spi(access.intid, on);
        } else {
            m.trap(
                [&](VcpuIrqs& v) { on ? v.guest_enable(word, bit) : v.guest_disable(word, bit); });
        }
        return;
    case Write::pend: m.set_pending(access.intid); return;
    case Write::unpend: m.clear_pending(access.intid); return;
    case Write::activate: m.set_active(access.intid); return;
    case Write::deactivate: m.clear_active(access.intid); return;
    case Write::none: return;
    }
}

// What a step does that is an exit and of which the ghost need not know.
inline void configure(VcpuIrqs& v, Step step) {
    constexpr u32 timer_bit = 1U << timer;
    constexpr u32 spi_bit = 1U << (soft_spi % 32);
    switch (step) {
    case Step::groups_off: v.set_group_enables(0); break;
    case Step::groups_on: v.set_group_enables(3); break;
    case Step::urgent: v.guest_set_priority(VIntid{timer}, 0x80); break;
    case Step::normal: v.guest_set_priority(VIntid{timer}, 0xa0); break;
    case Step::group_0: v.guest_set_group(0, v.group_word(0) & ~timer_bit); break;
    case Step::group_1: v.guest_set_group(0, v.group_word(0) | timer_bit); break;
    case Step::spi_level: v.guest_set_edge(1, 0, spi_bit); break;
    case Step::spi_edge: v.guest_set_edge(1, spi_bit, spi_bit); break;
    default: break; // hvc
    }
}

// EOImode 1: priorities are dropped in order, whatever the order of the deactivations.
template <class M>
[[nodiscard]] unsigned last_to_end(const M& m) {
    unsigned last = m.ghost.taken_count - 1U;
    while (m.setup.eoi_mode && last != 0 && m.ghost.taken[last].dropped &&
           !m.ghost.taken[last - 1].dropped) {
        --last;
    }
    return last;
}

template <class M>
void pulse_disk(M& m) {
    m.line(disk, true);
    m.line(disk, false);
}

template <class M>
void perform(M& m, Step step) {
    if (const RegisterStep access = register_step(step); access.write != Write::none) {
        write(m, access);
        return;
    }
    switch (step) {
    case Step::interrupt: m.interrupt(); break;
    case Step::acknowledge: static_cast<void>(m.acknowledge()); break;
    case Step::end_last: m.end(last_to_end(m)); break;
    case Step::end_first: m.end(0); break;
    case Step::line_up: m.line(timer, true); break;
    case Step::line_down: m.line(timer, false); break;
    case Step::uart_up: m.line(uart, true); break;
    case Step::uart_down: m.line(uart, false); break;
    case Step::soft_up: m.soft_line(true); break;
    case Step::soft_down: m.soft_line(false); break;
    case Step::mask: m.set_pmr(0); break;
    case Step::unmask: m.set_pmr(0xf0); break;
    case Step::sgi: m.raise_sgi(self_sgi, 0); break;
    case Step::second_sgi: m.raise_sgi(other_sgi, 0); break;
    case Step::sgi_from_1: m.raise_sgi(self_sgi, 1); break;
    case Step::spi: m.raise_spi(); break;
    case Step::edge: pulse_disk(m); break;
    case Step::mark: m.mark_timer(); break;
    case Step::route_away: m.route_spis(nobody); break;
    case Step::route_back: m.route_spis(VcpuIndex{0}); break;
    case Step::deliver_0: m.deliver(0); break;
    case Step::deliver_1: m.deliver(1); break;
    case Step::deliver_2: m.deliver(2); break;
    case Step::count: break;
    default: m.trap([step](VcpuIrqs& v) { configure(v, step); }); break;
    }
}

// What a walk or an exploration found.
struct Report {
    std::string failure = "good"; // or the name of the check
    std::vector<Step> walk;
    u64 states = 0;
    u64 transitions = 0;
    bool fixed_point = false;
    u64 fast_ticks = 0;
    u64 fast_devices = 0;
    u64 fast_traps = 0;
    u64 exits = 0;

    template <class M>
    void add(const M& machine) {
        fast_ticks += machine.fast_ticks;
        fast_devices += machine.fast_devices;
        fast_traps += machine.fast_traps;
        exits += machine.exits;
    }
};

} // namespace hyp::test
