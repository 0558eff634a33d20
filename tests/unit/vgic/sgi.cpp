// SPDX-License-Identifier: Apache-2.0
// Requests for SGIs, as pure functions: one's own word for ICC_SGI1R_EL1 reaches whom it names and
// nobody else (IHI 0069, ICC_SGI1R_EL1), and the filters of GICD_SGIR.
#include "hyp/core/vgic/sgi.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

TEST_CASE("sgi_to reaches its target alone, wherever it is", "[vgic]") {
    for (u32 aff0 = 0; aff0 < 256; ++aff0) {
        const Affinity target{1, 2, 3, static_cast<u8>(aff0)};
        const IccSgir request{sgi_to(target)};
        u32 reached = 0;
        for (u32 other = 0; other < 256; ++other) {
            const Affinity place{1, 2, 3, static_cast<u8>(other)};
            reached += sgi_reaches(request, Affinity{}, place) ? 1U : 0U;
        }
        CHECK(reached == 1U);
        CHECK(sgi_reaches(request, Affinity{}, target));
        CHECK(sgi_reaches(request, target, target));
        CHECK(!sgi_reaches(request, Affinity{}, Affinity{0, 2, 3, target.aff0}));
        CHECK(!sgi_reaches(request, Affinity{}, Affinity{1, 0, 3, target.aff0}));
        CHECK(!sgi_reaches(request, Affinity{}, Affinity{1, 2, 0, target.aff0}));
    }
    CHECK(sgi_to(Affinity{4, 3, 2, 17}) == 0x0004'1003'0002'0002);
}

TEST_CASE("the places of MPIDR_EL1, packed as GICR_TYPER has them", "[vgic]") {
    const Affinity place = Affinity::of_mpidr(0x0000'0004'8003'0211);
    CHECK(place == Affinity{4, 3, 2, 17});
    CHECK(place.packed() == 0x0403'0211);
}

TEST_CASE("the filters of GICD_SGIR, by every vCPU", "[vgic]") {
    for (u8 self = 0; self < 8; ++self) {
        const u8 own = static_cast<u8>(1U << self);
        CHECK(sgi_targets(GicdSgir{0x00a5'0000}, self, 0xff) == 0xa5);
        CHECK(sgi_targets(GicdSgir{0x00a5'0000}, self, 0x0f) == 0x05);
        CHECK(sgi_targets(GicdSgir{0x01ff'0000}, self, 0xff) == (0xff & ~own));
        CHECK(sgi_targets(GicdSgir{0x0200'0000}, self, 0xff) == own);
        CHECK(sgi_targets(GicdSgir{0x03ff'0000}, self, 0xff) == 0);
    }
}
