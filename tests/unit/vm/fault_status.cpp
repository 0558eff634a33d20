// SPDX-License-Identifier: Apache-2.0
// All 64 fault status codes of an abort (DDI 0487, ESR_ELx, DFSC and IFSC).
#include "hyp/core/vm/esr_decode.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

// Of the codes in groups of four, those whose last two bits are the table's level.
[[nodiscard]] FaultStatus expected(u32 code) {
    constexpr FaultKind by_level[] = {FaultKind::address_size, FaultKind::translation,
                                      FaultKind::access_flag, FaultKind::permission};
    const u8 level = static_cast<u8>(code % 4);
    if (code < 0x10) {
        return {by_level[code / 4], level};
    }
    if ((code >= 0x14 && code <= 0x17) || (code >= 0x1c && code <= 0x1f)) {
        return {FaultKind::external_on_walk, level};
    }
    switch (code) {
    case 0x10: return {FaultKind::external, 0};
    case 0x18: return {FaultKind::parity, 0};
    case 0x21: return {FaultKind::alignment, 0};
    case 0x30: return {FaultKind::tlb_conflict, 0};
    default: return {FaultKind::other, 0};
    }
}

} // namespace

TEST_CASE("fault status: every code") {
    for (u32 code = 0; code < 64; ++code) {
        CAPTURE(code);
        CHECK(decode_fault_status(code) == expected(code));
        CHECK(decode_fault_status(code | 0xffff'ffc0) ==
              expected(code)); // the bits above are not its
    }
}
