// SPDX-License-Identifier: Apache-2.0
// The fast paths of traps and of devices (hyp/core/fast/trap.hpp, tick.hpp): each reason to leave it
// to the slow path, and that what they answer is what the slow path says. That both end in the same
// state is checked in every state of the explorations and walks (Machine::check_fast_traps()).
#include "hyp/core/vgic/vdist.hpp"
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;
constexpr u32 isenabler1 = 0x104;
constexpr u32 icenabler1 = 0x184;
constexpr u32 spi_bit = 1U << (soft_spi - 32);

Setup fast() {
    Setup setup;
    setup.fast = true;
    return setup;
}

// As the vector asks: an SGI to itself.
template <class M>
[[nodiscard]] bool sends(M& m, u32 sgi = self_sgi) {
    const u64 before = m.fast_traps;
    m.raise_sgi(sgi, 0);
    return m.fast_traps != before;
}

template <class M>
void take_all(M& m) {
    while (m.pending_exit() || m.guest_signalled()) {
        if (m.pending_exit()) {
            m.interrupt();
        } else {
            static_cast<void>(m.acknowledge());
            m.end(0);
        }
    }
}

template <class M>
[[nodiscard]] bool enables(M& m, u32 offset, u32 bits) {
    return fast_enable(m.plan, offset, bits);
}

} // namespace

TEMPLATE_TEST_CASE_SIG("fast SGI: taken when enabled, idle and its home is empty", "[fast]",
                       ((GicGeneration G), G), v2, v3) {
    Machine<G, 2> m{fast()};
    CHECK(sends(m));
    CHECK_FALSE(sends(m)); // pending in its home
    static_cast<void>(m.acknowledge());
    CHECK_FALSE(sends(m)); // active there
    m.end(0);
    take_all(m);
    m.trap([](VcpuIrqs&) {});
    CHECK(sends(m));
    take_all(m);
    CHECK(sends(m)); // once more, and the slow path has seen neither
    take_all(m);
    CHECK(sends(m, other_sgi)); // its home is empty
    REQUIRE(m.verdict() == "good");
}

TEMPLATE_TEST_CASE_SIG("fast SGI: left to the slow path", "[fast]", ((GicGeneration G), G), v2,
                       v3) {
    Machine<G, 1> no_home{fast()};
    CHECK_FALSE(sends(no_home));
    Machine<G, 4> groups_off{fast()};
    groups_off.trap([](VcpuIrqs& v) { v.set_group_enables(0); });
    CHECK_FALSE(sends(groups_off));
    Machine<G, 4> other_group{fast()};
    other_group.trap([](VcpuIrqs& v) { v.guest_set_group(0, ~v.group_word(0)); });
    CHECK(other_group.has_sgis());
    CHECK_FALSE(fast_sgi(other_group.driver(), other_group.plan,
                         G == v2 ? u64{0x0200'0005} : sgi_to(Affinity{}) | u64{5} << 24U));
    Machine<G, 2> busy{fast()};
    for (unsigned n = 0; n < 3; ++n) {
        busy.line(n == 0 ? timer : n == 1 ? uart : disk, true);
        busy.interrupt();
    }
    CHECK_FALSE(busy.has_sgis()); // one waits for a list register
    CHECK_FALSE(sends(busy));
    Machine<G, 4> slow{Setup{}};
    CHECK_FALSE(slow.has_sgis());
}

TEST_CASE("fast SGI: disabled, GICv3", "[fast]") {
    Machine<v3, 4> m{fast()};
    m.trap([](VcpuIrqs& v) { v.guest_disable(0, 1U << self_sgi); });
    CHECK_FALSE(sends(m));
}

TEST_CASE("fast SGI: to others too, or by another filter, is the slow path's", "[fast]") {
    Machine<v2, 4> two{fast()};
    for (const u32 request :
         {0x0003'0005U, 0x0002'0005U, 0x0100'0005U, 0x0300'0005U, 0x0000'0005U}) {
        CHECK_FALSE(fast_sgi(two.driver(), two.plan, request));
    }
    Machine<v3, 4> three{fast()};
    const u64 self = sgi_to(Affinity{}) | u64{self_sgi} << 24U;
    for (const u64 request : {self | u64{1} << 40U, self | 2U, self | u64{1} << 16U,
                              self | u64{1} << 32U, self | u64{1} << 48U, self & ~u64{1}}) {
        CHECK_FALSE(fast_sgi(three.driver(), three.plan, request));
    }
    CHECK(fast_sgi(three.driver(), three.plan, self));
}

TEST_CASE("fast enable: of one idle SPI of software's, at its offset", "[fast]") {
    Machine<v3, 4> m{fast()};
    const auto enabled = [&] { return m.irqs.at(VIntid{soft_spi}).get<Delivery::Enabled>(); };
    REQUIRE(enabled());
    CHECK(enables(m, icenabler1, spi_bit));
    CHECK_FALSE(enabled());
    CHECK(enables(m, isenabler1, spi_bit));
    CHECK(enabled());
    CHECK_FALSE(enables(m, isenabler1, 0));
    CHECK_FALSE(enables(m, isenabler1, spi_bit | spi_bit << 1U)); // two at once
    CHECK_FALSE(enables(m, isenabler1 - 4, 1U << self_sgi));      // private
    CHECK_FALSE(enables(m, 0x100 + 4 * guest_words, 1));          // beyond the last INTID
    CHECK_FALSE(enables(m, 0x084, spi_bit));                      // another register
    CHECK_FALSE(enables(m, 0x204, spi_bit));
    CHECK_FALSE(enables(m, isenabler1 + 1, spi_bit));
    CHECK_FALSE(enables(m, isenabler1, 1U << (disk - 32))); // forwarded: the hardware's enable, too
    CHECK(enables(m, 0x100 + 4 * (guest_words - 1), 1U << 31U));
}

TEST_CASE("fast enable: pending, held or with its line high is the slow path's", "[fast]") {
    Machine<v3, 4> m{fast()};
    m.raise_spi();
    CHECK_FALSE(enables(m, icenabler1, spi_bit)); // held, and pending in a list register
    static_cast<void>(m.acknowledge());
    m.end(0);
    CHECK_FALSE(enables(m, icenabler1, spi_bit)); // its end has not been seen
    m.trap([](VcpuIrqs&) {});
    CHECK(enables(m, icenabler1, spi_bit));
    m.raise_spi(); // disabled: pending outside
    CHECK_FALSE(enables(m, isenabler1, spi_bit));
    m.soft_line(true);
    CHECK_FALSE(enables(m, icenabler1, 1U << (soft_level - 32)));
}

TEMPLATE_TEST_CASE_SIG("fast read: what the distributor says, and no other offset", "[fast]",
                       ((GicGeneration G), G), v2, v3) {
    Machine<G, 4> m{fast()};
    Vdist distributor{m.vm, G};
    distributor.attach(m.irqs, {});
    for (const u8 groups : {u8{0}, u8{1}, u8{2}, u8{3}}) {
        m.trap([groups](VcpuIrqs& v) { v.set_group_enables(groups); });
        for (u32 offset = 0; offset < 0x1000; offset += 4) {
            u64 value = 0;
            const bool done = fast_gicd_read(m.plan, offset, value);
            CHECK(done == (offset < 0x10));
            if (done) {
                CHECK(value == distributor.read(VcpuIndex{0}, VdistFrame::gicd, offset,
                                                AccessSize::word, PhysWords{}));
            }
        }
    }
    u64 value = 0;
    CHECK_FALSE(fast_gicd_read(m.plan, 2, value));
}

TEMPLATE_TEST_CASE_SIG("fast device: the SPIs that come first get a home, and are taken there",
                       "[fast]", ((GicGeneration G), G), v2, v3) {
    Machine<G, 4> m{fast()};
    const auto comes = [&](u32 intid) {
        const u64 before = m.fast_devices;
        m.line(intid, true);
        m.line(disk, false);
        REQUIRE(m.pending_exit());
        m.interrupt();
        const bool quick = m.fast_devices != before;
        static_cast<void>(m.acknowledge());
        m.line(intid, false);
        m.end(0);
        return quick;
    };
    CHECK_FALSE(comes(disk)); // nobody's yet
    CHECK(comes(disk));
    CHECK_FALSE(comes(uart));
    CHECK(comes(uart));
    CHECK(comes(disk));
    CHECK(m.irqs.device_at_home(0) == VIntid{disk});
    CHECK(m.irqs.device_at_home(1) == VIntid{uart});
    m.trap([](VcpuIrqs& v) { v.set_route(VIntid{disk}, nobody); });
    CHECK(m.plan.device_lr[0] == 0);
    CHECK(m.plan.device_lr[1] != 0);
    m.trap([](VcpuIrqs& v) { v.set_route(VIntid{disk}, VcpuIndex{0}); });
    CHECK(m.plan.device_lr[0] != 0);
    m.enable_spi(disk, false);
    CHECK(m.plan.device_lr[0] == 0);
    REQUIRE(m.verdict() == "good");
}
