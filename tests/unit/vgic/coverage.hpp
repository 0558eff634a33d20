// SPDX-License-Identifier: Apache-2.0
// What explorations and walks have been through: for each kind of interrupt, where it was when what
// happened. Pairs that cannot be are listed with the reason; every other pair must have been reached,
// and none of those (tests/unit/vgic/coverage.cpp and tests/soak print and check it).
#pragma once

#include "tests/unit/vgic/steps.hpp"

#include <array>
#include <cstdio>

namespace hyp::test {

// Where an interrupt is: its delivery word, and what the list registers say of it.
enum class Place : u8 {
    free,
    pending, // outside, by software
    owed,
    listed_pending,
    listed_active,
    listed_both,
    waiting_again, // listed, and pending outside
    spilled,
    spilled_again,
    by_software, // held, and EL2 will end the physical one
    count,
};
inline constexpr usize place_kinds = static_cast<usize>(Place::count);
inline constexpr std::array<const char*, place_kinds> place_names{
    "free",          "pending", "owed",           "P",          "A", "P+A",
    "listed, again", "spilled", "spilled, again", "by software"};

enum class Source : u8 { sgi_v2, sgi_v3, ppi_level, spi_edge, spi_level, edge, level, count };
inline constexpr usize source_kinds = static_cast<usize>(Source::count);
inline constexpr std::array<const char*, source_kinds> source_names{
    "SGI, GICv2",     "SGI, GICv3",          "PPI, level, HW",      "SPI, edge, HW",
    "SPI, level, HW", "SPI, edge, software", "SPI, level, software"};
inline constexpr std::array<u32, source_kinds> source_intids{self_sgi, self_sgi, timer,     disk,
                                                             uart,     soft_spi, soft_level};

// What happens, as seen from one interrupt.
enum class Happening : u8 {
    own_source,
    own_end_of_line,
    taken,
    ended,
    other_taken,
    other_ended,
    physical,
    exit,
    disabled,
    enabled,
    pended,
    unpended,
    activated,
    deactivated,
    routed_away,
    routed_back,
    regrouped,
    retriggered,
    reprioritized,
    marked,
    all_groups_off,
    all_groups_on,
    count,
};
inline constexpr usize happening_kinds = static_cast<usize>(Happening::count);
inline constexpr std::array<const char*, happening_kinds> happening_names{"source",
                                                                          "line falls",
                                                                          "acknowledged",
                                                                          "ended",
                                                                          "another acknowledged",
                                                                          "another ended",
                                                                          "physical interrupt",
                                                                          "exit",
                                                                          "disabled",
                                                                          "enabled",
                                                                          "ISPENDR",
                                                                          "ICPENDR",
                                                                          "ISACTIVER",
                                                                          "ICACTIVER",
                                                                          "routed away",
                                                                          "routed back",
                                                                          "group",
                                                                          "trigger",
                                                                          "priority",
                                                                          "software mark",
                                                                          "groups off",
                                                                          "groups on"};

class Coverage {
public:
    template <class M>
    void note(const M& m, Step step) {
        if (m.setup.lawless || m.setup.survives) {
            return; // the guest ends what never began; what has ended looks active
        }
        const bool is_v2 = m.irqs.caps().generation == GicGeneration::v2;
        for (u8 s = 0; s < source_kinds; ++s) {
            const Source source = static_cast<Source>(s);
            if (source == (is_v2 ? Source::sgi_v3 : Source::sgi_v2)) {
                continue;
            }
            const Happening what = happening(m, step, source_intids[s]);
            if (what != Happening::count) {
                ++seen_[s][static_cast<usize>(place_of(m, source_intids[s]))]
                       [static_cast<usize>(what)];
            }
        }
    }
    void add(const Coverage& other) {
        for (usize s = 0; s < source_kinds; ++s) {
            for (usize p = 0; p < place_kinds; ++p) {
                for (usize h = 0; h < happening_kinds; ++h) {
                    seen_[s][p][h] += other.seen_[s][p][h];
                }
            }
        }
    }
    [[nodiscard]] u64 seen(Source s, Place p, Happening h) const {
        return seen_[static_cast<usize>(s)][static_cast<usize>(p)][static_cast<usize>(h)];
    }

private:
    template <class M>
    [[nodiscard]] static Place place_of(const M& m, u32 intid) {
        const VIntid vintid{intid};
        const Delivery word = m.irqs.at(vintid);
        if (word.template get<Delivery::BySoftware>()) {
            return Place::by_software;
        }
        const LrState listed = m.listed_state(intid);
        if (m.irqs.is_spilled(vintid)) {
            return word.is_pending() ? Place::spilled_again : Place::spilled;
        }
        switch (listed) {
        case LrState::pending:
            return word.is_pending() ? Place::waiting_again : Place::listed_pending;
        case LrState::active:
            return word.is_pending() ? Place::waiting_again : Place::listed_active;
        case LrState::pending_active: return Place::listed_both;
        case LrState::invalid: break;
        }
        if (word.template get<Delivery::Owed>()) {
            return Place::owed;
        }
        return word.is_pending() && !word.is_held() ? Place::pending : Place::free;
    }

    template <class M>
    [[nodiscard]] static Happening happening(const M& m, Step step, u32 intid);

    std::array<std::array<std::array<u64, happening_kinds>, place_kinds>, source_kinds> seen_{};
};

template <class M>
Happening Coverage::happening(const M& m, Step step, u32 intid) {
    if (const RegisterStep access = register_step(step); access.write != Write::none) {
        constexpr std::array<Happening, 7> by_write{
            Happening::count,    Happening::disabled,  Happening::enabled,    Happening::pended,
            Happening::unpended, Happening::activated, Happening::deactivated};
        return access.intid == intid ? by_write[static_cast<usize>(access.write)] : Happening::exit;
    }
    const auto mine = [intid](u32 other, Happening what, Happening else_) {
        return intid == other ? what : else_;
    };
    const bool routed = intid == disk || intid == uart || intid == soft_spi || intid == soft_level;
    switch (step) {
    case Step::interrupt: return Happening::physical;
    case Step::acknowledge:
        return m.next_taken() == intid ? Happening::taken : Happening::other_taken;
    case Step::end_last:
    case Step::end_first: {
        const unsigned index = step == Step::end_first ? 0 : last_to_end(m);
        return (m.ghost.taken[index].iar & 0x3ffU) == intid ? Happening::ended
                                                            : Happening::other_ended;
    }
    case Step::line_up:
    case Step::mark:
    case Step::line_down:
    case Step::urgent:
    case Step::normal:
    case Step::group_0:
    case Step::group_1: {
        const Happening what = step == Step::line_up     ? Happening::own_source
                               : step == Step::line_down ? Happening::own_end_of_line
                               : step == Step::mark      ? Happening::marked
                               : step == Step::group_0 || step == Step::group_1
                                   ? Happening::regrouped
                                   : Happening::reprioritized;
        const bool is_exit = step != Step::line_up && step != Step::line_down;
        return mine(timer, what, is_exit ? Happening::exit : Happening::count);
    }
    case Step::uart_up: return mine(uart, Happening::own_source, Happening::count);
    case Step::uart_down: return mine(uart, Happening::own_end_of_line, Happening::count);
    case Step::soft_up: return mine(soft_level, Happening::own_source, Happening::exit);
    case Step::soft_down: return mine(soft_level, Happening::own_end_of_line, Happening::exit);
    case Step::sgi:
    case Step::sgi_from_1: return mine(self_sgi, Happening::own_source, Happening::exit);
    case Step::spi: return mine(soft_spi, Happening::own_source, Happening::exit);
    case Step::edge: return mine(disk, Happening::own_source, Happening::count);
    case Step::spi_level:
    case Step::spi_edge: return mine(soft_spi, Happening::retriggered, Happening::exit);
    case Step::route_away: return routed ? Happening::routed_away : Happening::exit;
    case Step::route_back: return routed ? Happening::routed_back : Happening::exit;
    case Step::groups_off: return Happening::all_groups_off;
    case Step::groups_on: return Happening::all_groups_on;
    case Step::hvc:
    case Step::second_sgi: return Happening::exit;
    default: return Happening::count;
    }
}

// Of this thread.
[[nodiscard]] inline Coverage& coverage() {
    static thread_local Coverage all;
    return all;
}

} // namespace hyp::test
