// SPDX-License-Identifier: Apache-2.0
// put() and load(): what the private words of a pCPU must be for each state that a vCPU's timer
// interrupt can be in, and what is found again afterwards.
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
