// SPDX-License-Identifier: Apache-2.0
// Where each event of delivery.hpp leads an interrupt, as a table; and a software source's level.
#include "hyp/core/vgic/delivery.hpp"

#include <catch2/catch.hpp>

#include <array>

using namespace hyp;

namespace {

using D = Delivery;

// Where an interrupt is, that is enabled and sent to vCPU 0. 'Again': held, and pending besides.
enum class Where : u8 { idle, pending, held, again, physical, owed, listed };

[[nodiscard]] D word_at(Where where) {
    const bool hardware = where >= Where::physical;
    const D idle = fresh_delivery(VcpuIndex{0}, Group::group1, Trigger::edge)
                       .with<D::Enabled>(true)
                       .with<D::Hardware>(hardware);
    switch (where) {
    case Where::idle:
    case Where::physical: return idle;
    case Where::pending: return idle.with<D::Latch>(true);
    case Where::held:
    case Where::listed: return idle.with<D::Holder>(0);
    case Where::again: return idle.with<D::Holder>(0).with<D::Latch>(true);
    case Where::owed: return idle.with<D::Owed>(true);
    }
    return idle;
}

struct Row {
    Event event;
    std::array<Where, 7> to; // from each Where in order
};

} // namespace

TEST_CASE("delivery words: where each event leads", "[vgic][delivery]") {
    using enum Where;
    // clang-format off
    constexpr std::array<Row, 13> table{{
        //                      idle     pending  held     again    physical  owed      listed
        {Event::enable,       {{idle,    pending, held,    again,   physical, owed,     listed}}},
        {Event::raise,        {{pending, pending, again,   again,   physical, owed,     listed}}},
        {Event::clear,        {{idle,    idle,    held,    held,    physical, owed,     listed}}},
        {Event::merge,        {{idle,    idle,    held,    held,    physical, owed,     listed}}},
        {Event::line_up,      {{idle,    pending, held,    again,   physical, owed,     listed}}},
        {Event::acknowledge,  {{idle,    pending, held,    again,   owed,     owed,     owed}}},
        {Event::disown,       {{idle,    pending, held,    again,   physical, physical, listed}}},
        {Event::claim,        {{idle,    held,    held,    again,   physical, listed,   listed}}},
        {Event::hold,         {{held,    again,   held,    again,   listed,   listed,   listed}}},
        {Event::put_back,     {{idle,    pending, pending, pending, physical, owed,     owed}}},
        {Event::release,      {{idle,    pending, idle,    pending, physical, owed,     physical}}},
        {Event::unforce,      {{idle,    pending, held,    again,   physical, owed,     listed}}},
        {Event::to_group1,    {{idle,    pending, held,    again,   physical, owed,     listed}}},
    }};
    // clang-format on
    for (const Row& row : table) {
        for (u8 from = 0; from < row.to.size(); ++from) {
            const D after = next(word_at(static_cast<Where>(from)), row.event, 0);
            INFO("event " << static_cast<unsigned>(row.event) << " from place " << unsigned{from});
            // An edge's line is noted and does nothing.
            CHECK(after.with<D::Line>(false) == word_at(row.to[from]));
        }
    }
}

TEST_CASE("delivery words: a level of software's, latched and by its line", "[vgic][delivery]") {
    const D idle =
        fresh_delivery(VcpuIndex{0}, Group::group1, Trigger::level).with<D::Enabled>(true);
    const D high = next(idle, Event::line_up);
    CHECK(high.is_pending());
    CHECK_FALSE(next(high, Event::line_down).is_pending());
    CHECK_FALSE(next(high, Event::to_edge).is_pending());
    // ISPENDR: it stays without its line, in the list register and back.
    const D both = next(high, Event::raise);
    const D listed = next(both, Event::claim, 0);
    CHECK(listed.get<D::Forced>());
    const D fallen = next(listed, Event::line_down);
    CHECK(next(fallen, Event::put_back, 0).get<D::Latch>());
    CHECK_FALSE(next(fallen, Event::put_back, 0).get<D::Forced>());
    // ICPENDR: the line alone remains.
    CHECK_FALSE(next(both, Event::clear).get<D::Latch>());
    CHECK(next(both, Event::clear).is_pending());
    // Of a forwarded one nothing but an acknowledge makes it pending.
    const D forwarded = idle.with<D::Hardware>(true);
    CHECK(next(forwarded, Event::line_up) == forwarded);
    CHECK(next(forwarded, Event::raise) == forwarded);
}
