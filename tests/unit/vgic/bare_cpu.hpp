// SPDX-License-Identifier: Apache-2.0
// One vCPU with nothing around it but its list registers: what flush() wants is there at once, and a
// test plays the guest on them. For what the decisions are, where the reference GIC (machine.hpp)
// shows what they lead to.
#pragma once

#include "hyp/core/vgic/vcpu_irqs.hpp"

#include <catch2/catch.hpp>

#include <array>

namespace hyp::test {

struct BareCpu {
    BareCpu(VmIrqs& vm, u8 self, const VgicCaps& caps) : irqs{vm, VcpuIndex{self}, caps} {
        static_cast<void>(enter());
    }
    VcpuIrqs irqs;
    std::array<ListReg, 4> lrs{};
    VirtControl control{};
    u8 open_groups = 3;
    u8 eoi_count = 0;

    // An exit, what EL2 does in it, and the entry; the vCPUs to wake.
    template <class Operation>
    u32 exit(Operation operation) {
        LrFile file;
        file.live = irqs.live_list_registers();
        file.open_groups = open_groups;
        file.eoi_count = irqs.needs_eoi_count() ? eoi_count : u8{0};
        eoi_count = 0;
        for (unsigned i = 0; i < lrs.size(); ++i) {
            file.regs[i] = lrs[i];
        }
        irqs.sync(file, PhysWords{});
        operation(irqs);
        return enter();
    }
    u32 exit() {
        return exit([](VcpuIrqs&) {});
    }
    u32 enter() {
        const Entry entry = irqs.flush();
        for (u8 i = 0; i < lrs.size(); ++i) {
            if ((entry.clear >> i & 1U) != 0) {
                lrs[i] = ListReg{};
            }
            if ((entry.write >> i & 1U) != 0) {
                lrs[i] = irqs.list_register(LrIndex{i});
            }
        }
        CHECK(entry.control_changed == !(entry.control == control));
        control = entry.control;
        return irqs.take_kicks();
    }
    [[nodiscard]] ListReg* find(VIntid vintid) {
        for (ListReg& lr : lrs) {
            if (lr.is_valid() && lr.vintid() == vintid) {
                return &lr;
            }
        }
        return nullptr;
    }
    [[nodiscard]] bool has(VIntid vintid, LrState state) {
        const ListReg* const lr = find(vintid);
        return lr != nullptr && lr->state() == state;
    }
    void acknowledge(VIntid vintid) {
        ListReg* const lr = find(vintid);
        REQUIRE(lr != nullptr);
        *lr = lr->in_state(LrState::active);
    }
    void end(VIntid vintid) {
        ListReg* const lr = find(vintid);
        REQUIRE(lr != nullptr);
        *lr = ListReg{};
    }
};

// An SPI of software, enabled and sent to vCPU 1.
struct BarePair {
    static constexpr VIntid spi{40};
    static constexpr unsigned word = 1;
    static constexpr u32 bit = 1U << 8;

    explicit BarePair(GicGeneration generation = GicGeneration::v3)
        : caps{caps_of(generation)}, vm{2, Group::group1}, zero{vm, 0, caps}, one{vm, 1, caps} {
        static_cast<void>(zero.exit([](VcpuIrqs& v) {
            v.set_group_enables(3);
            v.guest_set_edge(word, bit, bit);
            v.set_route(spi, VcpuIndex{1});
            v.guest_enable(word, bit);
        }));
        static_cast<void>(one.exit());
    }
    [[nodiscard]] static VgicCaps caps_of(GicGeneration generation) {
        VgicCaps out;
        out.generation = generation;
        return out;
    }
    VgicCaps caps;
    VmIrqs vm;
    BareCpu zero;
    BareCpu one;

    // vCPU 1 has it pending in a list register.
    void list_at_one() {
        REQUIRE(zero.exit([](VcpuIrqs& v) { v.raise(spi); }) == 2);
        REQUIRE(one.exit() == 0);
        REQUIRE(one.has(spi, LrState::pending));
    }
};

} // namespace hyp::test
