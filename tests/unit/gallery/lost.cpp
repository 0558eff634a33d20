// SPDX-License-Identifier: Apache-2.0
// Gallery: interrupts that others lost, doubled or sent to the wrong place. Each test names the
// thread in which the failure was reported, and shows that Baton does not fail so.
#include "tests/unit/gallery/story.hpp"

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr u32 doorbell = 50; // of a shared memory

template <GicGeneration G, unsigned L>
void disabled_while_active() {
    Story<G, L> s;
    for (unsigned round = 0; round < 3; ++round) {
        s.pulse(disk);
        s.settle();
        REQUIRE(s.ack() == disk);
        s.disable(disk);
        CHECK(s.physically_active(disk));
        s.eoi(disk);
        s.settle();
        CHECK(!s.physically_active(disk));
        s.enable(disk);
    }
    CHECK(s.drain() == 0);
    CHECK(s.verdict() == "good");
}

template <GicGeneration G, unsigned L>
void disabled_when_raised() {
    Story<G, L> s;
    s.configure(soft, 0xa0);
    s.disable(soft);
    s.raise(soft);
    CHECK(!s.signalled());
    CHECK(s.reads_pending(soft));
    s.enable(soft);
    REQUIRE(s.ack() == soft);
    CHECK(!s.reads_pending(soft));
    CHECK(s.reads_active(soft));
    s.eoi(soft);
    CHECK(!s.reads_active(soft));
    CHECK(s.verdict() == "good");
}

template <GicGeneration G>
void unfinished_device() {
    Story<G, 4> s;
    s.disable(disk);
    s.disable(timer);
    s.pulse(disk);
    s.line(timer, true);
    CHECK(s.settle() == 0);
    s.hypercall();
    CHECK(!s.signalled());
    s.enable(disk);
    s.enable(timer);
    s.settle();
    const u32 first = s.ack();
    s.line(timer, false);
    s.eoi(first);
    CHECK((first == disk || first == timer));
    CHECK(s.ack() == disk + timer - first);
    s.eoi(disk + timer - first);
    CHECK(s.drain() == 0);
    CHECK(s.verdict() == "good");
}

} // namespace

// https://github.com/bao-project/bao-hypervisor/issues/371
// A guest masked its UART's interrupt inside the handler: the list register was thrown away, and the
// interrupt, disabled by then, never listed again. Its end found nothing; the UART was dead.
TEST_CASE("bao#371: disabled while active, ended, and it comes again", "[gallery]") {
    disabled_while_active<v2, 4>();
    disabled_while_active<v3, 4>();
    disabled_while_active<v3, 1>();
}

// https://github.com/CTSRD-CHERI/cheribsd/pull/2692
// bhyve forgot the end of an interrupt that the guest had disabled in its handler: it stayed active
// for ever, and the guest waited for its disk for ever.
TEST_CASE("cheribsd#2692: the end of a disabled software interrupt counts", "[gallery]") {
    Story<v3, 4> s;
    s.configure(soft, 0xa0);
    for (unsigned round = 0; round < 3; ++round) {
        s.raise(soft);
        REQUIRE(s.ack() == soft);
        s.disable(soft);
        s.eoi(soft);
        CHECK(!s.reads_active(soft));
        s.enable(soft);
    }
    CHECK(s.drain() == 0);
    CHECK(s.verdict() == "good");
}

// https://github.com/syswonder/hvisor/issues/282
// The virtual GICv2 did not look at an SGI's sender, so a second CPU's call was taken for the first
// one's: one IPI was lost, and its sender span for ever in smp_call_function.
TEST_CASE("hvisor#282: an SGI from each sender, also between IAR and EOI", "[gallery]") {
    Story<v2, 4> s;
    constexpr u32 call = 1;
    s.raise_sgi(call, 1);
    s.raise_sgi(call, 2);
    REQUIRE(s.ack() == (call | 1U << 10U));
    s.raise_sgi(call, 3);
    s.raise_sgi(call, 1); // the one being handled has called again
    unsigned senders = 0;
    for (u32 iar = call | 1U << 10U; iar != nothing; iar = s.ack()) {
        CHECK((iar & 0x3ffU) == call);
        senders = senders * 10 + (iar >> 10U);
        s.eoi(iar);
        s.settle();
    }
    CHECK(senders == 1123);
    CHECK(s.verdict() == "good");
}

// https://github.com/au-ts/libvmm/issues/56
// What was raised while disabled was dropped, so it was missing once the guest enabled it; and the
// pending bit was still set while the guest served the interrupt.
TEST_CASE("libvmm#56: raised while disabled waits; pending ends at the acknowledge", "[gallery]") {
    disabled_when_raised<v2, 4>();
    disabled_when_raised<v3, 4>();
    disabled_when_raised<v3, 1>();
}

// https://github.com/au-ts/libvmm/pull/257
// The pending flag was not taken back when the interrupt moved to a list register, so the next one
// seemed to be pending already and was dropped: the guest waited for ever.
TEST_CASE("libvmm#257: a second interrupt while the first is served", "[gallery]") {
    Story<v3, 4> s;
    s.configure(soft, 0xa0);
    s.raise(soft);
    for (unsigned n = 0; n < 5; ++n) {
        REQUIRE(s.ack() == soft);
        CHECK(!s.reads_pending(soft));
        s.raise(soft);
        CHECK(s.reads_pending(soft));
        s.eoi(soft);
    }
    CHECK(s.drain() == 1);
    CHECK(s.verdict() == "good");
}

// https://github.com/au-ts/libvmm/pull/179
// A device given to a guest spoke up before the guest had enabled its interrupt: an assertion ended
// the monitor. Here it must wait, without an exit, and come once.
TEST_CASE("libvmm#179: a device that speaks before its guest listens", "[gallery]") {
    unfinished_device<v2>();
    unfinished_device<v3>();
}

// https://github.com/au-ts/libvmm/issues/138
// "vIRQ 0x1b is not enabled", "VPPI IRQ 27 dropped": a tick that found the guest's enable bit clear
// was thrown away, and no other came, for the level had been seen.
TEST_CASE("libvmm#138: a tick that falls due while INTID 27 is disabled", "[gallery]") {
    for (unsigned pauses = 0; pauses < 3; ++pauses) {
        Story<v3, 4> s;
        s.line(timer, true);
        s.settle(); // it waits in a list register when the guest disables it
        s.disable(timer);
        CHECK(s.ack() == nothing);
        for (unsigned n = 0; n < pauses; ++n) {
            s.hypercall();
        }
        s.enable(timer);
        s.settle();
        REQUIRE(s.ack() == timer);
        s.line(timer, false);
        s.eoi(timer);
        CHECK(s.drain() == 0);
        CHECK(s.verdict() == "good");
    }
}

// https://github.com/au-ts/libvmm/pull/238
// Only two SGIs were known; Linux 6.18 sends itself another while it boots on one CPU, and the
// monitor crashed.
TEST_CASE("libvmm#238: all sixteen SGIs can be sent to oneself", "[gallery]") {
    Story<v2, 4> old;
    Story<v3, 4> s;
    for (u32 sgi = 0; sgi < 16; ++sgi) {
        old.raise_sgi(sgi, 0);
        CHECK((old.ack() & 0x3ffU) == sgi);
        old.eoi(sgi);
        s.configure(sgi, 0xa0);
        s.raise_sgi(sgi, 0);
        CHECK(s.ack() == sgi);
        s.eoi(sgi);
    }
    CHECK(old.verdict() == "good");
    CHECK(s.verdict() == "good");
}

// https://github.com/bao-project/bao-hypervisor/pull/178
// The doorbell of shared memory, which no wire stands behind, was listed with the HW bit; its end
// then deactivated whichever physical interrupt had that number.
TEST_CASE("bao#178: an interrupt of software ends nothing physical", "[gallery]") {
    Story<v2, 4> old;
    Story<v3, 4> s;
    const auto ring = [](auto& story) {
        story.configure(doorbell, 0xa0);
        story.machine().driver().set_active(PIntid{doorbell}); // somebody else's
        story.raise(doorbell);
        CHECK(!story.listed(doorbell).hw);
        REQUIRE(story.ack() == doorbell);
        story.eoi(doorbell);
        CHECK(story.physically_active(doorbell));
        CHECK(!story.reads_active(doorbell));
    };
    ring(old);
    ring(s);
}

// https://github.com/arceos-hypervisor/axvisor/issues/128
// Interrupts could be given to the vCPU that was running only; one for a vCPU that waited was lost.
TEST_CASE("axvisor#128: interrupts for a vCPU that is not running wait for it", "[gallery]") {
    Story<v3, 4> s;
    for (u32 n = 0; n < 6; ++n) {
        s.configure(soft + n, 0xa0);
    }
    for (u32 n = 0; n < 6; ++n) {
        s.post(soft + n);
    }
    CHECK(s.best_pending() == Priority{0xa0}); // enough to wake it
    s.hypercall();                             // it runs again
    CHECK(s.drain() == 6);
    CHECK(s.verdict() == "good");
}
