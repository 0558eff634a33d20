// SPDX-License-Identifier: Apache-2.0
// The trace ring, and each kind of event in words.
#include "hyp/core/trace/describe.hpp"

#include "hyp/core/regs/lr.hpp"

#include <catch2/catch.hpp>

#include <cstring>
#include <memory>
#include <random>
#include <string>

using namespace hyp;

namespace {

struct Traced {
    explicit Traced(u32 kinds = TraceRing::every_kind) : ring{records.data(), kinds} {}
    std::array<TraceRecord, TraceRing::capacity> records{};
    TraceRing ring;
};

std::string words_of(const TraceRecord& record) {
    char line[event_line_size];
    describe(record, line);
    return line;
}

std::string words_of(TraceEvent event) {
    Traced traced;
    traced.ring.record(event, 1);
    return words_of(traced.ring.at(0));
}

} // namespace

TEST_CASE("a ring that is off wants nothing, one with a filter its kinds", "[trace]") {
    CHECK_FALSE(TraceRing{}.is_on());
    Traced some{1U << static_cast<u8>(EventKind::lr_write)};
    for (u8 kind = 0; kind < event_kinds; ++kind) {
        CHECK_FALSE(TraceRing{}.wants(static_cast<EventKind>(kind)));
        CHECK(some.ring.wants(static_cast<EventKind>(kind)) ==
              (static_cast<EventKind>(kind) == EventKind::lr_write));
        CHECK(Traced{}.ring.wants(static_cast<EventKind>(kind)));
    }
    some.ring.stop();
    CHECK_FALSE(some.ring.is_on());
}

TEST_CASE("the newest events are kept, what is overwritten is counted", "[trace]") {
    Traced traced;
    CHECK(traced.ring.held() == 0);
    for (u64 n = 0; n < 3 * TraceRing::capacity + 5; ++n) {
        traced.ring.record(TraceEvent::enter(n), 10 * n);
        REQUIRE(traced.ring.recorded() == n + 1);
        REQUIRE(traced.ring.held() == std::min(n + 1, TraceRing::capacity));
        REQUIRE(traced.ring.lost() + traced.ring.held() == n + 1);
        for (const u64 back : {u64{0}, traced.ring.held() / 2, traced.ring.held() - 1}) {
            REQUIRE(traced.ring.at(back).payload == n - back);
            REQUIRE(traced.ring.at(back).ticks() == 10 * (n - back));
            REQUIRE(traced.ring.at(back).kind() == EventKind::enter);
        }
    }
    CHECK(traced.ring.stores_to(traced.records.data()));
    CHECK_FALSE(traced.ring.stores_to(traced.records.data() + 1));
}

TEST_CASE("the counter does not reach the kind", "[trace]") {
    Traced traced;
    const u64 two_years = (u64{1} << 56) - 1;
    traced.ring.record(TraceEvent::sleep(), two_years);
    CHECK(traced.ring.at(0).kind() == EventKind::sleep);
    CHECK(traced.ring.at(0).ticks() == two_years);
}

TEST_CASE("each kind of event has its words", "[trace]") {
    CHECK(words_of(TraceEvent::exit_sync(0x5a000000, 0xffff'8000'4010'0200)) ==
          "exit: HVC, pc 40100200, esr 5a000000");
    CHECK(words_of(TraceEvent::exit_sync(0x93820006, 0x40100204)) ==
          "exit: data abort from a lower level, pc 40100204, esr 93820006");
    CHECK(words_of(TraceEvent::exit_irq(0xffff'8000'4010'0200)) ==
          "exit: IRQ, pc ffff800040100200");
    CHECK(words_of(TraceEvent::exit_fiq(0x40)) == "exit: FIQ, pc 40");
    CHECK(words_of(TraceEvent::acknowledge(27)) == "acknowledge INTID 27 and drop its priority");
    CHECK(words_of(TraceEvent::acknowledge(0x1405)) ==
          "acknowledge INTID 5 from CPU 5 and drop its priority");
    CHECK(words_of(TraceEvent::acknowledge(8195)) ==
          "acknowledge INTID 8195 and drop its priority");
    CHECK(words_of(TraceEvent::acknowledge(1023)) ==
          "acknowledge INTID 1023 and drop its priority");
    CHECK(words_of(TraceEvent::deactivate(26)) == "deactivate INTID 26");
    CHECK(words_of(TraceEvent::maintenance(0x2)) == "maintenance: underflow");
    CHECK(words_of(TraceEvent::maintenance(0xf)) == "maintenance: end");
    CHECK(words_of(TraceEvent::access(TraceFrame::gicd, 0x104, 4, true, 0x80)) ==
          "GICD + 0x104, 4 bytes := 80");
    CHECK(words_of(TraceEvent::access(TraceFrame::gicr_rd, 8, 8, false, 0x1'0000'0010)) ==
          "GICR + 0x8, 8 bytes is 10");
    CHECK(words_of(TraceEvent::access(TraceFrame::gicr_sgi, 0x10100, 1, true, ~u64{0})) ==
          "GICR SGI + 0x100, 1 bytes := ff");
    CHECK(words_of(TraceEvent::access(TraceFrame::elsewhere, 0xb000, 2, true, 7)) ==
          "address + 0xb000, 2 bytes := 7");
    CHECK(words_of(TraceEvent::register_use(SysReg::icc_sgi1r, true, 0x1000001)) ==
          "register S_3_0_12_11_5 := 1000001");
    CHECK(words_of(TraceEvent::register_use(SysReg::isr_el1, false, 0)) ==
          "register S_3_0_12_1_0 is 0");
    CHECK(words_of(TraceEvent::sleep()) == "sleep");
    CHECK(words_of(TraceEvent::wake(0x80)) == "wake, isr 80");
    CHECK(words_of(TraceEvent::maintenance(4)) == "maintenance: not present");
    CHECK(words_of(TraceEvent::maintenance(8)) == "maintenance: no pending");
    CHECK(words_of(TraceEvent::maintenance(0)) == "maintenance: ?");
    CHECK(words_of(TraceEvent::enter(0x40080000)) == "enter, pc 40080000");
    CHECK(words_of(TraceEvent::overdue(VIntid{27}, 625000)) ==
          "watchdog: INTID 27 active for 625000 ticks");
    CHECK(words_of(TraceEvent::overdue(VIntid{27}, u64{1} << 40)) ==
          "watchdog: INTID 27 active for 1099511627776 ticks");
}

TEST_CASE("each physical change has its words", "[trace]") {
    const std::pair<PhysChange, const char*> table[] = {
        {PhysChange::disable, "disable"},           {PhysChange::level, "trigger level"},
        {PhysChange::edge, "trigger edge"},         {PhysChange::clear_pending, "clear pending"},
        {PhysChange::clear_active, "clear active"}, {PhysChange::set_active, "set active"},
        {PhysChange::set_pending, "set pending"},   {PhysChange::enable, "enable"},
    };
    for (const auto& [change, words] : table) {
        CHECK(words_of(TraceEvent::physical(change, PIntid{48})) ==
              words + std::string{" physical INTID 48"});
    }
}

TEST_CASE("a list register is described from either GIC's word", "[trace]") {
    const auto v2 = [](const ListReg& lr, u8 n) {
        return words_of(TraceEvent::lr_write(GicGeneration::v2, LrIndex{n}, encode_gich(lr).raw()));
    };
    const auto v3 = [](const ListReg& lr, u8 n) {
        return words_of(TraceEvent::lr_found(GicGeneration::v3, LrIndex{n}, encode_ich(lr).raw()));
    };
    const ListReg timer = ListReg::hardware(VIntid{27}, PIntid{30}, Priority{0xa0}, Group::group1);
    for (u8 n = 0; n < 16; ++n) {
        const std::string name = "list register " + std::to_string(n);
        CHECK(v2(timer, n) == name + " := pending INTID 27, hardware 30, priority a0");
        CHECK(v3(timer.in_state(LrState::active), n) ==
              name + " found active INTID 27, hardware 30, priority a0");
        CHECK(v2(ListReg{}, n) == name + " := empty");
        CHECK(v3(ListReg{}, n) == name + " found empty");
    }
    const ListReg sgi = ListReg::sgi(VIntid{5}, 3, Priority{0x80}, Group::group0, EoiNotify::no);
    CHECK(v2(sgi, 1) == "list register 1 := pending INTID 5 from CPU 3, priority 80");
    const ListReg soft = ListReg::software(VIntid{100}, Priority{0xf8}, Group::group1);
    CHECK(v3(soft.in_state(LrState::pending_active), 2) ==
          "list register 2 found pending and active INTID 100, priority f8");
}

TEST_CASE("any sixteen bytes are described, into any room, and the longest line fits", "[trace]") {
    std::mt19937_64 random{3};
    usize longest = 0;
    for (unsigned round = 0; round < 20000; ++round) {
        const u64 kind = round % 3 == 0 ? random() & 0xff : round % event_kinds;
        const TraceRecord record{(random() >> 8) | kind << TraceRecord::kind_shift, random()};
        char wide[512];
        describe(record, wide);
        longest = std::max(longest, std::strlen(wide));
        REQUIRE(std::strlen(wide) > 0);
        const usize size = 1 + random() % event_line_size;
        const std::unique_ptr<char[]> narrow{new char[size]}; // exact, for the sanitizer
        describe(record, {narrow.get(), size});
        REQUIRE(std::strncmp(narrow.get(), wide, size - 1) == 0);
        REQUIRE(std::strlen(narrow.get()) == std::min(size - 1, std::strlen(wide)));
    }
    CHECK(longest < event_line_size);
}

TEST_CASE("a damaged ring is read within its storage", "[trace]") {
    std::mt19937_64 random{4};
    for (unsigned round = 0; round < 200; ++round) {
        Traced traced;
        u64 next = random(); // what a stray store may leave there
        std::memcpy(static_cast<void*>(&traced.ring), &next, sizeof next);
        for (TraceRecord& record : traced.records) {
            record = {random(), random()};
        }
        REQUIRE(traced.ring.held() <= TraceRing::capacity);
        for (u64 n = 0; n < traced.ring.held(); ++n) {
            REQUIRE_FALSE(words_of(traced.ring.at(n)).empty());
        }
    }
}
