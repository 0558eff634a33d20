// SPDX-License-Identifier: Apache-2.0
// The way from a decision to the hardware: one access for each change, a list register cleared
// before another interrupt takes it and only then, and as many list registers as there can be.
#include "hyp/core/vgic/apply.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace hyp;

namespace {

// Writes down what it is asked for.
struct Recorder {
    std::string said;
    void say(const char* what, u32 number) { said += what + std::to_string(number) + ' '; }
    void set_enable(PIntid p, Enable e) { say(e == Enable::on ? "enable" : "disable", p.value()); }
    void set_trigger(PIntid p, Trigger t) { say(t == Trigger::edge ? "edge" : "level", p.value()); }
    void clear_pending(PIntid p) { say("unpend", p.value()); }
    void clear_active(PIntid p) { say("deactivate", p.value()); }
    void set_active(PIntid p) { say("activate", p.value()); }
    void set_pending(PIntid p) { say("pend", p.value()); }
    void complete(PIntid /*pintid*/) {}
    void write_lr(LrIndex index, const ListReg& lr) {
        say(lr.is_valid() ? "list" : "clear", index.value);
    }
    void write_control(VirtControl control) { say("control", control.enable ? 1 : 0); }
};

[[nodiscard]] std::string applied(PhysChange change) {
    Recorder gic;
    apply_change(gic, change, PIntid{40});
    return gic.said;
}

[[nodiscard]] std::string entered(VcpuIrqs& irqs) {
    Recorder gic;
    const Entry entry = irqs.flush();
    apply(gic, irqs, entry);
    return gic.said;
}

// SPIs 32 to 63 enabled, edge.
struct One {
    explicit One(u8 list_registers) : irqs{vm, VcpuIndex{0}, caps_of(list_registers)} {
        irqs.set_group_enables(3);
        irqs.guest_set_edge(1, ~0U, ~0U);
        irqs.guest_enable(1, ~0U);
    }
    [[nodiscard]] static VgicCaps caps_of(u8 list_registers) {
        VgicCaps caps;
        caps.list_registers = list_registers;
        return caps;
    }
    // An exit in which every list register is as it was, but those of `over`, which are invalid.
    void exit(u32 over = 0) {
        LrFile file;
        file.live = irqs.live_list_registers();
        for (u8 i = 0; i < max_list_registers; ++i) {
            file.regs[i] = (over >> i & 1U) != 0 ? ListReg{} : irqs.list_register(LrIndex{i});
        }
        irqs.sync(file, PhysWords{});
    }
    VmIrqs vm{1, Group::group1};
    VcpuIrqs irqs;
};

} // namespace

TEST_CASE("each physical change is one access", "[vgic]") {
    CHECK(applied(PhysChange::disable) == "disable40 ");
    CHECK(applied(PhysChange::level) == "level40 ");
    CHECK(applied(PhysChange::edge) == "edge40 ");
    CHECK(applied(PhysChange::clear_pending) == "unpend40 ");
    CHECK(applied(PhysChange::clear_active) == "deactivate40 ");
    CHECK(applied(PhysChange::set_active) == "activate40 ");
    CHECK(applied(PhysChange::set_pending) == "pend40 ");
    CHECK(applied(PhysChange::enable) == "enable40 ");
}

TEST_CASE("the first entry makes every list register known, the next ones nothing", "[vgic]") {
    One one{4};
    CHECK(entered(one.irqs) == "clear0 clear1 clear2 clear3 control1 ");
    CHECK(entered(one.irqs).empty());
}

TEST_CASE("a list register is cleared before another interrupt takes it", "[vgic]") {
    One one{1};
    static_cast<void>(entered(one.irqs));
    one.irqs.guest_set_priority(VIntid{33}, 8);
    one.irqs.guest_set_priority(VIntid{34}, 16);
    one.irqs.raise(VIntid{34});
    CHECK(entered(one.irqs) == "list0 ");
    one.exit();
    one.irqs.raise(VIntid{33}); // more urgent
    CHECK(entered(one.irqs) == "clear0 list0 control1 ");
    one.exit();
    one.irqs.guest_set_group(1, ~2U); // the same interrupt in another form
    CHECK(entered(one.irqs) == "list0 control1 ");
    one.exit();
    one.irqs.guest_disable(1, ~0U);
    CHECK(entered(one.irqs) == "clear0 control1 ");
    one.exit();
    CHECK(entered(one.irqs).empty());
}

TEST_CASE("sixteen list registers: all of them, and none beyond", "[vgic]") {
    One one{16};
    static_cast<void>(entered(one.irqs));
    for (u32 n = 32; n < 48; ++n) {
        one.irqs.raise(VIntid{n});
    }
    static_cast<void>(entered(one.irqs));
    CHECK(one.irqs.live_list_registers() == 0xffff);
    CHECK(one.irqs.nothing_waits());
    one.irqs.raise(VIntid{48});
    static_cast<void>(entered(one.irqs));
    CHECK(!one.irqs.nothing_waits());
    CHECK(one.irqs.control().no_pending);
    one.exit(1U << 5U);
    CHECK(entered(one.irqs) == "list5 control1 ");
    CHECK(one.irqs.nothing_waits());
    one.exit(1U << 7U);
    CHECK(entered(one.irqs).empty());
    one.irqs.raise(VIntid{49});
    CHECK(entered(one.irqs) == "list7 ");
    CHECK(one.irqs.nothing_waits());
}

TEST_CASE("what another vCPU posts between the exit's sync and the entry is in time", "[vgic]") {
    VmIrqs vm{2, Group::group1};
    VcpuIrqs one{vm, VcpuIndex{0}, One::caps_of(4)};
    VcpuIrqs other{vm, VcpuIndex{1}, One::caps_of(4)};
    one.set_group_enables(3);
    one.guest_enable(0, ~0U);
    static_cast<void>(entered(one));
    one.sync(LrFile{}, PhysWords{});
    other.post_sgi(VcpuIndex{0}, VIntid{3}, 2); // asked for in Group 1
    CHECK(other.take_kicks() == 1);
    CHECK(entered(one) == "list1 ");
    CHECK(one.list_register(sgi_home).vintid() == VIntid{3});
}
