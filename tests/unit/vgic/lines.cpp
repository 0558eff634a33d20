// SPDX-License-Identifier: Apache-2.0
// A software source's line, and what a listed interrupt does when its configuration changes.
#include "tests/unit/vgic/bare_cpu.hpp"

using namespace hyp;
using test::BareCpu;

namespace {

constexpr VIntid spi{40};
constexpr u32 bit = 1U << 8;

struct One {
    VmIrqs vm{1, Group::group1};
    BareCpu cpu{vm, 0, VgicCaps{}};
    One() {
        static_cast<void>(cpu.exit([](VcpuIrqs& v) {
            v.set_group_enables(3);
            v.guest_enable(1, bit);
        }));
    }
    void line(bool high) {
        static_cast<void>(cpu.exit([&](VcpuIrqs& v) { v.set_line(spi, high); }));
    }
};

} // namespace

TEST_CASE("a line: a level is pending while it is high, and again after its end", "[vgic]") {
    One one;
    one.line(true);
    CHECK(one.cpu.has(spi, LrState::pending));
    one.line(false);
    CHECK(one.cpu.find(spi) == nullptr);
    CHECK_FALSE(one.vm.word(spi).is_pending());
    one.line(true);
    one.cpu.acknowledge(spi);
    one.cpu.end(spi);
    static_cast<void>(one.cpu.exit());
    CHECK(one.cpu.has(spi, LrState::pending)); // it is still high
    one.cpu.acknowledge(spi);
    one.line(false);
    CHECK(one.cpu.has(spi, LrState::active));
    one.cpu.end(spi);
    static_cast<void>(one.cpu.exit());
    CHECK(one.cpu.find(spi) == nullptr);
}

TEST_CASE("a pending one that is listed follows its group", "[vgic]") {
    One one;
    static_cast<void>(one.cpu.exit([](VcpuIrqs& v) { v.raise(spi); }));
    REQUIRE(one.cpu.has(spi, LrState::pending));
    CHECK(one.cpu.find(spi)->group() == Group::group1);
    static_cast<void>(one.cpu.exit([](VcpuIrqs& v) { v.guest_set_group(1, 0); }));
    REQUIRE(one.cpu.has(spi, LrState::pending));
    CHECK(one.cpu.find(spi)->group() == Group::group0);
    static_cast<void>(one.cpu.exit([](VcpuIrqs& v) { v.set_group_enables(2); }));
    CHECK(one.cpu.find(spi) == nullptr);
}

TEST_CASE("SPIs by their physical INTID: those that are forwarded, and no others", "[vgic]") {
    VmIrqs vm{1, Group::group1};
    vm.map_hardware(VIntid{33}, PIntid{79}, Trigger::level);
    vm.map_hardware(VIntid{48}, PIntid{48}, Trigger::edge);
    VIntid found{0};
    CHECK(vm.find(PIntid{79}, found));
    CHECK(found == VIntid{33});
    CHECK(vm.find(PIntid{48}, found));
    CHECK(found == VIntid{48});
    for (const u32 pintid : {32U, 33U, 47U, 49U, 287U, 288U, 1019U}) {
        CAPTURE(pintid);
        CHECK_FALSE(vm.find(PIntid{pintid}, found));
    }
}
