// SPDX-License-Identifier: Apache-2.0
// What KVM's vgic_irq selftest checks since November 2025, as far as one vCPU goes, and the fixes to
// KVM's vGIC that a test here can stand for (tests/kvm_fixes.md). Told in our own words and calls.
#include "tests/unit/gallery/story.hpp"

using namespace hyp;
using namespace hyp::test;

namespace {

// `count` interrupts from INTID `first` on are acknowledged, each preempting the one before.
template <class S>
void nest(S& s, u32 first, u32 count) {
    for (u32 n = 0; n < count; ++n) {
        s.configure(first + n, static_cast<u8>(8 * (count - n) - 8));
        if (first + n < 16) {
            s.raise_sgi(first + n, 0);
        } else {
            s.raise(first + n);
        }
        s.settle();
        REQUIRE((s.ack() & 0x3ffU) == first + n);
        s.settle();
    }
}

template <class S>
void expect_idle(S& s, u32 first, u32 count) {
    s.settle();
    for (u32 n = 0; n < count; ++n) {
        CHECK(!s.reads_active(first + n));
    }
    CHECK(s.ack() == nothing);
    CHECK(s.machine().gic.guest_running_priority(0) == 0x100);
    CHECK(s.verdict() == "good");
}

template <GicGeneration G, unsigned L>
void preemption(u32 first, u32 count) {
    Story<G, L> s;
    s.machine().set_pmr(0xf8); // 31 levels
    nest(s, first, count);
    for (u32 n = count; n-- != 0;) {
        s.eoi(first + n);
        s.settle();
    }
    expect_idle(s, first, count);
}

// All priority drops first, then the deactivations, the oldest first.
template <GicGeneration G, unsigned L>
void ack_order(u32 first, u32 count) {
    Story<G, L> s{eoi_mode_1()};
    nest(s, first, count);
    for (u32 n = count; n-- != 0;) {
        s.eoi(first + n);
        s.settle();
    }
    for (u32 n = 0; n < count; ++n) {
        CHECK(s.reads_active(first + n));
    }
    for (u32 n = 0; n < count; ++n) {
        s.dir(first + n);
        s.settle();
        CHECK(!s.reads_active(first + n));
        CHECK((n + 1 == count || s.reads_active(first + n + 1)));
    }
    expect_idle(s, first, count);
}

// As a restored guest finds it: active bits and active priorities, and nothing was acknowledged.
template <GicGeneration G, unsigned L>
void restored_active(u32 count, bool split) {
    Story<G, L> s{split ? eoi_mode_1() : Setup{}};
    for (u32 n = 0; n < count; ++n) {
        s.configure(soft + n, static_cast<u8>(8 * (count - n) - 8));
        s.set_active(soft + n);
    }
    s.machine().gic.guest_write(0, model::Sysreg::icc_ap1r0, (u64{1} << count) - 1);
    for (u32 n = count; n-- != 0;) {
        s.eoi(soft + n);
        s.settle();
        if (split) {
            s.dir(soft + n);
        }
    }
    expect_idle(s, soft, count);
}

// Deactivation by a trapped DIR must reach the physical timer, and it must fire again after it.
template <GicGeneration G, unsigned L>
void timer_by_trapped_dir() {
    Story<G, L> s{eoi_mode_1()};
    s.configure(timer, 0x80);
    nest(s, soft, 2); // so many are active that DIR traps
    s.configure(soft + 8, 0xb0);
    s.raise(soft + 8);
    s.configure(timer, 0);
    // INTIDs soft and soft + 1 run at 8 and 0: drop both priorities, keep both active.
    s.eoi(soft + 1);
    s.eoi(soft);
    for (unsigned round = 0; round < 2; ++round) {
        s.line(timer, true);
        s.settle();
        REQUIRE(s.ack() == timer);
        CHECK(s.physically_active(timer));
        s.line(timer, false);
        CHECK(!s.reads_pending(timer));
        s.eoi(timer);
        s.settle();
        CHECK(s.reads_active(timer));
        s.dir(timer);
        CHECK(!s.reads_active(timer));
        CHECK(!s.physically_active(timer));
    }
    CHECK(s.verdict() == "good");
}

// The exit that a count of ends asks for may come late: meanwhile the guest has ended an interrupt
// that is in no list register and acknowledged one that is.
template <GicGeneration G>
void late_exit() {
    Story<G, 4> s;
    constexpr u8 priorities[] = {0xa0, 0x60, 0x40, 0x20};
    for (u32 n = 0; n < 4; ++n) {
        s.configure(soft + n, priorities[n]);
        s.raise(soft + n);
        REQUIRE(s.ack() == soft + n);
    }
    s.configure(soft + 4, 0x80);
    s.raise(soft + 4); // pushes the least urgent active one out
    REQUIRE(!s.is_listed(soft));
    for (u32 n = 4; n-- != 0;) {
        s.eoi(soft + n);
    }
    REQUIRE(s.ack() == soft + 4);
    CHECK(s.settle() != 0); // now only
    CHECK(!s.reads_active(soft));
    CHECK(s.reads_active(soft + 4));
    s.eoi(soft + 4);
    CHECK(s.drain() == 0);
    CHECK(s.verdict() == "good");
}

// The first `closed` SGIs are in Group 0, most urgent, and the guest has not opened Group 0.
template <unsigned L>
void closed_group(u32 closed) {
    Story<v3, L> s;
    s.machine().gic.guest_write(0, model::Sysreg::icc_igrpen0, 0);
    s.on_exit([closed](auto& v) {
        v.guest_set_group(0, v.group_word(0) & ~((1U << closed) - 1));
        for (u32 sgi = 0; sgi < 16; ++sgi) {
            v.guest_set_priority(VIntid{sgi}, static_cast<u8>(8 * (sgi + 1)));
            v.guest_enable(0, 1U << sgi);
            v.raise(VIntid{sgi});
        }
    });
    for (u32 sgi = closed; sgi < 16; ++sgi) {
        s.settle();
        REQUIRE(s.ack() == sgi);
        s.eoi(sgi);
    }
    s.settle();
    CHECK(s.ack() == nothing);
    CHECK(s.ack(0) == nothing);
    for (u32 sgi = 0; sgi < closed; ++sgi) {
        CHECK(s.reads_pending(sgi));
        CHECK(!s.reads_active(sgi));
    }
    s.enable_group0();
    for (u32 sgi = 0; sgi < closed; ++sgi) {
        s.settle();
        REQUIRE(s.ack(0) == sgi);
        s.eoi(sgi, 0);
    }
    CHECK(s.verdict() == "good");
}

} // namespace

TEST_CASE("KVM: more active interrupts than list registers, and back", "[gallery][kvm]") {
    preemption<v3, 4>(0, 16);
    preemption<v3, 4>(soft, 31);
    preemption<v3, 1>(soft, 31);
    preemption<v2, 4>(soft, 31);
    preemption<v2, 1>(0, 16);
}

TEST_CASE("KVM: deactivation in the order of acknowledgement", "[gallery][kvm]") {
    ack_order<v3, 4>(soft, 16);
    ack_order<v3, 1>(soft, 16);
    ack_order<v2, 4>(soft, 16);
    ack_order<v2, 1>(soft, 16);
}

TEST_CASE("KVM: active interrupts that are written, not acknowledged", "[gallery][kvm]") {
    restored_active<v3, 4>(4, false);
    restored_active<v3, 4>(16, false);
    restored_active<v3, 1>(31, false);
    restored_active<v3, 4>(31, true);
}

TEST_CASE("KVM: a timer that is deactivated by a trapped DIR fires again", "[gallery][kvm]") {
    timer_by_trapped_dir<v3, 1>();
    timer_by_trapped_dir<v3, 4>();
    timer_by_trapped_dir<v2, 1>();
    timer_by_trapped_dir<v2, 4>();
}

// Of the case with two vCPUs, the half that one can do: DIR of an interrupt that is in a list
// register, and of one that is in none.
TEST_CASE("KVM: a trapped DIR finds its interrupt in a list register or outside",
          "[gallery][kvm]") {
    Story<v3, 4> s{eoi_mode_1()};
    nest(s, soft, 7);
    for (u32 n = 7; n-- != 0;) {
        s.eoi(soft + n);
    }
    for (const u32 n : {3U, 0U, 6U, 4U, 2U, 5U, 1U}) {
        s.dir(soft + n);
        CHECK(!s.reads_active(soft + n));
    }
    expect_idle(s, soft, 7);
}

TEST_CASE("KVM: an interrupt of a closed group waits and lets the others pass", "[gallery][kvm]") {
    closed_group<4>(1);
    closed_group<4>(4);
    closed_group<4>(6);
    closed_group<1>(1);
    closed_group<1>(3);
}

TEST_CASE("KVM: ends outside the list registers are counted to the right interrupt",
          "[gallery][kvm]") {
    late_exit<v3>();
    late_exit<v2>();
}
