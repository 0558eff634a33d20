// SPDX-License-Identifier: Apache-2.0
// Gallery: list registers that were too few, badly chosen, or did not say when they were empty.
#include "tests/unit/gallery/story.hpp"

using namespace hyp;
using namespace hyp::test;

namespace {

// `depth` handlers nested in each other, from INTID soft + 1 on, each more urgent than the last.
template <GicGeneration G, unsigned L>
void nest(Story<G, L>& s, u32 depth) {
    for (u32 n = 1; n <= depth; ++n) {
        s.configure(soft + n, static_cast<u8>(0xa0 - 8 * n));
        s.raise(soft + n);
        s.settle();
        REQUIRE(s.ack() == soft + n);
        s.settle();
    }
}

template <GicGeneration G, unsigned L>
void all_active_one_waits() {
    Story<G, L> s;
    nest(s, L);
    s.configure(soft, 0xb0);
    s.raise(soft); // less urgent than all that run
    CHECK(s.settle() <= 1);
    CHECK(s.ack() == nothing);
    for (u32 n = L; n != 0; --n) {
        s.eoi(soft + n);
        s.settle();
    }
    CHECK(s.ack() == soft);
    s.eoi(soft);
    s.settle();
    CHECK(!s.reads_active(soft + 1));
    CHECK(s.maintenance_exits() <= 2 * L);
    CHECK(s.verdict() == "good");
}

template <GicGeneration G, unsigned L>
void active_gives_way() {
    Story<G, L> s;
    s.pulse(disk);
    s.settle();
    REQUIRE(s.ack() == disk); // at 0xa0
    for (u32 n = 1; n < L; ++n) {
        s.configure(soft + n, static_cast<u8>(0x10 * n));
        s.raise(soft + n);
    }
    s.configure(soft, 0x80);
    s.raise(soft); // full: all pending ones are more urgent, the active one is not
    CHECK(s.is_listed(soft));
    CHECK(!s.is_listed(disk));
    for (u32 n = 1; n < L; ++n) {
        REQUIRE(s.ack() == soft + n);
        s.eoi(soft + n);
        s.settle();
    }
    REQUIRE(s.ack() == soft);
    s.eoi(soft);
    s.settle();
    CHECK(s.physically_active(disk));
    s.eoi(disk);
    s.settle();
    CHECK(!s.physically_active(disk));
    CHECK(s.drain() == 0);
    CHECK(s.verdict() == "good");
}

template <GicGeneration G, unsigned L>
void level_stays_high(Setup setup) {
    Story<G, L> s{setup};
    s.line(timer, true);
    s.settle();
    for (unsigned n = 0; n < 4; ++n) {
        REQUIRE(s.ack() == timer);
        s.eoi(timer);
        s.settle();
    }
    REQUIRE(s.ack() == timer);
    s.line(timer, false);
    s.eoi(timer);
    s.settle();
    CHECK(s.ack() == nothing);
    CHECK(!s.physically_active(timer));
    CHECK(s.verdict() == "good");
}

// The same with a device of software's: no distributor looks at its line.
template <GicGeneration G, unsigned L>
void emulated_level() {
    Story<G, L> s;
    s.configure(soft, 0xa0);
    s.software_line(soft, true);
    for (unsigned n = 0; n < 4; ++n) {
        REQUIRE(s.ack() == soft);
        CHECK(!s.listed(soft).hw);
        s.eoi(soft);
        CHECK(s.settle() == 1);
    }
    REQUIRE(s.ack() == soft);
    s.software_line(soft, false);
    s.eoi(soft);
    s.settle();
    CHECK(s.ack() == nothing);
    CHECK(s.verdict() == "good");
}

} // namespace

// https://github.com/bao-project/bao-hypervisor/pull/398
// All list registers hold active interrupts, one more is pending: 'no pending' stayed asserted, the
// maintenance interrupt came again at every entry, and the guest, which alone could help, never ran.
TEST_CASE("bao#398: every list register active, one pending outside: no storm", "[gallery]") {
    all_active_one_waits<v2, 4>();
    all_active_one_waits<v3, 4>();
    all_active_one_waits<v3, 1>();
}

// https://github.com/bao-project/bao-hypervisor/pull/334
// With all list registers taken and every pending interrupt in them more urgent than the new one, no
// victim was found although an active one could have gone; the new one had to wait for nothing.
TEST_CASE("bao#334: an active interrupt gives its list register to a pending one", "[gallery]") {
    active_gives_way<v2, 4>();
    active_gives_way<v3, 4>();
}

// https://github.com/bao-project/bao-hypervisor/issues/61
// Does the hypervisor see an exit for every virtual interrupt that ends? It need not: none while all
// fit, and one for several where they do not.
TEST_CASE("bao#61: no exit while all fit, few when they do not", "[gallery]") {
    Story<v3, 4> s;
    const auto raise_all = [&s](u32 count) {
        s.on_exit([count](auto& v) {
            for (u32 n = 0; n < count; ++n) {
                v.guest_set_priority(VIntid{soft + n}, 0xa0);
                v.guest_enable(2, 1U << n);
                v.raise(VIntid{soft + n});
            }
        });
    };
    raise_all(4);
    const u64 exits = s.exits();
    CHECK(s.drain() == 4);
    CHECK(s.exits() == exits);
    raise_all(16);
    CHECK(s.drain() == 16);
    CHECK(s.maintenance_exits() <= 12 / 3);
    CHECK(s.verdict() == "good");
}

// https://github.com/freebsd/freebsd-src/pull/2437
// The list register of a level interrupt did not ask for an exit at its end, so nobody looked at the
// line again: a device that still had something to say was not heard.
TEST_CASE("freebsd#2437: a line that stays high interrupts again after each end", "[gallery]") {
    level_stays_high<v3, 4>({});
    level_stays_high<v2, 4>({});
    level_stays_high<v2, 4>(stale_gicv2());
    level_stays_high<v2, 1>(stale_gicv2()); // listed by software, with the EOI bit
    emulated_level<v3, 4>();
    emulated_level<v3, 1>();
    emulated_level<v2, 4>();
}

// https://github.com/PG-MANA/MiniVisor/issues/9
// A textbook hypervisor relied on a maintenance interrupt at the end of interrupt and never set the
// bit that asks for it; a panic() in its handler was never reached, and nobody noticed.
TEST_CASE("MiniVisor#9: the maintenance interrupt that is relied upon does come", "[gallery]") {
    Story<v2, 4> s;
    const auto both_senders_come = [&s](u64 exits) {
        CHECK(s.listed(self_sgi).eoi); // the second sender waits for this end
        CHECK(s.ack() == self_sgi);
        s.eoi(self_sgi);
        CHECK(s.settle() == 1);
        CHECK(s.maintenance_exits() == exits);
        CHECK(s.ack() == (self_sgi | 1U << 10U));
        CHECK(!s.listed(self_sgi).eoi); // and nobody for this one
        s.eoi(self_sgi | 1U << 10U);
    };
    s.raise_sgi(self_sgi, 0);
    s.raise_sgi(self_sgi, 1);
    both_senders_come(1);
    s.raise_sgi_from(self_sgi, 0b11);
    both_senders_come(2);
    CHECK(s.verdict() == "good");
}

// https://github.com/seL4/seL4/pull/947
// EOImode is bit 9 in GICC_CTLR and bit 1 in ICC_CTLR_EL1; the wrong one was written, and what the
// end of interrupt did was up to whoever had set the register before.
TEST_CASE("seL4#947: EL2's end of interrupt drops the priority and no more", "[gallery]") {
    Story<v2, 4> old;
    Story<v3, 4> s;
    const auto take = [](auto& story) {
        auto gic = story.machine().driver();
        story.line(timer, true);
        const Ack ack = gic.acknowledge();
        REQUIRE(ack.intid() == PIntid{timer});
        gic.drop_priority(ack);
        CHECK(story.physically_active(timer));
        CHECK(story.machine().gic.running_priority(0) == 0x100); // another could come
        story.line(timer, false);
        gic.deactivate(ack);
        CHECK(!story.physically_active(timer));
    };
    take(old);
    take(s);
}

// https://github.com/seL4/seL4/issues/1170 (and many a learner's first GICv3 on QEMU)
// No timer interrupt ever came: after reset every interrupt is in Group 0, which is an FIQ, and
// nobody had moved it.
TEST_CASE("seL4#1170: a forwarded interrupt is an IRQ, not an FIQ", "[gallery]") {
    for (const u32 intid : {timer, disk}) {
        Story<v3, 4> s;
        s.line(intid, true);
        CHECK(s.machine().gic.irq(0));
        CHECK(!s.machine().gic.fiq(0));
    }
}
