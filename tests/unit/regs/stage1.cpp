// SPDX-License-Identifier: Apache-2.0
// The words of EL2's own map, worked out by hand from DDI 0487 (VMSAv8-64 translation table format).
#include "hyp/core/regs/stage1.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::stage1;

TEST_CASE("stage 1: pages of EL2", "[regs]") {
    const Pa pa{0x40201000};
    CHECK(page(pa, Regime::el2, Rights::read, Memory::normal) == 0x00400000402017c7);
    CHECK(page(pa, Regime::el2, Rights::read_write, Memory::normal) == 0x0040000040201747);
    CHECK(page(pa, Regime::el2, Rights::read_execute, Memory::normal) == 0x00000000402017c7);
    CHECK(page(pa, Regime::el2, Rights::read, Memory::device) == 0x00400000402017c3);
    CHECK(page(pa, Regime::el2, Rights::read_write, Memory::device) == 0x0040000040201743);
}

// At EL1&0 nothing is EL0's; what EL1 executes keeps UXN, all else has PXN, too.
TEST_CASE("stage 1: pages of EL1", "[regs]") {
    const Pa pa{0x40201000};
    CHECK(page(pa, Regime::el1, Rights::read, Memory::normal) == 0x0060000040201787);
    CHECK(page(pa, Regime::el1, Rights::read_write, Memory::normal) == 0x0060000040201707);
    CHECK(page(pa, Regime::el1, Rights::read_execute, Memory::normal) == 0x0040000040201787);
}

TEST_CASE("stage 1: blocks and tables", "[regs]") {
    CHECK(block(Pa{0x40200000}, Regime::el2, Rights::read_execute, Memory::normal) == 0x402007c5);
    CHECK(block(Pa{0x40200000}, Regime::el1, Rights::read_write, Memory::device) ==
          0x0060000040200701);
    CHECK(table(Pa{0x40201000}) == 0x40201003);
    CHECK(page_size == 0x1000);
    CHECK(block_size == 0x200000);
}

TEST_CASE("stage 1: the index into a table of each level", "[regs]") {
    const u64 address = u64{1} << 39 | u64{2} << 30 | u64{3} << 21 | u64{4} << 12 | 0xfff;
    for (unsigned level = 0; level < 4; ++level) {
        CHECK(index(level, address) == level + 1);
        CHECK(index(level, ~u64{0}) == 511);
        CHECK(index(level, 0) == 0);
    }
    CHECK(entries == 512);
}
