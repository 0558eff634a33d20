// SPDX-License-Identifier: Apache-2.0
// Gallery: guests whose timer stopped, and idle guests that would not wake or would not sleep.
#include "hyp/core/vtimer/vtimer.hpp"
#include "tests/unit/gallery/story.hpp"

using namespace hyp;
using namespace hyp::test;

namespace {

constexpr Priority nothing_waits{0xff};

// A guest asleep, its timer put away: the line rises with nobody there, then it is woken.
template <GicGeneration G>
void woken_by_its_timer(Setup setup) {
    Story<G, 4> s{setup};
    for (unsigned sleep = 0; sleep < 3; ++sleep) {
        s.hypercall(); // its WFI
        CHECK(s.best_pending() == nothing_waits);
        s.machine().driver().set_enable(PIntid{timer}, Enable::off); // CNTV is not its own now
        s.line(timer, true);
        CHECK(!s.machine().pending_exit());
        s.wake_for_timer();
        s.machine().driver().set_enable(PIntid{timer}, Enable::on);
        CHECK(s.best_pending() != nothing_waits); // the WFI is over
        CHECK(s.physically_active(timer));
        CHECK(!s.machine().pending_exit()); // marked active: no storm at the entry
        REQUIRE(s.ack() == timer);
        s.line(timer, false);
        s.eoi(timer);
        s.settle();
        CHECK(!s.physically_active(timer));
    }
    CHECK(s.drain() == 0);
    CHECK(s.verdict() == "good");
}

} // namespace

// https://github.com/rcore-os/tgoskits/issues/1713
// When the timer of a parked vCPU expired, the interrupt was written into whatever list register was
// at hand, and the vCPU was left asleep: the guest's clock stood still until some other event came.
TEST_CASE("tgoskits#1713: an expired timer wakes its sleeping vCPU", "[gallery]") {
    woken_by_its_timer<v3>({});
    woken_by_its_timer<v2>({});
    woken_by_its_timer<v2>(stale_gicv2());
}

// https://github.com/au-ts/libvmm/issues/115
// A guest's WFI did nothing, so an idle guest burned its whole time slice. A guest may sleep unless
// something is pending that it could take; what is disabled, or active already, wakes nobody.
TEST_CASE("libvmm#115: what a waiting guest may sleep over", "[gallery]") {
    Story<v3, 4> s;
    CHECK(s.best_pending() == nothing_waits);
    s.configure(soft, 0x90);
    s.disable(soft);
    s.raise(soft);
    CHECK(s.best_pending() == nothing_waits);
    s.enable(soft);
    CHECK(s.best_pending() == Priority{0x90});
    REQUIRE(s.ack() == soft);
    s.hypercall();
    CHECK(s.best_pending() == nothing_waits);
    s.raise(soft);                            // pending again, and active:
    CHECK(s.best_pending() == nothing_waits); // no candidate before its end
    s.eoi(soft);
    s.hypercall();
    CHECK(s.best_pending() == Priority{0x90});
    CHECK(s.verdict() == "good");
}

// https://github.com/jordanhubbard/agentos/pull/132
// A timer that had expired was delivered after a WFI although the guest had masked it: ISTATUS says
// nothing of IMASK.
TEST_CASE("agentos#132: a masked timer does not interrupt", "[gallery]") {
    constexpr u64 long_ago = 1000;
    constexpr u64 now = 2000;
    for (u64 ctl = 0; ctl < 8; ++ctl) { // ENABLE, IMASK, ISTATUS
        const bool enabled = (ctl & 1U) != 0;
        const bool masked = (ctl & 2U) != 0;
        CHECK(fires(TimerRegs{ctl, long_ago}, 0, now) == (enabled && !masked));
        CHECK((deadline(TimerRegs{ctl, long_ago}, 0) == never) == (!enabled || masked));
    }
}

// https://github.com/google/gvisor/issues/5739
// A vCPU that was added set the counter offset of all its siblings to "now", and loops that waited
// for CNTVCT never ended. Here a timer is judged by an offset that is handed in, and nothing else.
TEST_CASE("gvisor#5739: one VM's counter offset decides when its timers are due", "[gallery]") {
    constexpr u64 born = 5'000'000;
    constexpr TimerRegs on{1, 1000}; // due in the VM's own time
    CHECK(!fires(on, born, born + 999));
    CHECK(fires(on, born, born + 1000));
    CHECK(!fires(on, born + 1, born + 1000)); // a later birth, a later tick
}
