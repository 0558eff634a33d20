// SPDX-License-Identifier: Apache-2.0
// What kind of interrupt an INTID is, at every boundary (IHI 0069, INTIDs).
#include "hyp/core/base/intid.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

struct Kinds {
    u32 intid;
    bool sgi, ppi, spi, special;
};

constexpr Kinds boundaries[] = {
    {0, true, false, false, false},     {15, true, false, false, false},
    {16, false, true, false, false},    {31, false, true, false, false},
    {32, false, false, true, false},    {1019, false, false, true, false},
    {1020, false, false, false, true},  {1023, false, false, false, true},
    {1024, false, false, false, false}, {8192, false, false, false, false},
};

} // namespace

TEST_CASE("INTIDs: each is of one kind, up to its boundary") {
    for (const Kinds& kinds : boundaries) {
        INFO(kinds.intid);
        const VIntid vintid{kinds.intid};
        CHECK(vintid.value() == kinds.intid);
        CHECK(vintid.is_sgi() == kinds.sgi);
        CHECK(vintid.is_ppi() == kinds.ppi);
        CHECK(vintid.is_private() == (kinds.sgi || kinds.ppi));
        CHECK(vintid.is_spi() == kinds.spi);
        CHECK(vintid.is_special() == kinds.special);
    }
}

TEST_CASE("INTIDs: by kind and number") {
    CHECK(VIntid::sgi(3) == VIntid{3});
    CHECK(VIntid::ppi(11) == VIntid{27});
    CHECK(VIntid::spi(1) == VIntid{33});
    CHECK(guest_vtimer.value() == 27);
    CHECK(guest_ptimer.value() == 30);
    CHECK(VIntid{4} < VIntid{5});
}
