// SPDX-License-Identifier: Apache-2.0
// What a vCPU derived from a shared word may be out of date: whoever acts on it does no harm.
#include "tests/unit/vgic/bare_cpu.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

constexpr VIntid spi{40};
constexpr unsigned word = 1;
constexpr u32 bit = 1U << 8U;

[[nodiscard]] LrFile no_list_registers(const VcpuIrqs& irqs) {
    LrFile file;
    file.live = irqs.live_list_registers();
    file.regs.fill(ListReg{});
    return file;
}

// The words of the private and of the first SPIs.
[[nodiscard]] PhysWords physical(u32 pending, u32 active) {
    PhysWords words;
    words.known = 3;
    words.pending.fill(0);
    words.active.fill(0);
    words.pending[1] = pending;
    words.active[1] = active;
    return words;
}

} // namespace

TEST_CASE("ICPENDR, then ISPENDR, of what another vCPU has listed: it is pending", "[vgic]") {
    const VgicCaps caps;
    VmIrqs vm{2, Group::group1};
    test::BareCpu zero{vm, 0, caps};
    test::BareCpu one{vm, 1, caps};
    static_cast<void>(zero.exit([](VcpuIrqs& v) {
        v.set_group_enables(3);
        v.guest_set_edge(word, bit, bit);
        v.set_route(spi, VcpuIndex{1});
        v.guest_enable(word, bit);
        v.raise(spi);
    }));
    static_cast<void>(one.exit());
    REQUIRE(one.has(spi, LrState::pending));
    SECTION("both") {
        static_cast<void>(zero.exit([](VcpuIrqs& v) { v.guest_clear_pending(word, bit); }));
        static_cast<void>(zero.exit([](VcpuIrqs& v) { v.guest_set_pending(word, bit); }));
        static_cast<void>(one.exit());
        CHECK(one.has(spi, LrState::pending));
    }
    SECTION("ICPENDR alone") {
        static_cast<void>(zero.exit([](VcpuIrqs& v) { v.guest_clear_pending(word, bit); }));
        static_cast<void>(one.exit());
        CHECK_FALSE(one.irqs.is_listed(spi));
        CHECK_FALSE(vm.word(spi).is_held());
    }
}

TEST_CASE("a forwarded level that is sent to nobody: its line is looked at", "[vgic]") {
    VmIrqs vm{1, Group::group1};
    VcpuIrqs v{vm, VcpuIndex{0}, VgicCaps{}};
    v.map_hardware(spi, PIntid{40}, Trigger::level);
    static_cast<void>(v.flush());
    v.sync(no_list_registers(v), physical(0, 0));
    v.set_group_enables(3);
    v.guest_enable(word, bit);
    v.set_route(spi, nobody);
    static_cast<void>(v.flush());
    v.sync(no_list_registers(v), physical(bit, 0));
    REQUIRE(v.on_physical(PIntid{40}));
    static_cast<void>(v.flush());
    CHECK(v.needs_phys(no_list_registers(v)) == 2);
    const PhysWords low = physical(0, bit);
    v.sync(no_list_registers(v), low);
    CHECK((v.pending_word(word, low) & bit) == 0);
    v.set_route(spi, VcpuIndex{0});
    static_cast<void>(v.flush());
    CHECK_FALSE(v.is_listed(spi));
}

TEST_CASE("a level that a third vCPU sent on is not ended by whom it was sent to first", "[vgic]") {
    VmIrqs vm{3, Group::group1};
    VcpuIrqs a{vm, VcpuIndex{0}, VgicCaps{}};
    VcpuIrqs b{vm, VcpuIndex{1}, VgicCaps{}};
    VcpuIrqs c{vm, VcpuIndex{2}, VgicCaps{}};
    vm.map_hardware(spi, PIntid{40}, Trigger::level);
    for (VcpuIrqs* v : {&a, &b, &c}) {
        static_cast<void>(v->flush());
    }
    c.set_group_enables(1); // it waits
    c.guest_enable(word, bit);
    c.set_route(spi, VcpuIndex{0});
    a.sync(no_list_registers(a), physical(bit, bit));
    REQUIRE(a.on_physical(PIntid{40}));
    static_cast<void>(a.flush());
    REQUIRE(a.is_owed(spi));
    c.set_route(spi, VcpuIndex{1});
    c.set_group_enables(3);
    CHECK(c.take_kicks() == 3); // the old target, too
    b.sync(no_list_registers(b), physical(bit, bit));
    static_cast<void>(b.flush());
    REQUIRE(b.is_listed(spi));
    a.sync(no_list_registers(a), physical(0, bit)); // served: the line is low
    static_cast<void>(a.flush());
    PhysChange change{};
    PIntid pintid{0};
    while (a.take_change(change, pintid)) {
        CHECK_FALSE((change == PhysChange::clear_active && pintid == PIntid{40}));
    }
}
