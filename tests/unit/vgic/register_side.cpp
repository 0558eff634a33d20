// SPDX-License-Identifier: Apache-2.0
// What a guest's register writes do to the list registers and to the physical distributor, case by
// case: of two opposite changes the later one, a group that moves, senders, lines of software.
#include "tests/unit/vgic/bare_cpu.hpp"

#include "hyp/core/fast/plan.hpp"

#include <vector>

using namespace hyp;
using test::BareCpu;

namespace {

constexpr VIntid device{40};
constexpr VIntid soft{50};
constexpr u32 device_bit = 1U << 8U;
constexpr u32 soft_bit = 1U << 18U;

[[nodiscard]] VgicCaps caps_of(GicGeneration generation, Group group) {
    VgicCaps caps;
    caps.generation = generation;
    caps.guest_group = group;
    return caps;
}

struct One {
    explicit One(GicGeneration generation = GicGeneration::v3, Group group = Group::group1)
        : vm{1, group}, cpu{vm, 0, caps_of(generation, group)} {
        irqs.map_hardware(device, PIntid{200}, Trigger::level);
        irqs.set_group_enables(3);
        irqs.guest_enable(0, ~0U);
        irqs.guest_enable(1, soft_bit | device_bit);
        irqs.guest_set_priority(soft, 0x40);
        static_cast<void>(cpu.enter());
        static_cast<void>(changes());
    }
    // Kinds of the changes due, all of the device.
    [[nodiscard]] std::vector<PhysChange> changes() {
        std::vector<PhysChange> out;
        PhysChange change{};
        PIntid pintid{0};
        while (irqs.take_change(change, pintid)) {
            CHECK(pintid == PIntid{200});
            out.push_back(change);
        }
        return out;
    }
    template <class Operation>
    void exit(Operation operation) {
        static_cast<void>(cpu.exit(operation));
    }
    VmIrqs vm;
    BareCpu cpu;
    VcpuIrqs& irqs = cpu.irqs;
};

using Changes = std::vector<PhysChange>;

} // namespace

TEST_CASE("of two opposite changes before an entry the later one stands", "[vgic]") {
    One one;
    VcpuIrqs& v = one.irqs;
    v.guest_disable(1, device_bit);
    v.guest_enable(1, device_bit);
    CHECK(one.changes() == Changes{PhysChange::enable});
    v.guest_disable(1, device_bit);
    v.guest_enable(1, device_bit);
    v.guest_disable(1, device_bit);
    CHECK(one.changes() == Changes{PhysChange::disable});
    v.guest_set_edge(1, device_bit, device_bit);
    v.guest_set_edge(1, 0, device_bit);
    CHECK(one.changes() == Changes{PhysChange::level});
    v.guest_set_edge(1, device_bit, device_bit);
    CHECK(one.changes() == Changes{PhysChange::edge});
    v.guest_set_edge(1, 0, device_bit);
    v.guest_set_edge(1, device_bit, device_bit);
    CHECK(one.changes() == Changes{PhysChange::edge});
    v.guest_clear_pending(1, device_bit);
    v.guest_set_pending(1, device_bit);
    CHECK(one.changes() == Changes{PhysChange::set_pending});
    v.guest_set_pending(1, device_bit);
    v.guest_clear_pending(1, device_bit);
    CHECK(one.changes() == Changes{PhysChange::clear_pending});
    v.guest_set_active(1, device_bit);
    v.guest_clear_active(1, device_bit);
    CHECK(one.changes() == Changes{PhysChange::clear_active});
    v.guest_set_active(1, device_bit);
    v.guest_clear_active(1, device_bit);
    v.guest_set_active(1, device_bit);
    CHECK(one.changes() == Changes{PhysChange::set_active});
}

TEST_CASE("changes come in the order of their kinds, all that there are", "[vgic]") {
    One one;
    one.irqs.guest_set_active(1, device_bit);
    one.irqs.guest_set_edge(1, device_bit, device_bit);
    one.irqs.guest_set_pending(1, device_bit);
    one.irqs.guest_disable(1, device_bit);
    CHECK(one.irqs.flush().physical);
    CHECK(one.changes() == Changes{PhysChange::disable, PhysChange::edge, PhysChange::set_active,
                                   PhysChange::set_pending});
    CHECK(!one.irqs.flush().physical);
}

TEST_CASE("a listed interrupt's group moves with its register", "[vgic]") {
    One one;
    one.exit([](VcpuIrqs& v) { v.raise(soft); });
    REQUIRE(one.cpu.find(soft) != nullptr);
    CHECK(one.cpu.find(soft)->group() == Group::group1);
    one.exit([](VcpuIrqs& v) { v.guest_set_group(1, ~soft_bit); });
    REQUIRE(one.cpu.has(soft, LrState::pending));
    CHECK(one.cpu.find(soft)->group() == Group::group0);
    one.exit([](VcpuIrqs& v) { v.guest_set_group(1, ~0U); });
    CHECK(one.cpu.find(soft)->group() == Group::group1);
}

TEST_CASE("a level of software: listed while its line is high", "[vgic]") {
    One one;
    one.exit([](VcpuIrqs& v) { v.set_line(soft, true); });
    REQUIRE(one.cpu.has(soft, LrState::pending));
    CHECK(one.cpu.find(soft)->notify() == EoiNotify::yes);
    one.exit([](VcpuIrqs& v) { v.set_line(soft, false); });
    CHECK(one.cpu.find(soft) == nullptr);
    CHECK(!one.irqs.at(soft).is_pending());
    one.exit([](VcpuIrqs& v) { v.set_line(soft, true); });
    one.cpu.acknowledge(soft);
    one.exit([](VcpuIrqs& v) { v.set_line(soft, false); });
    CHECK(one.cpu.has(soft, LrState::active)); // the guest has it
    one.cpu.end(soft);
    one.exit([](VcpuIrqs&) {});
    CHECK(one.cpu.find(soft) == nullptr);
}

TEST_CASE("an edge of software, and a level that was raised, stay when the line drops", "[vgic]") {
    One one;
    one.exit([](VcpuIrqs& v) {
        v.raise(soft);
        v.set_line(soft, true);
    });
    one.exit([](VcpuIrqs& v) { v.set_line(soft, false); });
    CHECK(one.cpu.has(soft, LrState::pending));
    One other;
    other.irqs.guest_set_edge(1, soft_bit, soft_bit);
    other.exit([](VcpuIrqs& v) { v.set_line(soft, true); });
    CHECK(other.cpu.find(soft) == nullptr); // a line is no edge
    other.exit([](VcpuIrqs& v) { v.raise(soft); });
    other.exit([](VcpuIrqs& v) { v.set_line(soft, false); });
    CHECK(other.cpu.has(soft, LrState::pending));
}

TEST_CASE("an SGI's senders, one at a time, the lowest first", "[vgic]") {
    One one{GicGeneration::v2, Group::group0};
    const VIntid sgi{3};
    one.exit([&](VcpuIrqs& v) { v.receive_sgi(sgi, 0b1010); });
    REQUIRE(one.cpu.has(sgi, LrState::pending));
    CHECK(one.cpu.find(sgi)->source() == 1);
    CHECK(one.cpu.find(sgi)->notify() == EoiNotify::yes); // the other waits
    CHECK(one.irqs.pending_sources(sgi) == 0b1010);
    one.exit([&](VcpuIrqs& v) { v.receive_sgi(sgi, 0b0010); }); // merges with the one listed
    CHECK(one.irqs.pending_sources(sgi) == 0b1010);
    one.exit([&](VcpuIrqs& v) { v.guest_clear_sources(sgi, 0b0010); });
    CHECK(one.irqs.pending_sources(sgi) == 0b1000);
    CHECK(one.cpu.find(sgi)->source() == 3);
    CHECK(one.cpu.find(sgi)->notify() == EoiNotify::no);
    one.cpu.acknowledge(sgi);
    one.exit([&](VcpuIrqs& v) { v.receive_sgi(sgi, 0b1001); });
    CHECK(one.cpu.has(sgi, LrState::active)); // each sender's is one of its own
    CHECK(one.irqs.pending_sources(sgi) == 0b1001);
    one.exit([&](VcpuIrqs& v) { v.guest_clear_sources(sgi, 0b1000); });
    CHECK(one.irqs.pending_sources(sgi) == 0b0001);
    one.exit([&](VcpuIrqs& v) { v.guest_clear_sources(sgi, 0b0001); });
    CHECK(one.irqs.pending_sources(sgi) == 0);
    one.cpu.end(sgi);
    one.exit([](VcpuIrqs&) {});
    CHECK(one.cpu.find(sgi) == nullptr);
}

TEST_CASE("all off is what a maintenance interrupt asks for; the next entry decides anew",
          "[vgic]") {
    One one;
    CHECK(one.cpu.control == VirtControl{.enable = true});
    CHECK(one.irqs.on_maintenance() == VirtControl{});
    CHECK(one.irqs.control() == VirtControl{});
    one.cpu.control = VirtControl{};
    static_cast<void>(one.cpu.enter());
    CHECK(one.cpu.control == VirtControl{.enable = true});
}

TEST_CASE("physical words: what was read, and nothing beyond", "[vgic]") {
    const PhysWords own = PhysWords::only_private(1U << 27U | 1U, 1U << 30U);
    for (u32 n = 0; n < 32; ++n) {
        CHECK(own.knows(PIntid{n}));
        CHECK(own.is_pending(PIntid{n}) == (n == 27 || n == 0));
        CHECK(own.is_active(PIntid{n}) == (n == 30));
    }
    CHECK(!own.knows(PIntid{32}));
    PhysWords all;
    CHECK(all.known == 0);
    all.known = ~0U;
    CHECK(all.knows(PIntid{1023}));
    CHECK(!all.knows(PIntid{1024}));
    CHECK(!all.knows(PIntid{8192}));
    const LrFile file;
    CHECK((file.live == 0 && file.eoi_count == 0 && !file.split_eoi && file.open_groups == 3));
    const Entry entry;
    CHECK((entry.clear == 0 && entry.write == 0 && !entry.physical && !entry.control_changed));
    CHECK(gicd_hpfar == 0x8'0000); // FIPA, bits 47:12 of the IPA, from bit 4 on
}

// ISACTIVER names no sender; whoever was the last one's is not this one's.
TEST_CASE("an SGI of GICv2 that ISACTIVER makes active has CPU 0 as its sender", "[vgic]") {
    One one{GicGeneration::v2, Group::group0};
    constexpr VIntid sgi{3};
    const auto active_from = [&](u8 sender) {
        return one.cpu.has(sgi, LrState::active) && one.cpu.find(sgi)->source() == sender;
    };
    one.exit([&](VcpuIrqs& v) { v.receive_sgi(sgi, 1U << 5U); });
    one.cpu.acknowledge(sgi);
    one.exit([](VcpuIrqs& v) { v.guest_disable(0, 0); });
    CHECK(active_from(5));
    one.exit([](VcpuIrqs& v) {
        for (u32 n = 0; n < 4; ++n) { // more urgent than it: it is spilled, with its sender
            v.guest_set_edge(1, ~0U, 0xfU << 20U);
            v.guest_enable(1, 0xfU << 20U);
            v.raise(VIntid{52 + n});
        }
    });
    CHECK(one.cpu.find(sgi) == nullptr);
    one.exit([](VcpuIrqs& v) { v.guest_clear_active(0, 1U << 3U); });
    for (u32 n = 0; n < 4; ++n) {
        one.cpu.end(VIntid{52 + n});
    }
    one.exit([](VcpuIrqs& v) { v.guest_set_active(0, 1U << 3U); });
    CHECK(active_from(0));
}
