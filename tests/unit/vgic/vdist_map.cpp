// SPDX-License-Identifier: Apache-2.0
// The emulated distributor's address map, written down a second time: where each register of the
// architecture (IHI 0048B, IHI 0069) is, how wide it may be accessed; all else reads as zero.
#include "hyp/core/vgic/vdist.hpp"
#include "hyp/core/vgic/vdist_table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <vector>

using namespace hyp;

namespace {

constexpr VdistFrame gicd = VdistFrame::gicd;
constexpr VdistFrame rd = VdistFrame::gicr_rd;
constexpr VdistFrame sgi = VdistFrame::gicr_sgi;
constexpr VcpuIndex first{0};
constexpr VcpuIndex second{1};

// Two vCPUs; what is looked at is the second one's view.
struct Guest {
    explicit Guest(GicGeneration generation, Affinity one = {}, Affinity two = {0, 0, 0, 1})
        : vm{2, caps(generation).guest_group},
          cpu{VcpuIrqs{vm, first, caps(generation)}, VcpuIrqs{vm, second, caps(generation)}},
          vdist{vm, generation} {
        vdist.attach(cpu[0], one);
        vdist.attach(cpu[1], two);
    }
    static VgicCaps caps(GicGeneration generation) {
        VgicCaps result;
        result.generation = generation;
        result.guest_group = generation == GicGeneration::v2 ? Group::group0 : Group::group1;
        return result;
    }
    [[nodiscard]] u64 get(VdistFrame frame, u32 offset, AccessSize size = AccessSize::word,
                          VcpuIndex who = second) const {
        return vdist.read(who, frame, offset, size, PhysWords{});
    }
    void put(VdistFrame frame, u32 offset, u64 value, AccessSize size = AccessSize::word,
             VcpuIndex who = second) {
        vdist.write(who, frame, offset, size, value);
    }
    void fill(VdistFrame frame, u32 from, u32 to, u64 value = ~u64{0}) {
        for (u32 offset = from; offset < to; offset += 4) {
            put(frame, offset, value);
        }
    }

    VmIrqs vm;
    std::array<VcpuIrqs, 2> cpu;
    Vdist vdist;
};

// Words from `from` up to `to` read as `value`; in bytes too, or as 64 bits, if so said.
struct Range {
    u32 from;
    u32 to;
    u32 value;
    bool bytes = false;
    bool dwords = false;
};

void check(const Guest& guest, VdistFrame frame, const std::vector<Range>& ranges) {
    unsigned wrong = 0;
    u32 last_wrong = 0;
    for (u32 offset = 0; offset < 0x10000; ++offset) {
        const Range* here = nullptr;
        for (const Range& range : ranges) {
            here = offset >= range.from && offset < range.to ? &range : here;
        }
        const u64 word = here != nullptr && offset % 4 == 0 ? here->value : 0;
        const bool in_bytes = here != nullptr && here->bytes;
        const u64 byte = in_bytes ? here->value >> (8 * (offset % 4)) & 0xff : 0;
        const bool whole = here != nullptr && here->dwords && offset % 8 == 0;
        const bool right = guest.get(frame, offset) == word &&
                           guest.get(frame, offset, AccessSize::byte) == byte &&
                           guest.get(frame, offset, AccessSize::half) == 0 &&
                           (guest.get(frame, offset, AccessSize::dword) != 0) == whole;
        wrong += right ? 0U : 1U;
        last_wrong = right ? last_wrong : offset;
    }
    CAPTURE(last_wrong);
    CHECK(wrong == 0);
}

} // namespace

TEST_CASE("the map of a GICv2 distributor", "[vdist]") {
    Guest guest{GicGeneration::v2};
    guest.put(gicd, 0x000, 3);
    guest.fill(gicd, 0x100, 0x124); // enabled
    guest.fill(gicd, 0x200, 0x224); // pending
    guest.fill(gicd, 0xf20, 0xf30); // SGIs, from all vCPUs
    guest.fill(gicd, 0x300, 0x324); // active
    guest.fill(gicd, 0x080, 0x0a4); // group 1
    guest.fill(gicd, 0x400, 0x520); // priority
    guest.fill(gicd, 0x820, 0x920); // both vCPUs
    guest.fill(gicd, 0xc00, 0xc48, 1U << 1U | 1U << 31U);
    check(guest, gicd,
          {{0x000, 0x004, 3},
           {0x004, 0x008, 0x28}, // 288 INTIDs, two CPUs
           {0x008, 0x00c, 0xba00'043b},
           {0x080, 0x0a4, ~0U},
           {0x100, 0x124, ~0U},
           {0x180, 0x1a4, ~0U},
           {0x200, 0x224, ~0U},
           {0x280, 0x2a4, ~0U},
           {0x300, 0x324, ~0U},
           {0x380, 0x3a4, ~0U},
           {0x400, 0x520, 0xf8f8'f8f8, true},
           {0x800, 0x820, 0x0202'0202, true},
           {0x820, 0x920, 0x0303'0303, true},
           {0xc00, 0xc04, 0xaaaa'aaaa},
           {0xc04, 0xc48, 1U << 1U | 1U << 31U},
           {0xf10, 0xf30, 0x0303'0303, true},
           {0xfe8, 0xfec, 0x2b}});
    check(guest, rd, {});
    check(guest, sgi, {});
}

TEST_CASE("the map of a GICv3 distributor", "[vdist]") {
    Guest guest{GicGeneration::v3};
    guest.put(gicd, 0x000, 3);
    for (const u32 array : {0x080U, 0x100U, 0x200U, 0x300U}) {
        guest.fill(gicd, array, array + 0x24);
    }
    guest.fill(gicd, 0x400, 0x520);
    guest.fill(gicd, 0xc00, 0xc48, 1U << 1U | 1U << 31U);
    for (u32 offset = 0x6000; offset < 0x6900; offset += 8) {
        guest.put(gicd, offset, 0x01'0000'0001, AccessSize::dword);
    }
    check(guest, gicd,
          {{0x0000, 0x0004, 0x53},
           {0x0004, 0x0008, 8 | 9U << 19U},
           {0x0008, 0x000c, 0xba00'043b},
           {0x0084, 0x00a4, ~0U},
           {0x0104, 0x0124, ~0U},
           {0x0184, 0x01a4, ~0U},
           {0x0204, 0x0224, ~0U},
           {0x0284, 0x02a4, ~0U},
           {0x0304, 0x0324, ~0U},
           {0x0384, 0x03a4, ~0U},
           {0x0420, 0x0520, 0xf8f8'f8f8, true},
           {0x0c08, 0x0c48, 1U << 1U | 1U << 31U},
           {0x6100, 0x6900, 1, false, true},
           {0xffe8, 0xffec, 0x3b}});
}

TEST_CASE("the map of a redistributor", "[vdist]") {
    Guest guest{GicGeneration::v3, {}, {0, 0, 0, 1}};
    check(guest, rd,
          {{0x0004, 0x0008, 0xba00'043b},
           {0x0008, 0x000c, 1U << 8U | 1U << 4U, false, true}, // the second, and the last
           {0x000c, 0x0010, 1},
           {0x0014, 0x0018, 6},
           {0xffe8, 0xffec, 0x3b}});
    for (const u32 array : {0x080U, 0x100U, 0x200U, 0x300U}) {
        guest.put(sgi, array, ~u64{0});
    }
    guest.fill(sgi, 0x400, 0x420);
    guest.put(sgi, 0xc04, 1U << 1U | 1U << 31U);
    check(guest, sgi,
          {{0x080, 0x084, ~0U},
           {0x100, 0x104, ~0U},
           {0x180, 0x184, ~0U},
           {0x200, 0x204, ~0U},
           {0x280, 0x284, ~0U},
           {0x300, 0x304, ~0U},
           {0x380, 0x384, ~0U},
           {0x400, 0x420, 0xf8f8'f8f8, true},
           {0xc00, 0xc04, 0xaaaa'aaaa},
           {0xc04, 0xc08, 1U << 1U | 1U << 31U}});
    CHECK(guest.get(rd, 0x008, AccessSize::word, first) == 0); // neither the second nor the last
    CHECK(guest.get(sgi, 0x100, AccessSize::word, first) == 0);
}

TEST_CASE("the tables: whole words, in order, and arrays of all INTIDs", "[vdist]") {
    struct Table {
        std::span<const vdist::Row> rows;
        std::vector<u32> intids; // that a row may be an array of; 0: no array
    };
    const std::vector<Table> tables{{vdist::gicd_v2, {0, 1024, 1020, 16}},
                                    {vdist::gicd_v3, {0, 1024, 1020}},
                                    {vdist::gicr_rd, {0}},
                                    {vdist::gicr_sgi, {32}}};
    for (const Table& table : tables) {
        u32 free = 0;
        for (const vdist::Row& row : table.rows) {
            CAPTURE(row.first);
            const u32 bytes = row.last - row.first + 1U;
            CHECK(row.first >= free);
            CHECK(row.first % 4 == 0);
            CHECK(bytes % 4 == 0);
            const u32 intids = row.bits == 0 ? 0 : bytes * 8 / row.bits;
            CHECK(std::count(table.intids.begin(), table.intids.end(), intids) == 1);
            CHECK((row.bits != 0 || bytes <= 8));
            CHECK(vdist::look_up(table.rows, row.first).reg == row.reg);
            CHECK(vdist::look_up(table.rows, row.last).reg == row.reg);
            free = row.last + 1U;
        }
    }
    CHECK(vdist::look_up(vdist::gicr_rd, 0x18).widths == 0);
}

TEST_CASE("routes after a reset", "[vdist]") {
    Guest old{GicGeneration::v2};
    Guest near{GicGeneration::v3};
    Guest far{GicGeneration::v3, Affinity{0, 0, 1, 0}, Affinity{0, 0, 1, 1}};
    for (u32 n = 32; n < guest_intids; ++n) {
        CHECK(old.get(gicd, 0x800 + n, AccessSize::byte) == 1);
        CHECK(old.vm.word(VIntid{n}).get<Delivery::Target>() == 0);
        CHECK(near.get(gicd, 0x6000 + 8 * n, AccessSize::dword) == 0);
        CHECK(near.vm.word(VIntid{n}).get<Delivery::Target>() == 0);
        CHECK(far.vm.word(VIntid{n}).get<Delivery::Target>() == nobody.value);
    }
    CHECK(far.cpu[1].at(VIntid{31}).get<Delivery::Target>() == 1);
    CHECK(far.vm.pintid_of(VIntid{32}) == PIntid{0});
}

TEST_CASE("each word of ICFGR is its own sixteen INTIDs", "[vdist]") {
    for (const GicGeneration generation : {GicGeneration::v2, GicGeneration::v3}) {
        Guest guest{generation};
        const u32 begin = generation == GicGeneration::v2 ? 1 : 2;
        for (u32 word = begin; word < 18; ++word) {
            guest.put(gicd, 0xc00 + 4 * word, 2U << (2 * (word % 16)));
        }
        for (u32 word = begin; word < 18; ++word) {
            CHECK(guest.get(gicd, 0xc00 + 4 * word) == 2U << (2 * (word % 16)));
        }
        guest.fill(gicd, 0xc00 + 4 * begin, 0xc48, 0);
        for (u32 word = begin; word < 18; ++word) {
            CHECK(guest.get(gicd, 0xc00 + 4 * word) == 0);
        }
    }
}

TEST_CASE("each redistributor sleeps by itself", "[vdist]") {
    Guest guest{GicGeneration::v3};
    guest.put(rd, 0x014, 0);
    CHECK(guest.get(rd, 0x014) == 0);
    CHECK(guest.get(rd, 0x014, AccessSize::word, first) == 6);
    guest.put(rd, 0x014, 0, AccessSize::word, first);
    guest.put(rd, 0x014, 2);
    CHECK(guest.get(rd, 0x014) == 6);
    CHECK(guest.get(rd, 0x014, AccessSize::word, first) == 0);
}

TEST_CASE("an SGI to all others kicks those that exist", "[vdist]") {
    Guest now{GicGeneration::v3, Affinity{0, 0, 1, 0}, Affinity{0, 0, 1, 1}};
    now.vdist.write_sgi(first, SgiRegister::sgi1r, u64{1} << 40U | u64{5} << 24U);
    CHECK(now.cpu[0].take_kicks() == 2);
    now.vdist.write_sgi(second, SgiRegister::sgi1r, u64{1} << 16U | u64{5} << 24U | 3); // by name
    CHECK(now.cpu[1].take_kicks() == 1);
    Guest old{GicGeneration::v2};
    old.put(gicd, 0xf00, 0x01ff'0005);
    CHECK(old.cpu[1].take_kicks() == 1);
    for (u8 n = 2; n < max_vcpus; ++n) {
        CHECK(now.vm.mailbox(VcpuIndex{n}).is_empty());
        CHECK(old.vm.mailbox(VcpuIndex{n}).is_empty());
    }
    CHECK(!now.vm.mailbox(first).is_empty());
    CHECK(!now.vm.mailbox(second).is_empty());
}

TEST_CASE("IROUTER names one vCPU, leaves the choice, or names nobody", "[vdist]") {
    Guest guest{GicGeneration::v3, Affinity{1, 2, 3, 4}, Affinity{5, 6, 7, 8}};
    const auto target = [&](u64 router) {
        guest.put(gicd, 0x6100, router, AccessSize::dword);
        return guest.vm.word(VIntid{32}).get<Delivery::Target>();
    };
    CHECK(target(0x05'0006'0708) == 1);
    CHECK(target(0x01'0002'0304) == 0);
    CHECK(target(0x01'0002'0305) == nobody.value);
    CHECK(target(0x05'0006'0608) == nobody.value);
    CHECK(target(0x05'0007'0708) == nobody.value);
    CHECK(target(0x06'0006'0708) == nobody.value);
    CHECK(target(0x06'8006'0708) == 0); // IRM
}
