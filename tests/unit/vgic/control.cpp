// SPDX-License-Identifier: Apache-2.0
// Which events of the guest's interface cause an exit: none as long as nothing waits, then exactly
// those that make room or open a group.
#include "tests/unit/vgic/bare_cpu.hpp"

using namespace hyp;
using test::BareCpu;

namespace {

// A vCPU with `count` list registers; SPIs from 32 on enabled, edge, INTID 32 + n at priority 8 n.
struct One {
    explicit One(u8 count, bool is_v3 = true, Group group = Group::group1)
        : vm{1, group}, cpu{vm, 0, caps_of(count, is_v3, group)} {
        static_cast<void>(cpu.exit([](VcpuIrqs& v) {
            v.set_group_enables(3);
            v.guest_set_edge(1, ~0U, ~0U);
            v.guest_enable(1, ~0U);
            for (u32 n = 0; n < 32; ++n) {
                v.guest_set_priority(VIntid{32 + n}, static_cast<u8>(8 * n));
            }
        }));
    }
    [[nodiscard]] static VgicCaps caps_of(u8 count, bool is_v3, Group group) {
        VgicCaps caps;
        caps.list_registers = count;
        caps.generation = is_v3 ? GicGeneration::v3 : GicGeneration::v2;
        caps.guest_group = group;
        return caps;
    }
    void raise(u32 first, u32 last) {
        static_cast<void>(cpu.exit([&](VcpuIrqs& v) {
            for (u32 n = first; n <= last; ++n) {
                v.raise(VIntid{n});
            }
        }));
    }
    VmIrqs vm;
    BareCpu cpu;
};

constexpr VirtControl nothing{.enable = true};

} // namespace

TEST_CASE("control: no exit is asked for while all have a list register", "[vgic]") {
    for (u8 count = 1; count <= 4; ++count) {
        One one{count};
        CHECK(one.cpu.control == nothing);
        one.raise(40, 39U + count);
        CHECK(one.cpu.control == nothing);
        CHECK(one.cpu.has(VIntid{39U + count}, LrState::pending));
    }
}

TEST_CASE("control: pending ones wait outside", "[vgic]") {
    for (u8 count = 1; count <= 4; ++count) {
        for (const Group group : {Group::group0, Group::group1}) {
            CAPTURE(count, static_cast<int>(group));
            One one{count, true, group};
            one.raise(40, 40U + count);
            VirtControl wanted = nothing;
            wanted.no_pending = true;
            wanted.underflow = count > 1;
            wanted.closed = static_cast<u8>(1U << static_cast<u8>(group));
            CHECK(one.cpu.control == wanted);
            CHECK(one.cpu.find(VIntid{40U + count}) == nullptr);
            one.cpu.acknowledge(VIntid{40});
            one.cpu.end(VIntid{40});
            static_cast<void>(one.cpu.exit());
            CHECK(one.cpu.control == nothing);
            CHECK(one.cpu.has(VIntid{40U + count}, LrState::pending));
        }
    }
}

TEST_CASE("control: an active one waits outside", "[vgic]") {
    for (const bool is_v3 : {false, true}) {
        for (u8 count = 1; count <= 2; ++count) {
            CAPTURE(is_v3, count);
            One one{count, is_v3};
            one.raise(50, 49U + count);
            for (u32 n = 50; n < 50U + count; ++n) {
                one.cpu.acknowledge(VIntid{n});
            }
            one.raise(40, 40); // takes the place of the least important
            CHECK(one.cpu.has(VIntid{40}, LrState::pending));
            CHECK(one.cpu.find(VIntid{49U + count}) == nullptr);
            VirtControl wanted = nothing;
            wanted.entry_not_present = true;
            wanted.underflow = count > 1;
            wanted.trap_deactivate = is_v3;
            CHECK(one.cpu.control == wanted);
            one.cpu.acknowledge(VIntid{40});
            one.cpu.end(VIntid{40});
            static_cast<void>(one.cpu.exit());
            CHECK(one.cpu.has(VIntid{49U + count}, LrState::active));
            CHECK(one.cpu.control == nothing);
        }
    }
}

TEST_CASE("control: a group that the guest keeps closed is waited for", "[vgic]") {
    One one{2};
    one.cpu.open_groups = 1;
    one.raise(40, 42);
    CHECK(one.cpu.find(VIntid{40}) == nullptr);
    VirtControl wanted = nothing;
    wanted.opened = 2;
    CHECK(one.cpu.control == wanted);
    one.cpu.open_groups = 3;
    static_cast<void>(one.cpu.exit());
    CHECK(one.cpu.has(VIntid{40}, LrState::pending));
    CHECK(one.cpu.has(VIntid{41}, LrState::pending));
    wanted = nothing;
    wanted.no_pending = true;
    wanted.underflow = true;
    wanted.closed = 2;
    CHECK(one.cpu.control == wanted);
    one.cpu.open_groups = 0; // closed with two listed: out of the guest's way
    static_cast<void>(one.cpu.exit());
    CHECK(one.cpu.find(VIntid{40}) == nullptr);
    CHECK(one.cpu.find(VIntid{41}) == nullptr);
    wanted = nothing;
    wanted.opened = 2;
    CHECK(one.cpu.control == wanted);
}

TEST_CASE("control: each group is asked for by its own bit", "[vgic]") {
    One one{4};
    one.cpu.open_groups = 0;
    one.raise(40, 41);
    static_cast<void>(one.cpu.exit([](VcpuIrqs& v) { v.guest_set_group(1, ~(1U << 8)); }));
    CHECK(one.cpu.control.opened == 3);
    one.cpu.open_groups = 2;
    static_cast<void>(one.cpu.exit());
    CHECK(one.cpu.control.opened == 1);
    CHECK(one.cpu.has(VIntid{41}, LrState::pending));
    CHECK(one.cpu.find(VIntid{40}) == nullptr);
    CHECK(one.cpu.control.closed == 0); // nothing waits behind it
}
