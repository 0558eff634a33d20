// SPDX-License-Identifier: Apache-2.0
// Single lives, step by step with the expected words: a tick, an edge, a dropped level, a disabled
// active interrupt; and exits per tick.
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr GicGeneration v2 = GicGeneration::v2;
constexpr GicGeneration v3 = GicGeneration::v3;

Setup slow() {
    return Setup{};
}
Setup fast() {
    Setup setup;
    setup.fast = true;
    return setup;
}
Setup faulty() {
    Setup setup;
    setup.stale = true;
    setup.workaround = true;
    return setup;
}

// A Linux-like tick: acknowledge, mask, reprogram into the future or into the past, end.
template <class M>
void one_tick(M& m, bool already_past) {
    m.line(timer, true);
    while (m.pending_exit()) {
        m.interrupt();
    }
    REQUIRE((m.acknowledge() & 0x3ffU) == timer);
    m.line(timer, false);
    if (already_past) {
        m.line(timer, true);
    }
    m.end(0);
    while (m.pending_exit()) {
        m.interrupt();
    }
    if (already_past) {
        REQUIRE((m.acknowledge() & 0x3ffU) == timer);
        m.line(timer, false);
        m.end(0);
        while (m.pending_exit()) {
            m.interrupt();
        }
    }
    REQUIRE(m.verdict() == "good");
}

template <class M>
[[nodiscard]] u64 exits_of_ticks(const M& start, bool already_past) {
    M m = start;
    const u64 before = m.exits;
    for (unsigned n = 0; n < 100; ++n) {
        one_tick(m, already_past);
    }
    return m.exits - before;
}

} // namespace

TEST_CASE("2a: a tick, word by word, GICv3", "[vgic]") {
    for (const Setup& setup : {slow(), fast()}) {
        Machine<v3, 4> m{setup};
        m.line(timer, true);
        CHECK(m.pending_exit());
        m.interrupt();
        CHECK(m.gic.lr(0, 0) == 0x70a0'001b'0000'001b);
        CHECK(m.gic.active(0, timer));
        CHECK(!m.pending_exit());
        CHECK(m.acknowledge() == timer);
        CHECK(m.gic.lr(0, 0) == 0xb0a0'001b'0000'001b);
        m.line(timer, false);
        m.end(0);
        CHECK(m.gic.lr(0, 0) == 0x30a0'001b'0000'001b);
        CHECK(!m.gic.active(0, timer));
        CHECK(m.exits == 1);
        REQUIRE(m.verdict() == "good");
    }
}

TEST_CASE("2a: a tick, word by word, GICv2", "[vgic]") {
    for (const Setup& setup : {slow(), fast()}) {
        Machine<v2, 4> m{setup};
        m.line(timer, true);
        m.interrupt();
        CHECK(m.gic.lr(0, 0) == 0x9a00'6c1b);
        CHECK(m.acknowledge() == timer);
        CHECK(m.gic.lr(0, 0) == 0xaa00'6c1b);
        m.line(timer, false);
        m.end(0);
        CHECK(!m.gic.active(0, timer));
        CHECK(m.exits == 1);
        REQUIRE(m.verdict() == "good");
    }
}

TEST_CASE("exits per tick: one; two under the GICv2 fault", "[vgic]") {
    CHECK(exits_of_ticks(Machine<v3, 4>{slow()}, false) == 100);
    CHECK(exits_of_ticks(Machine<v3, 4>{fast()}, false) == 100);
    CHECK(exits_of_ticks(Machine<v3, 1>{fast()}, false) == 100);
    CHECK(exits_of_ticks(Machine<v2, 4>{fast()}, false) == 100);
    CHECK(exits_of_ticks(Machine<v2, 4>{faulty()}, false) == 200);
    CHECK(exits_of_ticks(Machine<v2, 3>{faulty()}, false) == 200);
    CHECK(exits_of_ticks(Machine<v2, 2>{faulty()}, false) == 200);
    CHECK(exits_of_ticks(Machine<v2, 1>{faulty()}, false) == 200);
}

TEST_CASE("T15: a handler that programs the past gets its second tick", "[vgic]") {
    CHECK(exits_of_ticks(Machine<v3, 4>{fast()}, true) == 200);
    CHECK(exits_of_ticks(Machine<v2, 4>{fast()}, true) == 200);
    // The maintenance exit finds the second tick pending and takes it along.
    CHECK(exits_of_ticks(Machine<v2, 4>{faulty()}, true) == 300);
}

TEST_CASE("the GICv2 fault, word by word: a dummy and UIE while one is in flight", "[vgic]") {
    Machine<v2, 4> m{faulty()};
    m.line(timer, true);
    m.interrupt();
    CHECK(m.gic.lr(0, 0) == 0x9a00'6c1b);
    const model::LrFields dummy = model::decode_lr(model::Generation::v2, m.gic.lr(0, 3));
    CHECK(dummy.vintid == 1000);
    CHECK(dummy.priority == 0xf8);
    CHECK(dummy.state == model::LrState::pending);
    CHECK(!dummy.hw);
    CHECK(m.irqs.control().underflow);
    CHECK(m.plan.timer_lr == 0);
    static_cast<void>(m.acknowledge());
    m.line(timer, false);
    CHECK(!m.pending_exit());
    m.end(0);
    REQUIRE(m.pending_exit());
    m.interrupt();
    CHECK(m.maintenance_exits == 1);
    CHECK(!m.irqs.control().underflow);
    // A second one in flight takes the dummy's part.
    m.line(disk, true);
    m.line(timer, true);
    m.interrupt();
    CHECK(m.gic.lr_state(0, 3) == model::LrState::pending);
    CHECK(model::decode_lr(model::Generation::v2, m.gic.lr(0, 3)).vintid == disk);
    CHECK(m.irqs.control().underflow);
    REQUIRE(m.verdict() == "good");
}

TEST_CASE("T14: a level that drops before the guest acknowledges leaves nothing", "[vgic]") {
    Machine<v3, 4> m{slow()};
    m.line(timer, true);
    m.interrupt();
    m.line(timer, false);
    CHECK(m.gic.lr_state(0, 0) == model::LrState::pending);
    m.trap([](VcpuIrqs&) {});
    CHECK(m.gic.lr_state(0, 0) == model::LrState::invalid);
    CHECK(!m.gic.active(0, timer));
    CHECK(!m.guest_signalled());
    one_tick(m, false);
}

TEST_CASE("H15: an active interrupt that is disabled stays listed", "[vgic]") {
    Machine<v3, 4> m{slow()};
    m.line(timer, true);
    m.interrupt();
    static_cast<void>(m.acknowledge());
    m.trap([](VcpuIrqs& v) { v.guest_disable(0, 1U << timer); });
    CHECK(m.gic.lr_state(0, 0) == model::LrState::active);
    CHECK(!m.gic.enabled(0, timer)); // the guest's enable reaches the hardware
    m.line(timer, false);
    m.end(0);
    CHECK(!m.gic.active(0, timer));
    m.trap([](VcpuIrqs& v) { v.guest_enable(0, 1U << timer); });
    CHECK(m.gic.enabled(0, timer));
    one_tick(m, false);
}

TEST_CASE("H16: ICPENDR of a forwarded interrupt that is not active clears both sides", "[vgic]") {
    Machine<v3, 4> m{slow()};
    m.line(disk, true);
    m.line(disk, false);
    m.interrupt();
    CHECK(m.gic.active(0, disk));
    m.trap([](VcpuIrqs& v) { v.guest_clear_pending(1, 1U << (disk - 32)); });
    m.ghost.disk_due = 0;
    CHECK(!m.gic.active(0, disk));
    CHECK(!m.guest_signalled());
    REQUIRE(m.verdict() == "good");
}

TEST_CASE("ISPENDR of a forwarded level interrupt lasts without its line, once", "[vgic]") {
    Machine<v3, 4> m{fast()};
    m.trap([](VcpuIrqs& v) { v.guest_set_pending(0, 1U << timer); });
    m.ghost.timer.due = true;
    CHECK(!m.pending_exit()); // by software: nothing is latched where another vCPU might get it
    REQUIRE(m.guest_signalled());
    CHECK(m.plan.timer_lr == 0);
    m.trap([](VcpuIrqs&) {});
    m.trap([](VcpuIrqs&) {});
    CHECK((m.acknowledge() & 0x3ffU) == timer);
    m.end(0);
    m.trap([](VcpuIrqs&) {});
    CHECK(m.plan.timer_lr != 0);
    CHECK(!m.guest_signalled());
    CHECK(!m.pending_exit());
    REQUIRE(m.verdict() == "good");
}

TEST_CASE("ICACTIVER of an interrupt the guest never ends (kvm-unit-tests' gic active)", "[vgic]") {
    Machine<v3, 4> m{slow()};
    m.raise_sgi(self_sgi, 0);
    static_cast<void>(m.acknowledge());
    m.trap([&](VcpuIrqs& v) {
        m.ghost.forget(0);
        v.guest_clear_active(0, 1U << self_sgi);
    });
    CHECK(m.gic.lr_state(0, 1) == model::LrState::invalid);
    m.line(timer, true);
    m.interrupt();
    static_cast<void>(m.gic.guest_read(0, model::Sysreg::icc_rpr));
    m.trap([](VcpuIrqs& v) { v.guest_clear_active(0, 1U << timer); }); // pending: no effect
    CHECK(m.gic.lr_state(0, 0) == model::LrState::pending);
    REQUIRE(m.verdict() == "good");
}

TEST_CASE("N16: an interrupt whose line went down late is swallowed", "[vgic]") {
    Machine<v3, 4> m{slow()};
    m.line(timer, true);
    m.line(timer, false);
    m.interrupt(); // reads 1023
    CHECK(m.gic.lr_state(0, 0) == model::LrState::invalid);
    CHECK(!m.irqs.on_physical(PIntid{30})); // nobody's: the caller deactivates it
    REQUIRE(m.verdict() == "good");
}

TEST_CASE("a software interrupt raised while active is pending and active, no exit", "[vgic]") {
    Machine<v3, 4> m{slow()};
    m.raise_sgi(self_sgi, 0);
    static_cast<void>(m.acknowledge());
    m.raise_sgi(self_sgi, 0);
    CHECK(m.gic.lr_state(0, 1) == model::LrState::pending_active);
    const u64 exits = m.exits;
    m.end(0);
    CHECK((m.acknowledge() & 0x3ffU) == self_sgi);
    m.end(0);
    CHECK(m.exits == exits);
    REQUIRE(m.verdict() == "good");
}

TEST_CASE("the first entry clears whatever firmware left in the list registers", "[vgic]") {
    VgicCaps caps;
    VmIrqs vm{1, caps.guest_group};
    VcpuIrqs irqs{vm, VcpuIndex{0}, caps};
    const Entry first = irqs.flush();
    CHECK(first.clear == 0xf);
    CHECK(first.control_changed);
    const Entry second = irqs.flush();
    CHECK(second.clear == 0);
    CHECK(second.write == 0);
    CHECK(!second.control_changed);
    CHECK(!second.physical);
}
