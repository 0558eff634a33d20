// SPDX-License-Identifier: Apache-2.0
// The GICv2 that does not look at a line again after the guest's deactivation: exactly two list
// registers are valid while a forwarded interrupt is in one, if need be by a dummy.
#include "tests/unit/vgic/bare_cpu.hpp"

using namespace hyp;
using test::BareCpu;

namespace {

constexpr VIntid device{40};
constexpr VIntid dummy{1000};

struct One {
    explicit One(u8 list_registers) : cpu{vm, 0, caps_of(list_registers)} {
        cpu.irqs.map_hardware(device, PIntid{200}, Trigger::edge);
        cpu.irqs.set_group_enables(3);
        cpu.irqs.guest_set_edge(1, ~0U, ~0U);
        cpu.irqs.guest_enable(1, ~0U);
        static_cast<void>(cpu.enter());
    }
    [[nodiscard]] static VgicCaps caps_of(u8 list_registers) {
        VgicCaps caps;
        caps.generation = GicGeneration::v2;
        caps.guest_group = Group::group0;
        caps.list_registers = list_registers;
        caps.quirk_no_reevaluation = true;
        return caps;
    }
    void arrive() {
        static_cast<void>(cpu.exit([](VcpuIrqs& v) { CHECK(v.on_physical(PIntid{200})); }));
    }
    void raise(u32 vintid) {
        static_cast<void>(cpu.exit([&](VcpuIrqs& v) { v.raise(VIntid{vintid}); }));
    }
    [[nodiscard]] unsigned valid() const {
        unsigned count = 0;
        for (const ListReg& lr : cpu.lrs) {
            count += lr.is_valid() ? 1U : 0U;
        }
        return count;
    }
    VmIrqs vm{1, Group::group0};
    BareCpu cpu;
};

} // namespace

TEST_CASE("the dummy stands beside one interrupt, and no mask lets it through", "[vgic]") {
    for (u8 count = 2; count <= 4; ++count) {
        CAPTURE(count);
        One one{count};
        CHECK(one.valid() == 0);
        one.arrive();
        CHECK(one.valid() == 2);
        REQUIRE(one.cpu.has(device, LrState::pending));
        CHECK(one.cpu.find(device)->is_hardware());
        REQUIRE(one.cpu.has(dummy, LrState::pending));
        CHECK(*one.cpu.find(dummy) == ListReg::software(dummy, Priority{0xf8}, Group::group0));
        CHECK(one.cpu.control == VirtControl{.enable = true, .underflow = true});
        one.raise(50); // two real ones
        CHECK(one.valid() == 2);
        CHECK(one.cpu.find(dummy) == nullptr);
        one.raise(51); // waits, whatever list registers there are
        CHECK(one.valid() == 2);
        CHECK(one.cpu.find(VIntid{51}) == nullptr);
        CHECK(one.cpu.control.no_pending);
        one.cpu.acknowledge(device);
        one.cpu.end(device);
        static_cast<void>(one.cpu.exit());
        CHECK(one.valid() == 2);
        CHECK(one.cpu.has(VIntid{51}, LrState::pending));
        CHECK(one.cpu.control == VirtControl{.enable = true}); // none is forwarded
        one.cpu.end(VIntid{50});
        static_cast<void>(one.cpu.exit());
        CHECK(one.cpu.find(dummy) != nullptr);
        CHECK(one.cpu.control == VirtControl{.enable = true});
    }
}

TEST_CASE("with one list register there is no dummy, and EL2 ends the interrupt", "[vgic]") {
    One one{1};
    one.arrive();
    CHECK(one.valid() == 1);
    REQUIRE(one.cpu.has(device, LrState::pending));
    CHECK(!one.cpu.find(device)->is_hardware());
    CHECK(one.cpu.find(device)->notify() == EoiNotify::yes);
    PhysChange change{};
    PIntid pintid{0};
    while (one.cpu.irqs.take_change(change, pintid)) {
        CHECK(change == PhysChange::enable); // the guest's
    }
    one.cpu.acknowledge(device);
    one.cpu.end(device);
    static_cast<void>(one.cpu.exit());
    CHECK(one.valid() == 0);
    REQUIRE(one.cpu.irqs.take_change(change, pintid));
    CHECK(change == PhysChange::clear_active);
    CHECK(pintid == PIntid{200});
}
