// SPDX-License-Identifier: Apache-2.0
// Stage-2 tables: what is mapped translates, with the largest blocks; what is not does not; wrong
// mappings are refused and leave the rest alone.
#include "hyp/core/mm/stage2.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <iterator>
#include <memory>
#include <random>
#include <vector>

using namespace hyp;

namespace {

constexpr u32 pool_pages = 16;
struct alignas(8192) Pages {
    u64 words[pool_pages * 512];
};

// Memory as a machine leaves it: whatever a word that nobody cleared would mean, it is not nothing.
[[nodiscard]] std::unique_ptr<Pages> dirty_pages() {
    auto pages = std::make_unique<Pages>();
    std::fill(std::begin(pages->words), std::end(pages->words), 0x5a5a'5a5a'5a5a'5a5aU);
    return pages;
}

// A pool whose words lie at another address than the tables believe, as on the target.
struct Fixture {
    std::unique_ptr<Pages> pages = dirty_pages();
    Stage2 tables{{pages->words, Pa{0x4800'0000}, pool_pages}, 40};
};

[[nodiscard]] u64 translated(const Stage2& tables, u64 ipa) {
    const Result<Pa> pa = tables.translate(Ipa{ipa});
    return pa.ok() ? pa.value().value() : ~u64{0};
}

} // namespace

TEST_CASE("stage 2: IPA size follows the machine, at most 40 bits") {
    CHECK(ipa_bits(0) == 32);
    CHECK(ipa_bits(1) == 36);
    CHECK(ipa_bits(2) == 40);
    for (u32 range = 3; range < 16; ++range) {
        CHECK(ipa_bits(range) == 40);
    }
    // T0SZ, SL0 = 1, WB walks, inner shareable, PS as given but never reserved.
    CHECK(vtcr_for(0) == 0x80003560);
    CHECK(vtcr_for(1) == 0x8001355c);
    CHECK(vtcr_for(4) == 0x80043558);
    CHECK(vtcr_for(5) == 0x80053558);
    for (u32 range = 6; range < 16; ++range) {
        CHECK(vtcr_for(range) == vtcr_for(5));
    }
}

TEST_CASE("stage 2: RAM by 2 MiB blocks, a device by pages, nothing else") {
    Fixture f;
    REQUIRE(f.tables.map(Ipa{0x4000'0000}, Pa{0x4820'0000}, 256 * mib, Stage2Memory::ram).ok());
    REQUIRE(f.tables.map(Ipa{0x0900'0000}, Pa{0xff00'0000}, 4 * kib, Stage2Memory::device).ok());
    CHECK(f.tables.pages_used() == 2 + 1 + 2); // root, RAM's level 2, the device's levels 2 and 3
    CHECK(translated(f.tables, 0x4000'0000) == 0x4820'0000);
    CHECK(translated(f.tables, 0x4fff'ffff) == 0x581f'ffff);
    CHECK(translated(f.tables, 0x5000'0000) == ~u64{0});
    CHECK(translated(f.tables, 0x3fff'ffff) == ~u64{0});
    CHECK(translated(f.tables, 0x0900'0fff) == 0xff00'0fff);
    CHECK(translated(f.tables, 0x0900'1000) == ~u64{0});
    CHECK(translated(f.tables, u64{1} << 40) == ~u64{0});
    // The descriptors' words: block of normal memory, page of Device-nGnRE that never executes.
    const u64 level2 = f.pages->words[1] & ~u64{3};
    CHECK(f.pages->words[(level2 - 0x4800'0000) / 8] == 0x482007fd);
    CHECK(f.pages->words[(f.tables.pages_used() - 1) * 512] == 0x00400000ff0004c7);
}

TEST_CASE("stage 2: whole GiBs take level-1 blocks, in both concatenated tables") {
    Fixture f;
    REQUIRE(f.tables.map(Ipa{600 * gib}, Pa{4 * gib}, 3 * gib, Stage2Memory::ram).ok());
    CHECK(f.tables.pages_used() == 2);
    CHECK(translated(f.tables, 602 * gib + 5) == 6 * gib + 5);
}

TEST_CASE("stage 2: overlaps, odd sizes, far addresses and an empty pool are refused") {
    Fixture f;
    REQUIRE(f.tables.map(Ipa{gib}, Pa{gib}, 4 * mib, Stage2Memory::ram).ok());
    CHECK_FALSE(f.tables.map(Ipa{gib + 2 * mib}, Pa{0}, 2 * mib, Stage2Memory::ram).ok());
    CHECK_FALSE(f.tables.map(Ipa{gib + 4 * kib}, Pa{0}, 4 * kib, Stage2Memory::device).ok());
    CHECK_FALSE(f.tables.map(Ipa{gib}, Pa{gib}, gib, Stage2Memory::ram).ok());
    CHECK_FALSE(f.tables.map(Ipa{0x1001}, Pa{0}, 4 * kib, Stage2Memory::ram).ok());
    CHECK_FALSE(f.tables.map(Ipa{0x1000}, Pa{0x10}, 4 * kib, Stage2Memory::ram).ok());
    CHECK_FALSE(f.tables.map(Ipa{0x1000}, Pa{0}, 100, Stage2Memory::ram).ok());
    CHECK_FALSE(
        f.tables.map(Ipa{(u64{1} << 40) - 4 * kib}, Pa{0}, 8 * kib, Stage2Memory::ram).ok());
    CHECK_FALSE(f.tables.map(Ipa{4 * kib}, Pa{0}, ~u64{0xfff}, Stage2Memory::ram).ok());
    CHECK(translated(f.tables, gib + 3 * mib) == gib + 3 * mib);
    u32 mapped = 0;
    while (f.tables.map(Ipa{u64{mapped + 4} * gib}, Pa{0}, 4 * kib, Stage2Memory::device).ok()) {
        ++mapped;
    }
    CHECK(mapped == (pool_pages - 3) / 2);
}

TEST_CASE("stage 2: a pool of its root alone is cleared, and not a word more") {
    const std::unique_ptr<Pages> pages = dirty_pages();
    const u64 dirt = pages->words[0];
    Stage2 tables{{pages->words, Pa{0x4800'0000}, 2}, 40};
    CHECK(std::count(pages->words, pages->words + 1024, 0U) == 1024);
    CHECK(pages->words[1024] == dirt);
    CHECK(tables.map(Ipa{gib}, Pa{gib}, gib, Stage2Memory::ram).ok());
    CHECK_FALSE(tables.map(Ipa{2 * gib}, Pa{gib}, 2 * mib, Stage2Memory::ram).ok());
    CHECK(pages->words[1024] == dirt);
    CHECK(translated(tables, gib + 7) == gib + 7);
    CHECK(translated(tables, 2 * gib) == ~u64{0});
}

TEST_CASE("stage 2: random mappings agree with a list of ranges") {
    std::mt19937_64 random{7};
    for (int round = 0; round < 50; ++round) {
        Fixture f;
        struct Range {
            u64 ipa, pa, size;
        };
        std::vector<Range> ranges;
        for (int n = 0; n < 12; ++n) {
            const u64 unit = n % 3 == 0 ? 2 * mib : 4 * kib;
            const Range r{(random() % (8 * gib)) / unit * unit,
                          (random() % (64 * gib)) / unit * unit, (random() % 40 + 1) * unit};
            bool overlaps = false;
            for (const Range& other : ranges) {
                overlaps =
                    overlaps || (r.ipa < other.ipa + other.size && other.ipa < r.ipa + r.size);
            }
            const bool ok = f.tables.map(Ipa{r.ipa}, Pa{r.pa}, r.size, Stage2Memory::ram).ok();
            if (overlaps || !ok) {
                CHECK_FALSE((ok && overlaps));
                break; // a refused mapping may be half done: the VM is not started then
            }
            ranges.push_back(r);
        }
        for (const Range& r : ranges) {
            for (const u64 at : {u64{0}, r.size / 2, r.size - 1}) {
                CHECK(translated(f.tables, r.ipa + at) == r.pa + at);
            }
        }
    }
}
