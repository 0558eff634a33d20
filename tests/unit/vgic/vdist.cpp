// SPDX-License-Identifier: Apache-2.0
// The emulated distributor as a guest sees it: the values Linux and kvm-unit-tests look at, every
// offset in every size, routing, SGI registers.
#include "hyp/core/vgic/vdist.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

constexpr VdistFrame gicd = VdistFrame::gicd;
constexpr VdistFrame rd = VdistFrame::gicr_rd;
constexpr VdistFrame sgi = VdistFrame::gicr_sgi;

struct Guest {
    explicit Guest(GicGeneration generation, Affinity affinity = {})
        : vm{1, caps(generation).guest_group},
          irqs{vm, VcpuIndex{0}, caps(generation)},
          vdist{vm, generation} {
        vdist.attach(irqs, affinity);
        irqs.map_hardware(VIntid{27}, PIntid{27}, Trigger::level);
    }
    static VgicCaps caps(GicGeneration generation) {
        VgicCaps result;
        result.generation = generation;
        result.guest_group = generation == GicGeneration::v2 ? Group::group0 : Group::group1;
        return result;
    }
    [[nodiscard]] u64 get(VdistFrame frame, u32 offset, AccessSize size = AccessSize::word,
                          const PhysWords& phys = {}) const {
        return vdist.read(VcpuIndex{0}, frame, offset, size, phys);
    }
    void put(VdistFrame frame, u32 offset, u64 value, AccessSize size = AccessSize::word) {
        vdist.write(VcpuIndex{0}, frame, offset, size, value);
    }

    VmIrqs vm;
    VcpuIrqs irqs;
    Vdist vdist;
};

constexpr AccessSize sizes[] = {AccessSize::byte, AccessSize::half, AccessSize::word,
                                AccessSize::dword};

} // namespace

TEST_CASE("identification, GICv2", "[vdist]") {
    Guest guest{GicGeneration::v2};
    CHECK(guest.get(gicd, 0x004) == 0x8); // 288 INTIDs, one CPU
    CHECK((guest.get(gicd, 0x008) & 0xfff) == 0x43b);
    CHECK(guest.get(gicd, 0xfe8) == 0x2b);
    for (u32 pattern : {~0U, 0xa5a5'5a5aU, 0U}) {
        for (u32 offset : {0x004U, 0x008U, 0xfe8U}) {
            const u64 before = guest.get(gicd, offset);
            guest.put(gicd, offset, pattern);
            CHECK(guest.get(gicd, offset) == before);
        }
    }
}

TEST_CASE("identification, GICv3", "[vdist]") {
    Guest guest{GicGeneration::v3, Affinity{0, 0, 1, 2}};
    CHECK(guest.get(gicd, 0x004) == (8 | 9U << 19U));
    CHECK(guest.get(gicd, 0xffe8) == 0x3b);
    CHECK(guest.get(gicd, 0x00c) == 0);
    CHECK(guest.get(gicd, 0x000) == 0x50); // ARE, DS
    CHECK(guest.get(rd, 0x008, AccessSize::dword) == 0x0000'0102'0000'0010);
    CHECK(guest.get(rd, 0x008) == 0x10);
    CHECK(guest.get(rd, 0x00c) == 0x102);
    CHECK(guest.get(rd, 0xffe8) == 0x3b);
    CHECK(guest.get(rd, 0x000) == 0);
    CHECK(guest.get(rd, 0x014) == 6);
    guest.put(rd, 0x014, 0);
    CHECK(guest.get(rd, 0x014) == 0);
}

TEST_CASE("Linux' way through a GICv2 distributor", "[vdist]") {
    Guest guest{GicGeneration::v2};
    guest.put(gicd, 0x000, 0);
    CHECK(guest.get(gicd, 0x800) == 0x0101'0101); // its own CPU mask
    for (u32 offset = 0x820; offset < 0x920; offset += 4) {
        guest.put(gicd, offset, 0x0101'0101);
        CHECK(guest.get(gicd, offset) == 0x0101'0101);
    }
    guest.put(gicd, 0xc08, 0);
    guest.put(gicd, 0x420, 0xa0a0'a0a0);
    CHECK(guest.get(gicd, 0x420) == 0xa0a0'a0a0);
    guest.put(gicd, 0x384, ~0U);
    guest.put(gicd, 0x184, ~0U);
    guest.put(gicd, 0x000, 1);
    CHECK(guest.get(gicd, 0x000) == 1);
    guest.put(gicd, 0x180, 0xffff'0000);
    guest.put(gicd, 0x100, 0xffff);
    CHECK(guest.get(gicd, 0x100) == 0xffff);
    guest.put(gicd, 0x100, 1U << 27U);
    CHECK(guest.get(gicd, 0x180) == 0x0800'ffff);
    guest.put(gicd, 0x180, 0xffff); // SGIs stay enabled
    CHECK(guest.get(gicd, 0x100) == 0x0800'ffff);
}

TEST_CASE("Linux' way through a GICv3 distributor and redistributor", "[vdist]") {
    Guest guest{GicGeneration::v3};
    guest.put(gicd, 0x000, 0);
    for (u32 word = 1; word < 9; ++word) {
        guest.put(gicd, 0x080 + 4 * word, ~0U);
        CHECK(guest.get(gicd, 0x080 + 4 * word) == ~0U);
    }
    guest.put(gicd, 0x000, 0x13);
    CHECK(guest.get(gicd, 0x000) == 0x53);
    guest.put(gicd, 0x6100, 0, AccessSize::dword);
    CHECK(guest.get(gicd, 0x6100, AccessSize::dword) == 0);
    guest.put(sgi, 0x080, ~0U);
    guest.put(sgi, 0x180, ~0U);
    guest.put(sgi, 0x100, 1U << 27U);
    CHECK(guest.get(sgi, 0x100) == 1U << 27U);
    CHECK(guest.get(gicd, 0x100) == 0); // private INTIDs are not GICD's
    guest.put(gicd, 0x100, ~0U);
    CHECK(guest.get(sgi, 0x100) == 1U << 27U);
    guest.put(gicd, 0x41b, 0x80, AccessSize::byte);
    CHECK(guest.get(sgi, 0x41b, AccessSize::byte) == 0);
}

TEST_CASE("a guest's enable of a forwarded INTID reaches the hardware, its priority never",
          "[vdist]") {
    Guest guest{GicGeneration::v3};
    guest.put(sgi, 0x41b, 0x80, AccessSize::byte);
    CHECK(!guest.irqs.flush().physical);
    guest.put(sgi, 0x100, 1U << 27U);
    REQUIRE(guest.irqs.flush().physical);
    PhysChange change{};
    PIntid pintid{0};
    REQUIRE(guest.irqs.take_change(change, pintid));
    CHECK(change == PhysChange::enable);
    CHECK(pintid == PIntid{27});
    CHECK_FALSE(guest.irqs.take_change(change, pintid));
    guest.put(sgi, 0xc04, 2U << 20U | 2U << 22U); // INTID 26: edge; 27 is forwarded: a level
    CHECK(guest.get(sgi, 0xc04) == 2U << 20U);
    guest.put(sgi, 0xc00, 0); // SGIs are edge for good
    CHECK(guest.get(sgi, 0xc00) == 0xaaaa'aaaa);
}

TEST_CASE("priorities: five bits, byte by byte, nothing beyond the last INTID", "[vdist]") {
    Guest guest{GicGeneration::v2};
    guest.put(gicd, 0x420, 0xff7f'bf3f);
    CHECK(guest.get(gicd, 0x420) == 0xf878'b838);
    guest.put(gicd, 0x421, 0xff, AccessSize::byte);
    CHECK(guest.get(gicd, 0x420) == 0xf878'f838);
    CHECK(guest.get(gicd, 0x421, AccessSize::byte) == 0xf8);
    guest.put(gicd, 0x520, ~0U); // INTID 288
    CHECK(guest.get(gicd, 0x520) == 0);
    guest.put(gicd, 0x920, ~0U);
    CHECK(guest.get(gicd, 0x920) == 0);
    guest.put(gicd, 0x820, ~0U); // CPUs that do not exist
    CHECK(guest.get(gicd, 0x820) == 0x0101'0101);
}

TEST_CASE("ISPENDR of the timer is the line, even while disabled", "[vdist]") {
    Guest guest{GicGeneration::v3};
    CHECK(guest.vdist.physical_words(VcpuIndex{0}, sgi, 0x200) == 1);
    CHECK(guest.vdist.physical_words(VcpuIndex{0}, sgi, 0x280) == 1);
    CHECK(guest.vdist.physical_words(VcpuIndex{0}, sgi, 0x100) == 0);
    CHECK(guest.vdist.physical_words(VcpuIndex{0}, gicd, 0x200) == 0);
    const PhysWords high = PhysWords::only_private(1U << 27U, 0);
    const PhysWords low = PhysWords::only_private(0, 0);
    CHECK(guest.get(sgi, 0x200, AccessSize::word, high) == 1U << 27U);
    CHECK(guest.get(sgi, 0x280, AccessSize::word, high) == 1U << 27U);
    CHECK(guest.get(sgi, 0x200, AccessSize::word, low) == 0);
    // Others' lines are not the guest's.
    const PhysWords others = PhysWords::only_private(0x0700'0000, 0);
    CHECK(guest.get(sgi, 0x200, AccessSize::word, others) == 0);
}

TEST_CASE("ISPENDR, ICPENDR, ISACTIVER, ICACTIVER of software interrupts", "[vdist]") {
    Guest guest{GicGeneration::v3};
    guest.put(gicd, 0x204, 0xf0);
    CHECK(guest.get(gicd, 0x204) == 0xf0);
    guest.put(gicd, 0x284, 0x30);
    CHECK(guest.get(gicd, 0x284) == 0xc0);
    guest.put(gicd, 0x304, 0x3);
    CHECK(guest.get(gicd, 0x304) == 0x3);
    guest.put(gicd, 0x384, 0x1);
    CHECK(guest.get(gicd, 0x384) == 0x2);
    guest.put(sgi, 0x200, 0x8); // an SGI of GICv3 can be set so
    CHECK(guest.get(sgi, 0x200) == 0x8);
    Guest old{GicGeneration::v2};
    old.put(gicd, 0x200, 0x8); // of GICv2 it cannot
    CHECK(old.get(gicd, 0x200) == 0);
    old.put(gicd, 0xf20, 0x0101'0101);
    CHECK(old.get(gicd, 0xf20) == 0x0101'0101);
    CHECK(old.get(gicd, 0x200) == 0xf);
    old.put(gicd, 0xf11, 0xff, AccessSize::byte);
    CHECK(old.get(gicd, 0xf10) == 0x0101'0001);
}

TEST_CASE("GICD_SGIR: every filter", "[vdist]") {
    Guest guest{GicGeneration::v2};
    guest.put(gicd, 0xf00, 0x0001'0003); // the list, with CPU 0
    CHECK(guest.get(gicd, 0x200) == 0x8);
    guest.put(gicd, 0xf00, 0x0002'0004); // the list, without
    guest.put(gicd, 0xf00, 0x0100'0005); // all others
    guest.put(gicd, 0xf00, 0x0300'0006); // reserved
    CHECK(guest.get(gicd, 0x200) == 0x8);
    guest.put(gicd, 0xf00, 0x0200'0007); // self
    CHECK(guest.get(gicd, 0x200) == 0x88);
    CHECK(guest.get(gicd, 0xf00) == 0);
}

TEST_CASE("H19: ICC_SGI1R_EL1 reaches whom it names", "[vdist]") {
    const Affinity self{1, 2, 3, 17};
    const auto list = [](u64 aff3, u64 aff2, u64 aff1, u64 rs, u64 bits) {
        return IccSgir{aff3 << 48U | rs << 44U | aff2 << 32U | aff1 << 16U | bits};
    };
    CHECK(sgi_reaches(list(1, 2, 3, 1, 2), self, self));
    CHECK(!sgi_reaches(list(1, 2, 3, 0, 2), self, self));
    CHECK(!sgi_reaches(list(1, 2, 3, 1, 1), self, self));
    CHECK(!sgi_reaches(list(0, 2, 3, 1, 2), self, self));
    CHECK(!sgi_reaches(list(1, 0, 3, 1, 2), self, self));
    CHECK(!sgi_reaches(list(1, 2, 0, 1, 2), self, self));
    const IccSgir all_others{u64{1} << 40U};
    CHECK(!sgi_reaches(all_others, self, self));
    CHECK(sgi_reaches(all_others, self, Affinity{}));
    CHECK(Affinity::of_mpidr(0x01'80'02'03'11) == self);
}

TEST_CASE("the trapped SGI registers ask for a group", "[vdist]") {
    Guest guest{GicGeneration::v3};
    guest.vdist.write_sgi(VcpuIndex{0}, SgiRegister::sgi1r, u64{3} << 24U | 1);
    CHECK(guest.get(sgi, 0x200) == 0x8);
    guest.vdist.write_sgi(VcpuIndex{0}, SgiRegister::sgi0r, u64{4} << 24U | 1);
    guest.vdist.write_sgi(VcpuIndex{0}, SgiRegister::asgi1r, u64{5} << 24U | 1);
    CHECK(guest.get(sgi, 0x200) == 0x8);
    guest.put(sgi, 0x080, ~(1U << 4U));
    guest.vdist.write_sgi(VcpuIndex{0}, SgiRegister::sgi0r, u64{4} << 24U | 1);
    guest.vdist.write_sgi(VcpuIndex{0}, SgiRegister::sgi1r, u64{4} << 24U | 1);
    CHECK(guest.get(sgi, 0x200) == 0x18);
}

TEST_CASE("IROUTER: whole, in halves; an SPI for nobody waits", "[vdist]") {
    Guest guest{GicGeneration::v3};
    guest.put(gicd, 0, 2);
    guest.put(gicd, 0x104, 2);
    guest.put(gicd, 0x6108, ~u64{0}, AccessSize::dword); // INTID 33
    CHECK(guest.get(gicd, 0x6108, AccessSize::dword) == 0xff'80ff'ffff);
    guest.put(gicd, 0x6108, 1);
    CHECK(guest.get(gicd, 0x6108) == 1);
    CHECK(guest.get(gicd, 0x610c) == 0xff);
    guest.put(gicd, 0x610c, 0);
    guest.put(gicd, 0x204, 2);
    CHECK(guest.irqs.nothing_waits());
    CHECK(guest.get(gicd, 0x204) == 2);
    guest.put(gicd, 0x6108, 0);
    CHECK(!guest.irqs.nothing_waits());
    guest.put(gicd, 0x60d8, ~u64{0}, AccessSize::dword); // INTID 27 has none
    CHECK(guest.get(gicd, 0x60d8, AccessSize::dword) == 0);
}

// H20. After ~0 everywhere, what reads back is only what the registers hold.
TEST_CASE("H20: every offset in every size, and reserved space reads as zero", "[vdist]") {
    for (const GicGeneration generation : {GicGeneration::v2, GicGeneration::v3}) {
        Guest guest{generation};
        unsigned wrong = 0;
        for (const VdistFrame frame : {gicd, rd, sgi}) {
            for (u32 offset = 0; offset < 0x10000; ++offset) {
                for (const AccessSize size : sizes) {
                    guest.put(frame, offset, ~u64{0}, size);
                    const u64 value = guest.get(frame, offset, size);
                    const u32 bytes = static_cast<u32>(size);
                    const bool possible = offset % bytes == 0 && size != AccessSize::half;
                    const bool fits = bytes == 8 || value >> (8 * bytes) == 0;
                    wrong += fits && (possible || value == 0) ? 0U : 1U;
                }
            }
        }
        CHECK(wrong == 0);
        for (u32 offset : {0x010U, 0x300cU, 0xd00U, 0xe00U, 0xfd0U, 0xffcU, 0x5000U, 0xffffU}) {
            CHECK(guest.get(gicd, offset) == 0);
        }
        const bool v2 = generation == GicGeneration::v2;
        CHECK((guest.get(rd, 0x0) == 0 && (v2 || guest.get(rd, 0x14) == 6)));
        CHECK((!v2 || guest.get(sgi, 0x100) == 0));
    }
}
