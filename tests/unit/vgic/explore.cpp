// SPDX-License-Identifier: Apache-2.0
// Every state of small machines, each with the invariants H1 to H7, H13, H15, nothing lost, nothing
// stuck, and the fast path equal to the slow one. Sizes are printed.
#include "tests/unit/vgic/explore.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;

constexpr Setup plain() {
    Setup setup;
    setup.fast = true;
    return setup;
}
constexpr Setup asynchronous() {
    Setup setup = plain();
    setup.timing = model::Timing::asynchronous;
    return setup;
}
constexpr Setup qemu_v2() {
    Setup setup = plain();
    setup.stale = true;
    setup.workaround = true;
    return setup;
}
constexpr Setup older_document() {
    Setup setup = plain();
    setup.survives = true;
    return setup;
}
constexpr Setup split_eoi() {
    Setup setup = plain();
    setup.eoi_mode = true;
    return setup;
}

template <GicGeneration G, unsigned L>
void explored(const char* name, const Setup& setup, Steps steps) {
    constexpr usize limit = 400'000;
    const Report report = explore(Machine<G, L>{setup}, steps, limit);
    std::printf("explored %-28s v%d, %u list registers: %7lu states, %8lu transitions%s\n", name,
                G == v2 ? 2 : 3, L, report.states, report.transitions,
                report.fixed_point ? "" : " (cut off)");
    INFO("the walk: " << to_text(report.walk));
    CHECK(report.failure == "good");
    CHECK(report.fixed_point);
}

constexpr Steps timer_and_sgi = basic | enabling | masking | marking | one_sgi;
constexpr Steps configuring = basic | enabling | sgis | masking | priorities | grouping;
constexpr Steps timer_and_disk = basic | edges | one_sgi | marking | enabling;
constexpr Steps four_sources = basic | edges | one_sgi | spis;

} // namespace

TEST_CASE("every state: timer, SGI to self, enable, mask, software mark", "[vgic][explore]") {
    explored<v3, 4>("timer and SGI", plain(), timer_and_sgi);
    explored<v3, 2>("timer and SGI", plain(), timer_and_sgi);
    explored<v3, 1>("timer and SGI", plain(), timer_and_sgi);
    explored<v2, 4>("timer and SGI", plain(), timer_and_sgi);
    explored<v2, 3>("timer and SGI", plain(), timer_and_sgi);
    explored<v2, 1>("timer and SGI", plain(), timer_and_sgi);
    explored<v3, 2>("timer and SGI, EOImode 1", split_eoi(), timer_and_sgi | dir_order);
    explored<v3, 1>("timer and SGI, EOImode 1", split_eoi(), timer_and_sgi | dir_order);
    explored<v2, 1>("timer and SGI, EOImode 1", split_eoi(), timer_and_sgi | dir_order);
}

TEST_CASE("every state: an asynchronous distributor", "[vgic][explore]") {
    explored<v3, 4>("asynchronous", asynchronous(), timer_and_sgi);
    explored<v3, 1>("asynchronous", asynchronous(), timer_and_sgi);
    explored<v2, 4>("asynchronous", asynchronous(), timer_and_sgi);
    explored<v2, 2>("asynchronous", asynchronous(), timer_and_sgi);
    explored<v3, 4>("asynchronous, disk", asynchronous(), timer_and_disk);
}

TEST_CASE("every state: the GICv2 that does not look again", "[vgic][explore]") {
    explored<v2, 4>("fault", qemu_v2(), timer_and_sgi);
    explored<v2, 3>("fault", qemu_v2(), timer_and_sgi);
    explored<v2, 2>("fault", qemu_v2(), timer_and_sgi);
    explored<v2, 1>("fault", qemu_v2(), timer_and_sgi);
    explored<v2, 4>("fault, configuring", qemu_v2(), configuring);
    explored<v2, 1>("fault, timer and disk", qemu_v2(), timer_and_disk);
    explored<v2, 2>("fault, timer and disk", qemu_v2(), timer_and_disk);
}

TEST_CASE("every state: list registers that stay active", "[vgic][explore]") {
    explored<v3, 4>("older document", older_document(), timer_and_sgi);
    explored<v2, 2>("older document", older_document(), timer_and_sgi);
    explored<v3, 1>("older document", older_document(), timer_and_sgi);
    explored<v3, 4>("older document, disk", older_document(), timer_and_disk);
}

TEST_CASE("every state: enables, groups, priorities, two senders", "[vgic][explore]") {
    explored<v3, 4>("configuring", plain(), configuring);
    explored<v2, 2>("configuring", plain(), configuring);
}

TEST_CASE("every state: a level and an edge beside software", "[vgic][explore]") {
    explored<v3, 4>("timer and disk", plain(), timer_and_disk);
    explored<v3, 1>("timer and disk", plain(), timer_and_disk);
    explored<v3, 4>("four sources", plain(), four_sources);
    explored<v3, 1>("four sources", plain(), four_sources);
    explored<v2, 2>("four sources", plain(), four_sources);
    explored<v3, 1>("four sources, EOImode 1", split_eoi(), four_sources | dir_order);
}
