// SPDX-License-Identifier: Apache-2.0
// Gallery: registers of the distributor that did something else than their name says.
#include "tests/unit/gallery/story.hpp"

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr VdistFrame gicd = VdistFrame::gicd;
constexpr VdistFrame sgi_base = VdistFrame::gicr_sgi;
constexpr u32 isenabler = 0x100;
constexpr u32 icenabler = 0x180;
constexpr u32 isactiver = 0x300;
constexpr u32 icactiver = 0x380;
constexpr u32 icfgr1 = 0xc04;

[[nodiscard]] constexpr u32 irouter(u32 intid) {
    return 0x6000 + 8 * intid;
}
constexpr u32 spi = 40;
constexpr u32 spi_bit = 1U << (spi - 32);

// SPI `spi`, enabled and pending, sent to the CPU with affinity `route` by a guest on `self`.
[[nodiscard]] bool arrives(Affinity self, u64 route) {
    Registers guest{v3, self};
    guest.put(gicd, 0, 2); // EnableGrp1
    guest.put(gicd, isenabler + 4, spi_bit);
    guest.put(gicd, irouter(spi), route, AccessSize::dword);
    guest.put(gicd, 0x204, spi_bit);
    return guest.irqs.best_pending() != Priority{0xff};
}

void clears_what_it_names(GicGeneration generation) {
    Registers guest{generation};
    for (u32 word = 1; word < 9; ++word) {
        guest.put(gicd, isenabler + 4 * word, ~0U);
    }
    for (u32 word = 1; word < 9; ++word) {
        guest.put(gicd, icenabler + 4 * word, 0x0f0f'0000U | word);
        CHECK(guest.get(gicd, isenabler + 4 * word) == ~(0x0f0f'0000U | word));
        CHECK(guest.get(gicd, icenabler + 4 * word) == ~(0x0f0f'0000U | word));
        CHECK((word == 8 || guest.get(gicd, isenabler + 4 * (word + 1)) == ~0U));
    }
    guest.put(gicd, icenabler + 4, 0); // a zero bit does nothing
    CHECK(guest.get(gicd, isenabler + 4) == ~0x0f0f'0001U);
}

} // namespace

// https://github.com/CTSRD-CHERI/cheribsd/pull/2692
// A copied line made a write to GICD_ICENABLERn do something other than disable: with one more
// device on the bus, the kernel was caught in an interrupt loop the moment it opened interrupts.
TEST_CASE("cheribsd#2692: ICENABLERn disables what it names, in every word", "[gallery]") {
    clears_what_it_names(v2);
    clears_what_it_names(v3);
}

// https://github.com/bao-project/bao-hypervisor/issues/374
// GICR_ISACTIVER0 led to the handler that clears active bits, GICR_ICACTIVER0 to the one of triggers.
TEST_CASE("bao#374: ISACTIVER0 sets, ICACTIVER0 clears, neither changes a trigger", "[gallery]") {
    Registers guest{v3};
    const u64 triggers = guest.get(sgi_base, icfgr1);
    guest.put(sgi_base, isactiver, 0x00f0'0020);
    CHECK(guest.get(sgi_base, isactiver) == 0x00f0'0020);
    CHECK(guest.get(sgi_base, icactiver) == 0x00f0'0020);
    guest.put(sgi_base, icactiver, 0x0030'0000);
    CHECK(guest.get(sgi_base, isactiver) == 0x00c0'0020);
    CHECK(guest.get(sgi_base, icfgr1) == triggers);
    CHECK(guest.get(gicd, isactiver) == 0); // GICD's part is empty with affinity routing
}

// https://github.com/bao-project/bao-hypervisor/pull/394
// A route written in two halves could bring the old one back; the route went through eight bits, so
// IRM and all above Aff0 were gone; and a read of 64 bits returned 32.
TEST_CASE("bao#394: IROUTER keeps every field, in halves and whole", "[gallery]") {
    constexpr u64 route = 0x12'8034'5678; // Aff3 0x12, IRM, Aff2 0x34, Aff1 0x56, Aff0 0x78
    for (const bool low_first : {true, false}) {
        Registers guest{v3};
        guest.put(gicd, irouter(spi), 0x7f'00aa'bbcc, AccessSize::dword); // the old one
        if (low_first) {
            guest.put(gicd, irouter(spi), static_cast<u32>(route));
            guest.put(gicd, irouter(spi) + 4, route >> 32U);
        } else {
            guest.put(gicd, irouter(spi) + 4, route >> 32U);
            guest.put(gicd, irouter(spi), static_cast<u32>(route));
        }
        CHECK(guest.get(gicd, irouter(spi), AccessSize::dword) == route);
        CHECK(guest.get(gicd, irouter(spi)) == static_cast<u32>(route));
        CHECK(guest.get(gicd, irouter(spi) + 4) == route >> 32U);
        CHECK(guest.get(gicd, irouter(spi + 1), AccessSize::dword) == 0);
    }
}

// https://github.com/bao-project/bao-hypervisor/issues/389
// A CPU's affinity was used as a shift count, and what came out was cut to eight bits: CPUs from the
// ninth on, and all outside cluster 0, got no interrupt that was routed to them.
TEST_CASE("bao#389: an SPI and an SGI reach a CPU of any affinity", "[gallery]") {
    CHECK(arrives(Affinity{0, 0, 0, 0}, 0));
    CHECK(arrives(Affinity{0, 0, 1, 0}, 0x100));
    CHECK(arrives(Affinity{0, 0, 0, 11}, 11));
    CHECK(arrives(Affinity{3, 2, 1, 15}, 0x03'0002'010f));
    CHECK(!arrives(Affinity{0, 0, 1, 0}, 0));
    CHECK(!arrives(Affinity{0, 0, 0, 11}, 3)); // 1 << 11 cut to eight bits is as good as 3
    CHECK(!arrives(Affinity{0, 0, 0, 0}, 0x100));
    const Affinity ninth{0, 0, 1, 8};
    CHECK(sgi_reaches(IccSgir{1U << 16U | 1U << 8U}, ninth, ninth));
    CHECK(!sgi_reaches(IccSgir{1U << 16U | 1U}, ninth, ninth));
    CHECK(!sgi_reaches(IccSgir{1U << 8U}, ninth, ninth));
}

// https://github.com/smartobjectoriented/so3/pull/291
// Every access to the distributor that came from CPU 3 was ignored, a leftover of another set-up: a
// driver that happened to be probed there waited for minutes for an interrupt never enabled.
TEST_CASE("so3#291: the distributor answers whichever CPU asks", "[gallery]") {
    for (u8 cpu = 0; cpu < 8; ++cpu) {
        Registers guest{v3, Affinity{0, 0, 0, cpu}};
        guest.put(gicd, isenabler + 4, spi_bit);
        CHECK(guest.get(gicd, isenabler + 4) == spi_bit);
        guest.put(sgi_base, isenabler, 1U << 27U);
        CHECK(guest.get(sgi_base, isenabler) == 1U << 27U);
        CHECK(arrives(Affinity{0, 0, 0, cpu}, cpu));
    }
}
