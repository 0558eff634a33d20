// SPDX-License-Identifier: Apache-2.0
// What can happen next to a Machine: the alphabet of the random walks and of the exploration. Each
// step is one thing that the guest, EL2 or the world does; the exit that a physical interrupt
// causes is a step of its own, for on hardware it may come a few instructions late.
#pragma once

#include "tests/unit/vgic/machine.hpp"

#include <array>
#include <string>
#include <vector>

namespace hyp::test {

// clang-format off
enum class Step : u8 {
    interrupt, acknowledge, end_last, end_first, line_up, line_down, hvc,
    timer_off, timer_on, mask, unmask, sgi, sgi_from_1, spi, edge, mark,
    groups_off, groups_on, urgent, normal, sgi_off, sgi_on, deliver_0, deliver_1, deliver_2,
    count,
};
inline constexpr std::array<const char*, static_cast<usize>(Step::count)> step_names{
    "interrupt", "acknowledge", "end-last", "end-first", "line-up", "line-down", "hvc",
    "timer-off", "timer-on", "mask", "unmask", "sgi", "sgi-from-1", "spi", "edge", "mark",
    "groups-off", "groups-on", "urgent", "normal", "sgi-off", "sgi-on", "deliver-0", "deliver-1",
    "deliver-2",
};
// clang-format on

class Steps {
public:
    constexpr Steps() = default;
    template <class... S>
    constexpr explicit Steps(S... steps)
        : bits_{((1U << static_cast<unsigned>(steps)) | ... | 0U)} {}
    [[nodiscard]] constexpr bool has(Step step) const {
        return (bits_ >> static_cast<unsigned>(step) & 1U) != 0;
    }
    [[nodiscard]] constexpr Steps operator|(Steps other) const {
        Steps both;
        both.bits_ = bits_ | other.bits_;
        return both;
    }

private:
    u32 bits_ = 0;
};

inline constexpr Steps basic{Step::interrupt, Step::acknowledge, Step::end_last,
                             Step::line_up,   Step::line_down,   Step::hvc,
                             Step::deliver_0, Step::deliver_1,   Step::deliver_2};
inline constexpr Steps dir_order{Step::end_first};
inline constexpr Steps enabling{Step::timer_off, Step::timer_on};
inline constexpr Steps masking{Step::mask, Step::unmask};
inline constexpr Steps sgis{Step::sgi, Step::sgi_from_1, Step::sgi_off, Step::sgi_on};
inline constexpr Steps one_sgi{Step::sgi};
inline constexpr Steps spis{Step::spi};
inline constexpr Steps edges{Step::edge};
inline constexpr Steps marking{Step::mark};
inline constexpr Steps grouping{Step::groups_off, Step::groups_on};
inline constexpr Steps priorities{Step::urgent, Step::normal};
inline constexpr Steps everything =
    basic | dir_order | enabling | masking | sgis | spis | edges | marking | grouping | priorities;

// Would this step change anything? Steps that cannot are left out.
template <class M>
[[nodiscard]] bool can(const M& m, Step step) {
    const bool on = m.irqs.is_eligible(VIntid{timer});
    const bool arrived = m.gic.line(0, timer) == m.timer_line(); // no change of it is under way
    switch (step) {
    case Step::interrupt: return m.pending_exit();
    case Step::acknowledge: return m.guest_signalled() && m.ghost.taken_count < Ghost::max_taken;
    case Step::end_last: return m.ghost.taken_count != 0;
    case Step::end_first:
        return m.setup.eoi_mode && m.ghost.taken_count > 1 && m.ghost.taken[0].dropped;
    case Step::line_up: return !m.timer_line() && arrived;
    case Step::line_down: return m.timer_line() && arrived;
    case Step::timer_off: return (m.irqs.enabled_word(0) >> timer & 1U) != 0;
    case Step::timer_on: return (m.irqs.enabled_word(0) >> timer & 1U) == 0;
    case Step::sgi_off:
        return m.irqs.caps().generation == GicGeneration::v3 &&
               (m.irqs.enabled_word(0) >> self_sgi & 1U) != 0;
    case Step::sgi_on: return (m.irqs.enabled_word(0) >> self_sgi & 1U) == 0;
    case Step::mask: return !m.masked;
    case Step::unmask: return m.masked;
    case Step::sgi_from_1: return m.irqs.caps().generation == GicGeneration::v2;
    case Step::mark: return on && m.gic.line(0, timer) && !m.gic.active(0, timer);
    case Step::groups_off: return m.irqs.group_enables() != 0;
    case Step::groups_on: return m.irqs.group_enables() == 0;
    case Step::urgent: return m.irqs.priority(VIntid{timer}) != 0x80;
    case Step::normal: return m.irqs.priority(VIntid{timer}) == 0x80;
    case Step::deliver_0: return m.gic.deliverable() > 0;
    case Step::deliver_1: return m.gic.deliverable() > 1;
    case Step::deliver_2: return m.gic.deliverable() > 2;
    case Step::edge: return m.gic.deliverable() == 0;
    case Step::hvc:
    case Step::sgi:
    case Step::spi: return true;
    case Step::count: break;
    }
    return false;
}

template <class M>
void trapped(M& m, Step step) {
    m.trap([step](VcpuIrqs& v) {
        constexpr u32 timer_bit = 1U << timer;
        constexpr u32 sgi_bit = 1U << self_sgi;
        switch (step) {
        case Step::timer_off: v.guest_disable(0, timer_bit); break;
        case Step::timer_on: v.guest_enable(0, timer_bit); break;
        case Step::sgi_off: v.guest_disable(0, sgi_bit); break;
        case Step::sgi_on: v.guest_enable(0, sgi_bit); break;
        case Step::groups_off: v.set_group_enables(0); break;
        case Step::groups_on: v.set_group_enables(3); break;
        case Step::urgent: v.guest_set_priority(VIntid{timer}, 0x80); break;
        case Step::normal: v.guest_set_priority(VIntid{timer}, 0xa0); break;
        default: break;
        }
    });
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
    switch (step) {
    case Step::interrupt: m.interrupt(); break;
    case Step::acknowledge: static_cast<void>(m.acknowledge()); break;
    case Step::end_last: m.end(last_to_end(m)); break;
    case Step::end_first: m.end(0); break;
    case Step::line_up: m.line(timer, true); break;
    case Step::line_down: m.line(timer, false); break;
    case Step::mask: m.set_pmr(0); break;
    case Step::unmask: m.set_pmr(0xf0); break;
    case Step::sgi: m.raise_sgi(self_sgi, 0); break;
    case Step::sgi_from_1: m.raise_sgi(self_sgi, 1); break;
    case Step::spi: m.raise_spi(); break;
    case Step::edge: pulse_disk(m); break;
    case Step::mark: m.mark_timer(); break;
    case Step::deliver_0: m.deliver(0); break;
    case Step::deliver_1: m.deliver(1); break;
    case Step::deliver_2: m.deliver(2); break;
    case Step::hvc:
    case Step::timer_off:
    case Step::timer_on:
    case Step::sgi_off:
    case Step::sgi_on:
    case Step::groups_off:
    case Step::groups_on:
    case Step::urgent:
    case Step::normal: trapped(m, step); break;
    case Step::count: break;
    }
}

[[nodiscard]] inline std::string to_text(const std::vector<Step>& walk) {
    std::string text;
    for (const Step step : walk) {
        text += step_names[static_cast<usize>(step)];
        text += ' ';
    }
    return text;
}

// What a walk or an exploration found.
struct Report {
    std::string failure = "good"; // or the name of the check
    std::vector<Step> walk;
    u64 states = 0;
    u64 transitions = 0;
    bool fixed_point = false;
    u64 fast_ticks = 0;
    u64 exits = 0;
};

} // namespace hyp::test
