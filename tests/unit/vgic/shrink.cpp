// SPDX-License-Identifier: Apache-2.0
// A failing random walk becomes a short scenario: with each fault that EL2 could have (N1 to N9) the
// walk that finds it is shrunk, still fails the same check, and no step of it can be spared.
#include "tests/unit/vgic/shrink.hpp"
#include "tests/unit/vgic/explore.hpp"
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v3 = GicGeneration::v3;

constexpr Steps some = basic | marking | enabling | masking | edges | one_sgi | spis | priorities;

void shrunk(Fault fault, const char* name, usize longest) {
    Setup setup;
    setup.fault = fault;
    const Machine<v3, 4> start{setup};
    const Report report = wander(start, some, 20'000, 1);
    INFO(name);
    REQUIRE(report.failure != "good");
    const std::vector<Step> walk = shrink(start, report.walk);
    std::printf("shrunk %s: %s\n", name, scenario(start, report).c_str());
    CHECK(walk.size() <= longest);
    CHECK(walk.size() <= report.walk.size());
    CHECK(replay(start, walk).failure == report.failure);
    for (usize n = 0; n < walk.size(); ++n) {
        std::vector<Step> less = walk;
        less.erase(less.begin() + static_cast<std::ptrdiff_t>(n));
        CHECK(replay(start, less).failure != report.failure);
    }
    setup.fault = Fault::none;
    CHECK(replay(Machine<v3, 4>{setup}, walk).failure == "good");
}

} // namespace

TEST_CASE("a failing walk shrinks to a scenario that a person can read", "[vgic][shrink]") {
    shrunk(Fault::no_set_active, "N1", 4);
    shrunk(Fault::early_deactivate, "N2", 3);
    shrunk(Fault::listed_as_software, "N3", 3);
    shrunk(Fault::wrong_pintid, "N4", 3);
    shrunk(Fault::pending_and_active, "N5", 3);
    shrunk(Fault::keep_active, "N9", 5);
}

TEST_CASE("a walk that does not fail is left as it is", "[vgic][shrink]") {
    const Machine<v3, 4> start{Setup{}};
    const std::vector<Step> walk{Step::line_up, Step::interrupt, Step::end_last, Step::hvc};
    CHECK(shrink(start, walk) == walk);
    // What is not possible is passed over.
    CHECK(replay(start, walk).walk == std::vector<Step>{Step::line_up, Step::interrupt, Step::hvc});
}
