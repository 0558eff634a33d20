// SPDX-License-Identifier: Apache-2.0
// Claims on address ranges, over all of 2^64: sums are made in 128 bits here, so that what wraps in
// 64 shows. Where a whole equation of sums would be too much for z3, both sides have lost their
// common base.
#include "hyp/core/base/addr.hpp"
#include "tests/z3/claim.hpp"

using namespace hyp;

namespace {

using Wide = unsigned __int128;

constexpr Wide end_of(u64 base, u64 size) {
    return Wide{base} + size;
}

} // namespace

CLAIM(a_range_contains_its_addresses)(u64 base, u64 size, u64 address) {
    const PaRange range{Pa{base}, size};
    return range.contains(Pa{address}) == (address >= base && Wide{address} < end_of(base, size));
}

// other + length <= base + size, less base on both sides: `other` is given by its distance from it.
CLAIM(a_range_contains_the_ranges_inside_it)(u64 base, u64 size, u64 distance, u64 length) {
    const u64 other = base + distance;
    return other < base || PaRange{Pa{base}, size}.contains(PaRange{Pa{other}, length}) ==
                               (end_of(distance, length) <= size);
}

CLAIM(a_range_contains_none_that_begins_below_it)(u64 base, u64 size, u64 other, u64 length) {
    return other >= base || !PaRange{Pa{base}, size}.contains(PaRange{Pa{other}, length});
}

// The one that begins later begins before the other ends.
CLAIM(ranges_overlap_when_they_share_an_address)(u64 a, u64 a_size, u64 b, u64 b_size) {
    const bool near = a <= b ? b - a < a_size : a - b < b_size;
    return PaRange{Pa{a}, a_size}.overlaps(PaRange{Pa{b}, b_size}) ==
           (a_size != 0 && b_size != 0 && near);
}

CLAIM(alignment)(u64 value, u8 shift) {
    if (shift > 63) {
        return true;
    }
    const u64 unit = u64{1} << shift;
    const Pa at{value};
    const u64 down = value >> shift << shift;
    const bool fits = down == value || Wide{down} + unit <= ~u64{0};
    return at.align_down(unit).value() == down && at.is_aligned(unit) == (down == value) &&
           (!fits || at.align_up(unit).value() == (down == value ? down : down + unit));
}
