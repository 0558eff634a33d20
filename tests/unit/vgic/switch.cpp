// SPDX-License-Identifier: Apache-2.0
// put() and load(): what the private words of a pCPU must be for each state that a vCPU's timer
// interrupt can be in, and what is found again afterwards. And what concerns a VM as a whole: its SPIs
// that arrive where it is not loaded, its start anew, what several pCPUs write to the distributor.
#include "tests/unit/vgic/bare_cpu.hpp"
#include "tests/unit/vgic/machines.hpp"
#include "tests/unit/vgic/shared.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr u32 timer_bit = 1U << timer;

enum class Start : u8 { idle, pending, active, spilled, forced, off, forced_off };

void bring(Machine<GicGeneration::v3, 1>& m, Start start) {
    const bool rises = start == Start::pending || start == Start::active || start == Start::spilled;
    if (rises) {
        m.line(timer, true);
        m.interrupt();
    }
    if (start == Start::active || start == Start::spilled) {
        static_cast<void>(m.acknowledge());
    }
    m.trap([&](VcpuIrqs& v) {
        if (start == Start::spilled) {
            v.raise(VIntid{soft_spi});
        }
        if (start == Start::off || start == Start::forced_off) {
            v.guest_disable(0, timer_bit);
        }
        if (start == Start::forced || start == Start::forced_off) {
            v.guest_set_pending(0, timer_bit);
        }
    });
}

struct Row {
    Start start;
    bool low;  // present afterwards, loaded with the line low
    bool high; // and high
};
constexpr Row rows[] = {
    {Start::idle, false, true},      {Start::pending, false, true}, {Start::active, true, true},
    {Start::spilled, true, true},    {Start::forced, true, true},   {Start::off, false, false},
    {Start::forced_off, true, true},
};

} // namespace

// H9.
TEST_CASE("the private words of a vCPU that comes are a function of its state and its line",
          "[vgic]") {
    for (const Row& row : rows) {
        for (const bool line : {false, true}) {
            Setup setup;
            setup.lawless = true;
            Machine<GicGeneration::v3, 1> m{setup};
            bring(m, row.start);
            const PrivateState left = m.irqs.put();
            CHECK(left.mask == timer_bit);
            CHECK((left.active != 0) == m.gic.active(0, timer));
            CHECK((left.enabled != 0) == m.gic.enabled(0, timer));
            CHECK(m.irqs.occupied_list_registers() == 0);
            const PrivateState want = m.irqs.load(line ? timer_bit : 0);
            INFO("start " << static_cast<unsigned>(row.start) << ", line " << line);
            CHECK(want.mask == timer_bit);
            CHECK((want.active != 0) == (line ? row.high : row.low));
            CHECK(want.enabled == left.enabled);
            CHECK((m.irqs.present_word(0) & timer_bit) == want.active);
            PhysChange change{};
            PIntid pintid{0};
            CHECK_FALSE(m.irqs.take_change(change, pintid));
        }
    }
}

// H11, with sanitizers; tests/soak has more.
TEST_CASE("every state: two vCPUs of two VMs share a pCPU and its timer", "[vgic][explore]") {
    SharedExplorations some;
    Setup fault;
    fault.stale = fault.workaround = true;
    some.add<GicGeneration::v3, 1>("timer", {}, timer_alone);
    some.add<GicGeneration::v2, 2>("timer, no second look", fault, timer_alone);
    for (const SharedExploration& one : some.all()) {
        const ShareReport report = one.run(one.setup, one.steps, most_states);
        std::printf("explored %s: %lu states, %lu transitions\n", one.name.c_str(), report.states,
                    report.transitions);
        INFO(one.name << "; the walk: " << report.walk);
        CHECK(report.failure == "good");
        CHECK(report.fixed_point);
    }
}

TEST_CASE("two vCPUs: a physical SPI on a pCPU where neither is loaded", "[vgic]") {
    BarePair p;
    constexpr VIntid device{50};
    p.vm.map_hardware(device, PIntid{90}, Trigger::level);
    CHECK(p.vm.on_physical(PIntid{91}) == 0); // none of this VM's
    p.vm.step(device, Event::route, 1);
    p.vm.step(device, Event::enable);
    CHECK(p.vm.on_physical(PIntid{90}) == 2);
    CHECK(p.vm.word(device).get<Delivery::Owed>());
    CHECK(p.vm.on_physical(PIntid{90}) == 0); // not looked yet: no second kick
    CHECK(p.one.exit() == 0);
    CHECK(p.one.has(device, LrState::pending));
    // Sent to nobody, it is vCPU 0 that looks after it.
    p.vm.step(device, Event::release, 1);
    p.vm.step(device, Event::route, nobody.value);
    CHECK(p.vm.on_physical(PIntid{90}) == 1);
}

TEST_CASE("two vCPUs: a VM that starts over is as new", "[vgic]") {
    BarePair p;
    BarePair fresh;
    for (BarePair* one : {&p, &fresh}) {
        one->vm.map_hardware(VIntid{50}, PIntid{90}, Trigger::edge);
        one->one.irqs.map_hardware(guest_vtimer, PIntid{20}, Trigger::level);
    }
    p.list_at_one();
    CHECK(p.zero.exit([](VcpuIrqs& v) {
        CHECK(v.ask(BarePair::word, BarePair::bit));
        v.guest_set_edge(BarePair::word, 0, ~0U);
        v.post_sgi(VcpuIndex{1}, VIntid{3}, 2);
    }) == 2);
    p.vm.reset(Group::group1);
    p.zero.irqs.reset();
    p.one.irqs.reset();
    CHECK(p.vm.wired_trigger(VIntid{50}) == Trigger::edge);
    CHECK(
        p.vm.word(VIntid{50}) ==
        fresh_delivery(VcpuIndex{0}, Group::group1, Trigger::edge).with<Delivery::Hardware>(true));
    CHECK(p.vm.word(BarePair::spi) == fresh_delivery(VcpuIndex{0}, Group::group1, Trigger::level));
    CHECK(p.vm.mailbox(VcpuIndex{1}).is_empty());
    CHECK(p.vm.group_enables() == 0);
    VcpuIrqs expected{p.vm, VcpuIndex{1}, p.caps};
    expected.map_hardware(guest_vtimer, PIntid{20}, Trigger::level);
    static_cast<void>(expected.put());
    CHECK(p.one.irqs == expected);
    CHECK(p.one.irqs.load(1U << 27U).active == 0); // disabled
}

// (a): another pCPU changes the word whenever this one writes the distributor; bit n of `story`, what
// it changes it to between the n-th write and the look at the word.
TEST_CASE("two vCPUs: the distributor ends up as the word, whoever writes last", "[vgic]") {
    struct Gic {
        VmIrqs* vm;
        u32 story;
        u32 left;
        bool enabled = false;
        bool edge = false;
        void set_enable(PIntid, Enable e) { enabled = e == Enable::on; }
        void set_trigger(PIntid, Trigger t) { edge = t == Trigger::edge; }
        void complete(PIntid) {
            if (left != 0) {
                --left;
                vm->step(VIntid{50}, (story & 1U) != 0 ? Event::enable : Event::disable);
                vm->step(VIntid{50}, (story & 1U) != 0 ? Event::to_level : Event::to_edge);
                story >>= 1U;
            }
        }
        void clear_pending(PIntid) {}
        void clear_active(PIntid) {}
        void set_active(PIntid) {}
        void set_pending(PIntid) {}
    };
    for (u32 story = 0; story < 16; ++story) {
        for (u32 length = 0; length <= 4; ++length) {
            VmIrqs vm{2, Group::group1};
            vm.map_hardware(VIntid{50}, PIntid{90}, Trigger::level);
            VcpuIrqs irqs{vm, VcpuIndex{0}, BarePair::caps_of(GicGeneration::v3)};
            irqs.guest_enable(1, 1U << 18U);
            irqs.guest_set_edge(1, 1U << 18U, 1U << 18U);
            for (const PhysChange last : {PhysChange::enable, PhysChange::edge}) {
                Gic gic{&vm, story, length};
                mirror(gic, vm, last, PIntid{90});
                const Delivery word_now = vm.word(VIntid{50});
                CHECK(
                    (last == PhysChange::edge || gic.enabled == word_now.get<Delivery::Enabled>()));
                CHECK((last == PhysChange::enable || gic.edge == !word_now.is_level()));
            }
        }
    }
}
