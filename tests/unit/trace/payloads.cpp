// SPDX-License-Identifier: Apache-2.0
// The bits of each event's payload as event.hpp documents them, for whoever reads the ring from a
// dump and not through describe().
#include "hyp/core/trace/event.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

TEST_CASE("payloads: where each field is", "[trace]") {
    CHECK(TraceEvent::exit_sync(0x9600'0010, 0x4008'0000).payload == 0x4008'0000'9600'0010);
    CHECK(TraceEvent::exit_irq(0x4008'0000).payload == 0x4008'0000);
    CHECK(TraceEvent::exit_fiq(0x4008'0000).payload == 0x4008'0000);
    CHECK(TraceEvent::acknowledge(27).payload == 27);
    CHECK(TraceEvent::deactivate(27).payload == 27);
    CHECK(TraceEvent::physical(PhysChange::edge, PIntid{200}).payload == 0x2'00c8);
    CHECK(TraceEvent::maintenance(9).payload == 9);
    CHECK(TraceEvent::sleep().payload == 0);
    CHECK(TraceEvent::wake(0x80).payload == 0x80);
    CHECK(TraceEvent::enter(0x4008'0000).payload == 0x4008'0000);
    CHECK(TraceEvent::overdue(VIntid{27}, 3).payload == 0x3'001b);
}

TEST_CASE("payloads: a list register says whose word it is", "[trace]") {
    const u64 ich = 0x70a0'001b'0000'001b;
    CHECK(TraceEvent::lr_write(GicGeneration::v3, LrIndex{15}, ich).payload ==
          0x7fa0'001b'0000'001b);
    CHECK(TraceEvent::lr_found(GicGeneration::v3, LrIndex{0}, ich).payload == ich);
    CHECK(TraceEvent::lr_write(GicGeneration::v2, LrIndex{0}, 0x9a00'6c1b).payload ==
          0x0000'8000'9a00'6c1b);
    CHECK(TraceEvent::lr_found(GicGeneration::v2, LrIndex{3}, 0x9a00'6c1b).payload ==
          0x0300'8000'9a00'6c1b);
}

TEST_CASE("payloads: accesses, as wide as they are", "[trace]") {
    const u64 value = 0x1234'5678'9abc'def0;
    CHECK(TraceEvent::access(TraceFrame::gicd, 0x104, 4, true, value).payload ==
          0x1040'0104'9abc'def0);
    CHECK(TraceEvent::access(TraceFrame::gicr_rd, 0x8, 8, false, value).payload ==
          0x0081'0008'9abc'def0);
    CHECK(TraceEvent::access(TraceFrame::gicr_sgi, 0x41b, 1, false, value).payload ==
          0x0012'041b'0000'00f0);
    CHECK(TraceEvent::access(TraceFrame::elsewhere, 0x1'ffff, 2, true, value).payload ==
          0x1023'ffff'0000'def0);
    const SysReg reg = static_cast<SysReg>(0x1234);
    CHECK(TraceEvent::register_use(reg, true, value).payload == 0x1000'1234'9abc'def0);
    CHECK(TraceEvent::register_use(reg, false, value).payload == 0x0000'1234'9abc'def0);
}
