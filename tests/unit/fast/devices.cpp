// SPDX-License-Identifier: Apache-2.0
// The plan's words for forwarded devices and for SGIs to oneself, as numbers.
#include "hyp/core/fast/plan.hpp"
#include "tests/unit/vgic/bare_cpu.hpp"

using namespace hyp;
using test::BareCpu;

namespace {

constexpr VIntid disk{40};
constexpr VIntid uart{41};

struct One {
    explicit One(GicGeneration generation) : cpu{vm, 1, caps_of(generation)} {
        for (const VIntid vintid : {disk, uart}) {
            cpu.irqs.map_hardware(vintid, PIntid{vintid.value() + 160}, Trigger::edge);
            cpu.irqs.set_route(vintid, VcpuIndex{1});
        }
        cpu.irqs.set_group_enables(3);
        cpu.irqs.guest_enable(0, ~0U);
        cpu.irqs.guest_enable(1, ~0U);
        cpu.irqs.guest_set_priority(disk, 0x48);
        static_cast<void>(cpu.enter());
    }
    [[nodiscard]] static VgicCaps caps_of(GicGeneration generation) {
        VgicCaps caps;
        caps.generation = generation;
        caps.guest_group = sgi_group(generation);
        return caps;
    }
    // It arrives, and the guest serves it.
    void serve(VIntid vintid) {
        static_cast<void>(
            cpu.exit([&](VcpuIrqs& v) { CHECK(v.on_physical(PIntid{vintid.value() + 160})); }));
        cpu.acknowledge(vintid);
        cpu.end(vintid);
        static_cast<void>(cpu.exit());
    }
    [[nodiscard]] FastPlan plan() {
        return plan_for(cpu.irqs, FastPath::allowed, Affinity{4, 3, 2, 17});
    }
    VmIrqs vm{2, sgi_group(GicGeneration::v2)};
    BareCpu cpu;
};

} // namespace

TEST_CASE("a device's word is armed once it has a home", "[fast]") {
    One one{GicGeneration::v3};
    CHECK(one.plan().device == std::array<u32, 2>{});
    CHECK(one.plan().device_lr == std::array<u64, 2>{});
    one.serve(disk);
    CHECK(one.plan().device == std::array<u32, 2>{200, 0});
    // Pending, HW, Group 0, priority 0x48, physical INTID 200, virtual 40.
    CHECK(one.plan().device_lr == std::array<u64, 2>{0x6048'00c8'0000'0028, 0});
    one.serve(uart);
    CHECK(one.plan().device == std::array<u32, 2>{200, 201});
    CHECK(one.plan().device_lr == std::array<u64, 2>{0x6048'00c8'0000'0028, 0x6000'00c9'0000'0029});
    static_cast<void>(one.cpu.exit([](VcpuIrqs& v) { v.guest_disable(1, 1U << 8U); }));
    CHECK(one.plan().device_lr == std::array<u64, 2>{0, 0x6000'00c9'0000'0029});
}

TEST_CASE("the request of an SGI to oneself, as each GIC has it", "[fast]") {
    One old{GicGeneration::v2};
    CHECK(old.plan().sgi_to_self == 0x0002'0000); // GICD_SGIR, CPU 1
    One now{GicGeneration::v3};
    CHECK(now.plan().sgi_to_self == sgi_to(Affinity{4, 3, 2, 17}));
    CHECK(now.plan().registers == std::array<u32, 4>{0x53, 8 | 9U << 19U, 0xba00'043b, 0});
    CHECK(old.plan().registers == std::array<u32, 4>{3, 8 | 1U << 5U, 0xba00'043b, 0});
    CHECK(now.plan().gicd == 0x8'0000);
    CHECK(now.plan().spis == now.vm.words());
}
