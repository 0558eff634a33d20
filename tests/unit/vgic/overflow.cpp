// SPDX-License-Identifier: Apache-2.0
// More interrupts than list registers, and one SGI from several senders.
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <vector>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;

// `count` software SPIs with random priorities, raised before the guest runs.
template <GicGeneration G, unsigned L>
void in_order(unsigned count, u32 seed) {
    std::mt19937 random{seed};
    Setup setup;
    setup.lawless = true; // the ghost knows one SPI only
    Machine<G, L> m{setup};
    m.trap([&](VcpuIrqs& v) {
        for (u32 n = 0; n < count; ++n) {
            const VIntid spi{64 + n};
            v.guest_set_priority(spi, static_cast<u8>((random() % 16) << 3U));
            v.guest_enable(2, IntidSet::bit(spi));
            v.raise(spi);
        }
    });
    u8 last = 0;
    u32 seen = 0;
    for (unsigned guard = 0; guard < 400 && (m.guest_signalled() || m.pending_exit()); ++guard) {
        if (m.pending_exit()) {
            m.interrupt();
            continue;
        }
        const u32 iar = m.gic.guest_acknowledge(0);
        const VIntid spi{iar};
        REQUIRE(spi.value() >= 64);
        CHECK(m.irqs.priority(spi) >= last);
        last = m.irqs.priority(spi);
        CHECK((seen >> (iar - 64) & 1U) == 0);
        seen |= 1U << (iar - 64);
        m.gic.guest_end_of_interrupt(0, iar);
    }
    CHECK(seen == (count == 32 ? ~0U : (1U << count) - 1));
    CHECK(m.exits <= 1 + (count + L - 1) / L + count);
    REQUIRE(m.verdict() == "good");
}

} // namespace

TEST_CASE("H12: more pending than list registers come in order of priority", "[vgic]") {
    for (u32 count = 1; count <= 20; ++count) {
        in_order<v3, 4>(count, count);
        in_order<v3, 1>(count, count);
        in_order<v2, 4>(count, count);
        in_order<v2, 2>(count, count);
    }
}

TEST_CASE("H18: every sender's SGI comes once, with its number, one at a time", "[vgic]") {
    Machine<v2, 4> m{Setup{}};
    for (u32 sgi = 0; sgi < 16; ++sgi) {
        for (u8 sender = 0; sender < 8; ++sender) {
            m.raise_sgi(sgi, sender);
        }
    }
    unsigned delivered = 0;
    while (m.guest_signalled() || m.pending_exit()) {
        if (m.pending_exit()) {
            m.interrupt();
            continue;
        }
        static_cast<void>(m.acknowledge());
        m.end(0);
        ++delivered;
    }
    CHECK(delivered == 128);
    for (const u8 left : m.ghost.sgi_due) {
        CHECK(left == 0);
    }
    REQUIRE(m.verdict() == "good");
}

// Equal priorities. EL2 chooses by the lowest INTID what gets a list register, from the highest free
// one down; the hardware serves the lowest list register first. So of those that are listed together
// the higher INTID comes first, and one that is listed later, into a lower list register, comes
// before one that still waits in a higher: fair only in that each comes.
TEST_CASE("T52: equal priorities: who is listed, by INTID; who is served, by list register",
          "[vgic]") {
    Setup setup;
    setup.lawless = true; // the ghost knows one SPI only
    Machine<v3, 4> m{setup};
    constexpr u32 count = 6;
    m.trap([](VcpuIrqs& v) {
        for (u32 n = 0; n < count; ++n) {
            v.guest_set_priority(VIntid{64 + n}, 0x90);
            v.guest_enable(2, 1U << n);
            v.raise(VIntid{64 + n});
        }
    });
    std::vector<u32> served;
    while (m.guest_signalled() || m.pending_exit()) {
        if (m.pending_exit()) {
            m.interrupt();
            continue;
        }
        const u32 intid = m.gic.guest_acknowledge(0);
        m.gic.guest_end_of_interrupt(0, intid);
        served.push_back(intid);
    }
    CHECK(served == std::vector<u32>{67, 66, 65, 69, 68, 64});
    REQUIRE(m.verdict() == "good");
}
