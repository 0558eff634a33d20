// SPDX-License-Identifier: Apache-2.0
// Which pairs of place and happening cannot be, and why; and the report of those that were reached.
// Every other pair must have been, and none of these.
#pragma once

#include "tests/unit/vgic/coverage.hpp"

#include <algorithm>
#include <vector>

namespace hyp::test {

// One reason: for these sources, places and happenings; an empty list stands for all.
struct Impossible {
    const char* why;
    std::vector<Source> of;
    std::vector<Place> at;
    std::vector<Happening> what;
};

[[nodiscard]] inline const std::vector<Impossible>& impossible() {
    using S = Source;
    using P = Place;
    using H = Happening;
    static const std::vector<Impossible> all{
        {"no step of the alphabet", {S::sgi_v2}, {}, {H::disabled, H::enabled}},
        {"no step of the alphabet",
         {S::sgi_v2, S::sgi_v3},
         {},
         {H::own_end_of_line, H::pended, H::unpended, H::activated, H::deactivated, H::routed_away,
          H::routed_back}},
        {"no step of the alphabet",
         {S::sgi_v2, S::sgi_v3, S::spi_edge, S::spi_level, S::edge, S::level},
         {},
         {H::regrouped, H::reprioritized, H::marked}},
        {"no step of the alphabet",
         {S::sgi_v2, S::sgi_v3, S::ppi_level, S::spi_edge, S::spi_level, S::level},
         {},
         {H::retriggered}},
        {"no step of the alphabet", {S::spi_edge, S::edge}, {}, {H::own_end_of_line}},
        {"no step of the alphabet",
         {S::spi_level},
         {},
         {H::pended, H::unpended, H::activated, H::deactivated}},
        {"no step of the alphabet", {S::level}, {}, {H::activated, H::deactivated}},
        {"its source is ISPENDR", {S::edge}, {}, {H::pended}},
        {"a PPI is routed nowhere", {S::ppi_level}, {}, {H::routed_away, H::routed_back}},
        {"software's are never physically active",
         {S::sgi_v2, S::sgi_v3, S::edge, S::level},
         {P::owed, P::by_software},
         {}},
        {"a forwarded one waits in the distributor, never twice at EL2 (H1)",
         {S::ppi_level, S::spi_edge, S::spi_level},
         {P::pending, P::listed_both, P::waiting_again, P::spilled_again},
         {}},
        {"each sender's SGI has its own turn", {S::sgi_v2}, {P::listed_both}, {}},
        {"only by ISACTIVER, which the UART does not get", {S::spi_level}, {P::by_software}, {}},
        {"by software only while active, and ended by ICACTIVER",
         {S::spi_edge},
         {P::by_software},
         {H::taken, H::ended, H::activated}},
        {"only a list register in the pending state is acknowledged",
         {},
         {P::free, P::pending, P::owed, P::listed_active, P::listed_both, P::spilled,
          P::spilled_again},
         {H::taken}},
        {"what waits besides is latched, then, and merges with a pending one",
         {S::sgi_v3, S::edge},
         {P::waiting_again},
         {H::taken}},
        {"only what is active ends",
         {},
         {P::free, P::pending, P::owed, P::listed_pending},
         {H::ended, H::deactivated}},
        {"it is active already",
         {},
         {P::listed_active, P::listed_both, P::waiting_again, P::spilled, P::spilled_again},
         {H::activated}},
        {"what is listed as pending is enabled, routed here, and so is its group",
         {},
         {P::listed_pending, P::listed_both},
         {H::enabled, H::routed_back, H::all_groups_on}},
        {"its line is high while it is pending by it, and so it waits again",
         {S::level},
         {P::listed_pending, P::listed_active, P::spilled},
         {H::own_end_of_line}},
        {"marked only while physically not active",
         {},
         {P::owed, P::listed_pending, P::spilled, P::listed_active},
         {H::marked}},
        {"not while the guest has it", {S::ppi_level}, {P::listed_active}, {H::regrouped}},
        {"a disabled level is not held physically active", {S::spi_level}, {P::owed}, {H::enabled}},
    };
    return all;
}

namespace detail {

template <class E>
[[nodiscard]] bool is_among(const std::vector<E>& some, E one) {
    return some.empty() || std::find(some.begin(), some.end(), one) != some.end();
}

} // namespace detail

[[nodiscard]] inline const char* reason_against(Source source, Place place, Happening what) {
    for (const Impossible& one : impossible()) {
        if (detail::is_among(one.of, source) && detail::is_among(one.at, place) &&
            detail::is_among(one.what, what)) {
            return one.why;
        }
    }
    return nullptr;
}

// Prints what was reached, and each pair that is not as it should be. True: all are.
[[nodiscard]] inline bool report_coverage(const Coverage& reached) {
    unsigned wrong = 0;
    unsigned seen = 0;
    unsigned impossible_ones = 0;
    for (u8 s = 0; s < source_kinds; ++s) {
        for (u8 p = 0; p < place_kinds; ++p) {
            for (u8 h = 0; h < happening_kinds; ++h) {
                const Source source = static_cast<Source>(s);
                const Place place = static_cast<Place>(p);
                const Happening what = static_cast<Happening>(h);
                const bool was = reached.seen(source, place, what) != 0;
                const char* why = reason_against(source, place, what);
                seen += was ? 1U : 0U;
                impossible_ones += why != nullptr ? 1U : 0U;
                if (was == (why != nullptr)) {
                    ++wrong;
                    std::printf("coverage: %s; %s; %s: %s%s\n", source_names[s], place_names[p],
                                happening_names[h], was ? "reached, though " : "not reached",
                                was ? why : "");
                }
            }
        }
    }
    std::printf(
        "coverage: %u (place, event) pairs of %lu kinds of interrupt reached, %u cannot be, "
        "%u are not as they should be\n",
        seen, source_kinds, impossible_ones, wrong);
    return wrong == 0;
}

} // namespace hyp::test
