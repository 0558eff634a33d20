// SPDX-License-Identifier: Apache-2.0
// H24, in small: tests/soak goes deeper. And that the two vCPUs' invariants can fail.
#include "tests/unit/vgic/pair_explore.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

using namespace hyp;
using namespace hyp::test;

namespace {

template <GicGeneration G>
void explored(unsigned depth) {
    constexpr usize limit = 4'000;
    const PairReport report = explore_pair<G>(all_pair_events, depth, limit);
    std::printf("explored H24: two vCPUs, GICv%d: %lu states, %lu transitions, depth %u\n",
                G == GicGeneration::v2 ? 2 : 3, report.states, report.transitions, report.depth);
    INFO("the walk: " << report.walk);
    CHECK(report.failure == "good");
    CHECK(report.depth >= 4);
}

} // namespace

TEST_CASE("H24: two vCPUs, a timer each, shared SPIs, SGIs, in every order", "[vgic][explore]") {
    explored<GicGeneration::v2>(8);
    explored<GicGeneration::v3>(8);
}

// What a kick is for: without it nothing comes.
TEMPLATE_TEST_CASE_SIG("H24: an SGI to the other waits in the mailbox until the kick", "[vgic]",
                       ((GicGeneration G), G), GicGeneration::v2, GicGeneration::v3) {
    Pair<G> pair;
    pair.perform({PairEvent::sgi, 0});
    CHECK_FALSE(pair.can({PairEvent::acknowledge, 1}));
    REQUIRE(pair.can({PairEvent::kick, 1}));
    pair.perform({PairEvent::kick, 1});
    REQUIRE(pair.can({PairEvent::acknowledge, 1}));
    pair.perform({PairEvent::acknowledge, 1});
    pair.perform({PairEvent::end, 1});
    pair.check_drained();
    CHECK(pair.failure == nullptr);
}

// vCPU 0 has it active when it is raised once more and sent to vCPU 1: its end must exit, or nobody
// tells vCPU 1.
TEMPLATE_TEST_CASE_SIG("H21: active here, pending for another: the end here brings it there",
                       "[vgic]", ((GicGeneration G), G), GicGeneration::v2, GicGeneration::v3) {
    Pair<G> pair;
    pair.perform({PairEvent::raise, 0});
    pair.perform({PairEvent::acknowledge, 0});
    pair.perform({PairEvent::raise, 0});
    pair.perform({PairEvent::route, 0});
    CHECK_FALSE(pair.can({PairEvent::acknowledge, 1}));
    pair.perform({PairEvent::end, 0});
    REQUIRE(pair.can({PairEvent::interrupt, 0}));
    pair.perform({PairEvent::interrupt, 0});
    REQUIRE(pair.can({PairEvent::kick, 1}));
    pair.perform({PairEvent::kick, 1});
    CHECK(pair.can({PairEvent::acknowledge, 1}));
    CHECK(pair.failure == nullptr);
}
