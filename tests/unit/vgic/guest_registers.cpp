// SPDX-License-Identifier: Apache-2.0
// The guest's pending and active registers on forwarded interrupts, and senders of SGIs: the corners
// that no walk of a well-behaved guest reaches.
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;
constexpr u32 disk_bit = 1U << (disk - 32);
constexpr u32 timer_bit = 1U << timer;

// The ghost does not follow these registers.
template <GicGeneration G, unsigned L>
[[nodiscard]] Machine<G, L> machine() {
    Setup setup;
    setup.lawless = true;
    return Machine<G, L>{setup};
}

template <class M>
void pulse(M& m) {
    m.line(disk, true);
    m.line(disk, false);
}

template <class M>
[[nodiscard]] model::LrState state_of(const M& m, u32 vintid) {
    for (unsigned i = 0; i < m.irqs.caps().list_registers; ++i) {
        const model::LrFields lr = model::decode_lr(m.gic.options().generation, m.gic.lr(0, i));
        if (lr.vintid == vintid && lr.state != model::LrState::invalid) {
            return lr.state;
        }
    }
    return model::LrState::invalid;
}

} // namespace

TEST_CASE("ISACTIVER of a pending edge: active now, pending again afterwards", "[vgic]") {
    Machine<v3, 4> m = machine<v3, 4>();
    pulse(m);
    m.interrupt();
    m.trap([](VcpuIrqs& v) { v.guest_set_active(1, disk_bit); });
    CHECK(state_of(m, disk) == model::LrState::active);
    CHECK(m.gic.active(0, disk));
    CHECK(m.gic.pending(0, disk)); // kept by the distributor
    m.trap([](VcpuIrqs& v) { v.guest_clear_active(1, disk_bit); });
    CHECK(state_of(m, disk) == model::LrState::invalid);
    CHECK(!m.gic.active(0, disk));
    REQUIRE(m.pending_exit());
    m.interrupt();
    CHECK(state_of(m, disk) == model::LrState::pending);
    CHECK(m.verdict() == "good");
}

TEST_CASE("ISACTIVER of a pending level: its line decides what comes after", "[vgic]") {
    Machine<v3, 4> m = machine<v3, 4>();
    m.line(timer, true);
    m.interrupt();
    m.trap([](VcpuIrqs& v) { v.guest_set_active(0, timer_bit); });
    CHECK(state_of(m, timer) == model::LrState::active);
    m.line(timer, false);
    m.trap([](VcpuIrqs& v) { v.guest_clear_active(0, timer_bit); });
    CHECK(!m.gic.active(0, timer));
    CHECK(!m.pending_exit());
    CHECK(m.verdict() == "good");
}

TEST_CASE("ISACTIVER of an idle forwarded INTID holds it back on both sides", "[vgic]") {
    Machine<v3, 4> m = machine<v3, 4>();
    m.trap([](VcpuIrqs& v) { v.guest_set_active(0, timer_bit); });
    CHECK(m.gic.active(0, timer));
    CHECK(state_of(m, timer) == model::LrState::active);
    m.line(timer, true);
    CHECK(!m.pending_exit());
    m.trap([](VcpuIrqs& v) { v.guest_clear_active(0, timer_bit); });
    CHECK(m.pending_exit());
    CHECK(m.verdict() == "good");
}

// QEMU's GICv2 sets eight active bits and clears one: such an interrupt is ended by EL2.
TEST_CASE("ISACTIVER of an idle forwarded SPI, with and without the per-CPU fault", "[vgic]") {
    for (const bool fault : {false, true}) {
        Setup setup;
        setup.spi_fault = fault;
        setup.lawless = true; // the ghost knows nothing of ISACTIVER
        Machine<v2, 4> m{setup};
        m.trap([](VcpuIrqs& v) { v.guest_set_active(1, disk_bit); });
        CHECK(m.gic.active(0, disk));
        CHECK(m.irqs.active_word(1) == disk_bit);
        CHECK(m.irqs.in_hardware(LrIndex{3}).is_hardware() == !fault);
        m.trap([](VcpuIrqs& v) { v.on_deactivate(VIntid{disk}); });
        CHECK(!m.gic.active(0, disk));
        CHECK(m.irqs.active_word(1) == 0);
        pulse(m);
        m.interrupt();
        CHECK(m.irqs.in_hardware(device_home(0)).is_hardware());
        CHECK((m.acknowledge() & 0x3ffU) == disk);
        m.end(0);
        m.trap([](VcpuIrqs&) {});
        CHECK(!m.gic.active(0, disk));
        CHECK(m.verdict() == "good");
    }
}

// Where ISPENDR of a PPI has no effect: once idle, once while the guest has it.
TEST_CASE("ISPENDR of a forwarded PPI without ISPENDR", "[vgic]") {
    Setup setup;
    setup.ppi_fault = true;
    setup.lawless = true; // the ghost knows nothing of ISPENDR
    Machine<v2, 4> m{setup};
    const auto set_pending = [&] {
        m.trap([](VcpuIrqs& v) { v.guest_set_pending(0, timer_bit); });
    };
    set_pending();
    CHECK(m.gic.active(0, timer));
    m.trap([](VcpuIrqs&) {}); // the line is low; it stays
    CHECK((m.gic.guest_acknowledge(0) & 0x3ffU) == timer);
    set_pending(); // active: once more
    m.gic.guest_end_of_interrupt(0, timer);
    REQUIRE(m.pending_exit());
    m.interrupt();
    CHECK((m.gic.guest_acknowledge(0) & 0x3ffU) == timer);
    m.gic.guest_end_of_interrupt(0, timer);
    m.trap([](VcpuIrqs&) {});
    CHECK(!m.guest_signalled());
    CHECK(!m.gic.active(0, timer));
    CHECK(m.verdict() == "good");
}

TEST_CASE("ISPENDR of a waiting level: kept although the line drops, delivered once", "[vgic]") {
    Machine<v3, 4> m = machine<v3, 4>();
    m.line(timer, true);
    m.interrupt();
    m.trap([](VcpuIrqs& v) { v.guest_set_pending(0, timer_bit); });
    m.line(timer, false);
    m.trap([](VcpuIrqs&) {});
    CHECK(state_of(m, timer) == model::LrState::pending);
    m.trap([](VcpuIrqs& v) { v.set_group_enables(0); }); // back to where it waits
    m.trap([](VcpuIrqs&) {});
    CHECK(m.irqs.is_owed(VIntid{timer}));
    m.trap([](VcpuIrqs& v) { v.set_group_enables(2); });
    CHECK(m.gic.guest_acknowledge(0) == timer);
    m.trap([](VcpuIrqs&) {});
    CHECK(!m.irqs.is_forced(VIntid{timer}));
    m.gic.guest_end_of_interrupt(0, timer);
    m.trap([](VcpuIrqs&) {});
    CHECK(!m.gic.active(0, timer));
    // The next one is a level again: it goes when the line does.
    m.line(timer, true);
    m.interrupt();
    m.line(timer, false);
    m.trap([](VcpuIrqs&) {});
    CHECK(state_of(m, timer) == model::LrState::invalid);
    CHECK(m.verdict() == "good");
}

TEST_CASE("ISPENDR and ICPENDR of a disabled forwarded level", "[vgic]") {
    Machine<v3, 4> m = machine<v3, 4>();
    m.trap([](VcpuIrqs& v) {
        v.guest_disable(0, timer_bit);
        v.guest_set_pending(0, timer_bit);
    });
    CHECK(!m.gic.pending(0, timer)); // a latch there would be the next vCPU's
    CHECK((m.irqs.pending_word(0, PhysWords{}) & timer_bit) != 0);
    CHECK(!m.guest_signalled());
    m.trap([](VcpuIrqs& v) { v.guest_clear_pending(0, timer_bit); });
    CHECK((m.irqs.pending_word(0, PhysWords{}) & timer_bit) == 0);
    CHECK(!m.gic.active(0, timer));
    m.trap([](VcpuIrqs& v) { v.guest_enable(0, timer_bit); });
    CHECK(!m.pending_exit());
    CHECK(!m.irqs.is_forced(VIntid{timer}));
}

TEST_CASE("CPENDSGIR takes one sender away, listed or waiting", "[vgic]") {
    Machine<v2, 4> m = machine<v2, 4>();
    const VIntid sgi{self_sgi};
    m.trap([&](VcpuIrqs& v) { v.guest_set_sources(sgi, 0b1011); });
    CHECK(m.irqs.pending_sources(sgi) == 0b1011); // 0 is listed, 1 and 3 wait
    m.trap([&](VcpuIrqs& v) { v.guest_clear_sources(sgi, 0b0010); });
    CHECK(m.irqs.pending_sources(sgi) == 0b1001);
    CHECK(m.irqs.is_listed(sgi));
    m.trap([&](VcpuIrqs& v) { v.guest_clear_sources(sgi, 0b0001); });
    CHECK(m.irqs.pending_sources(sgi) == 0b1000);
    CHECK(m.gic.guest_acknowledge(0) == (self_sgi | 3U << 10U));
    m.trap([&](VcpuIrqs& v) { v.guest_set_sources(sgi, 0b1000); }); // active and pending again
    m.gic.guest_end_of_interrupt(0, self_sgi | 3U << 10U);
    REQUIRE(m.pending_exit());
    m.interrupt();
    CHECK(m.gic.guest_acknowledge(0) == (self_sgi | 3U << 10U));
    CHECK(m.verdict() == "good");
}

TEST_CASE("a pending SPI that is routed away leaves its list register", "[vgic]") {
    Machine<v3, 4> m = machine<v3, 4>();
    m.raise_spi();
    CHECK(state_of(m, soft_spi) == model::LrState::pending);
    m.trap([](VcpuIrqs& v) { v.set_route(VIntid{soft_spi}, nobody); });
    CHECK(state_of(m, soft_spi) == model::LrState::invalid);
    CHECK(m.irqs.pending_word(1, PhysWords{}) == 1U << (soft_spi - 32));
    m.trap([](VcpuIrqs& v) { v.set_route(VIntid{soft_spi}, VcpuIndex{0}); });
    CHECK(state_of(m, soft_spi) == model::LrState::pending);
}

TEST_CASE("marking an interrupt that is known already changes nothing", "[vgic]") {
    Machine<v3, 1> m = machine<v3, 1>();
    m.line(timer, true);
    m.interrupt();
    m.irqs.mark_expired(VIntid{timer}); // listed
    CHECK(!m.irqs.flush().physical);
    m.trap([](VcpuIrqs& v) { v.set_group_enables(0); });
    CHECK(m.irqs.is_owed(VIntid{timer}));
    m.irqs.mark_expired(VIntid{timer});
    CHECK(!m.irqs.flush().physical);
    m.trap([](VcpuIrqs& v) { v.set_group_enables(2); });
    CHECK(m.gic.guest_acknowledge(0) == timer);
    m.trap([](VcpuIrqs& v) { v.raise(VIntid{soft_spi}); }); // spills the active one
    CHECK(m.irqs.is_spilled(VIntid{timer}));
    m.irqs.mark_expired(VIntid{timer});
    CHECK(!m.irqs.flush().physical);
}

// Acknowledged just before the disable reached the distributor: the distributor keeps a level.
TEST_CASE("a level that arrives disabled is not held active; an edge is", "[vgic]") {
    Machine<v3, 4> m = machine<v3, 4>();
    m.trap([](VcpuIrqs& v) {
        v.guest_disable(0, timer_bit);
        v.guest_disable(1, disk_bit);
    });
    m.driver().set_active(PIntid{timer});
    m.driver().set_active(PIntid{disk});
    m.trap([](VcpuIrqs& v) {
        CHECK(v.on_physical(PIntid{timer}));
        CHECK(v.on_physical(PIntid{disk}));
        v.mark_expired(VIntid{timer}); // disabled: nothing
    });
    CHECK(!m.gic.active(0, timer));
    CHECK(!m.irqs.is_owed(VIntid{timer}));
    CHECK(m.gic.active(0, disk));
    CHECK(m.irqs.is_owed(VIntid{disk}));
    m.trap([](VcpuIrqs& v) { v.guest_set_edge(1, 0, disk_bit); }); // it is a level from here on
    CHECK(!m.gic.active(0, disk));
    CHECK(!m.irqs.is_owed(VIntid{disk}));
    m.trap([](VcpuIrqs& v) { v.mark_expired(VIntid{timer}); });
    CHECK(!m.gic.active(0, timer));
    CHECK(m.verdict() == "good");
}
