// SPDX-License-Identifier: Apache-2.0
// Every state of small machines, each with the invariants H1 to H7, H13, H15, nothing lost, nothing
// stuck, and the fast paths equal to the slow one: some of explorations.hpp, with sanitizers.
#include "tests/unit/vgic/explorations.hpp"
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;

void explored(const Explorations& some) {
    for (const Exploration& one : some.all()) {
        const Report report = one.run(one.setup, one.steps);
        std::printf("explored %s: %lu states, %lu transitions\n", one.name.c_str(), report.states,
                    report.transitions);
        INFO(one.name << "; the walk: " << to_text(report.walk));
        CHECK(report.failure == "good");
        CHECK(report.fixed_point);
    }
}

} // namespace

TEST_CASE("every state: timer, SGI to self, enable, mask, software mark", "[vgic][explore]") {
    Explorations some;
    some.add<v3, 4>("timer and SGI", {}, timer_and_sgi);
    some.add<v2, 2>("timer and SGI", {}, timer_and_sgi);
    Setup split;
    split.eoi_mode = true;
    some.add<v3, 1>("timer and SGI", split, timer_and_sgi | dir_order);
    explored(some);
}

TEST_CASE("every state: an asynchronous distributor", "[vgic][explore]") {
    Explorations some;
    Setup asynchronous;
    asynchronous.timing = model::Timing::asynchronous;
    some.add<v3, 2>("timer, asynchronous", asynchronous, basic | enabling | masking | marking);
    explored(some);
}

TEST_CASE("every state: the GICv2 that does not look again", "[vgic][explore]") {
    Explorations some;
    some.add<v2, 4>("no second look", as_fault(), timer_and_sgi);
    some.add<v2, 1>("no second look", as_fault(), timer_and_sgi);
    explored(some);
}

TEST_CASE("every state: list registers that stay active", "[vgic][explore]") {
    Explorations some;
    Setup survives;
    survives.survives = true;
    some.add<v2, 2>("list registers stay active", survives, timer_and_sgi);
    explored(some);
}

TEST_CASE("every state: a software source's line, registers, routes", "[vgic][explore]") {
    Explorations some;
    some.add<v3, 1>("software line", {}, basic | soft_line | soft_pending);
    some.add<v2, 1>("software edge", {}, software_edge);
    some.add<v3, 2>("registers of the disk", {}, basic | edges | disk_pending);
    some.add<v2, 4>("ISPENDR of a level", {}, pended);
    explored(some);
}

TEST_CASE("every state: enables, groups, priorities, two senders", "[vgic][explore]") {
    Explorations some;
    some.add<v2, 2>("configuring", {}, configuring);
    some.add<v3, 4>("configuring", {}, configuring);
    explored(some);
}

TEST_CASE("every state: a level and an edge beside software", "[vgic][explore]") {
    Explorations some;
    some.add<v3, 1>("timer and disk", {}, timer_and_disk);
    some.add<v2, 4>("timer and disk", {}, basic | edges | spis);
    explored(some);
}
