// SPDX-License-Identifier: Apache-2.0
// Addresses and ranges at their edges: empty, adjacent, one byte in common.
#include "hyp/core/base/addr.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

TEST_CASE("addresses: alignment") {
    CHECK(Pa{0x2000}.is_aligned(0x2000));
    CHECK(Pa{0x2000}.is_aligned(1));
    CHECK(Pa{0}.is_aligned(0x1000));
    CHECK_FALSE(Pa{0x2000}.is_aligned(0x4000));
    CHECK_FALSE(Pa{0x2001}.is_aligned(0x1000));
    CHECK(Pa{0x2000}.align_up(0x1000) == Pa{0x2000});
    CHECK(Pa{0x2001}.align_up(0x1000) == Pa{0x3000});
    CHECK(Pa{0x2fff}.align_up(0x1000) == Pa{0x3000});
    CHECK(Pa{0x2fff}.align_down(0x1000) == Pa{0x2000});
    CHECK(Pa{0x3000}.align_down(0x1000) == Pa{0x3000});
    CHECK(Pa{}.value() == 0);
}

TEST_CASE("addresses: arithmetic and order") {
    CHECK((Pa{0x1000} + 0x234).value() == 0x1234);
    CHECK(Pa{0x1234} - Pa{0x1000} == 0x234);
    CHECK(Pa{1} < Pa{2});
    CHECK_FALSE(Pa{2} < Pa{2});
}

TEST_CASE("ranges: what is inside") {
    const PaRange range{Pa{0x1000}, 0x1000};
    CHECK(range.end() == Pa{0x2000});
    CHECK(range.contains(Pa{0x1000}));
    CHECK(range.contains(Pa{0x1fff}));
    CHECK_FALSE(range.contains(Pa{0xfff}));
    CHECK_FALSE(range.contains(Pa{0x2000}));
    CHECK(range.contains(range));
    CHECK(range.contains(PaRange{Pa{0x1800}, 0x800}));
    CHECK_FALSE(range.contains(PaRange{Pa{0x1800}, 0x801}));
    CHECK_FALSE(range.contains(PaRange{Pa{0xfff}, 0x10}));
    CHECK(range.contains(PaRange{Pa{0x2000}, 0})); // nothing, at its end
    CHECK_FALSE(range.contains(PaRange{Pa{0x2001}, 0}));
    const PaRange to_the_end{Pa{~u64{0} - 0xfff}, 0x1000}; // its end wraps to 0
    CHECK(to_the_end.contains(Pa{~u64{0}}));
    CHECK_FALSE(to_the_end.contains(Pa{0}));
}

TEST_CASE("ranges: what they have in common") {
    const PaRange range{Pa{0x1000}, 0x1000};
    CHECK(range.overlaps(range));
    CHECK(range.overlaps(PaRange{Pa{0x1fff}, 1}));
    CHECK(range.overlaps(PaRange{Pa{0xfff}, 2}));
    CHECK(range.overlaps(PaRange{Pa{0}, 0x10000}));
    CHECK_FALSE(range.overlaps(PaRange{Pa{0x2000}, 1}));
    CHECK_FALSE(range.overlaps(PaRange{Pa{0xfff}, 1}));
    CHECK_FALSE(range.overlaps(PaRange{Pa{0x1800}, 0}));
    CHECK_FALSE(PaRange{Pa{0x1800}, 0}.overlaps(range));
    CHECK(PaRange{} == PaRange{Pa{0}, 0});
}
