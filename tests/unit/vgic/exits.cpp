// SPDX-License-Identifier: Apache-2.0
// What an exit asks of a vCPU: what waits when the guest sleeps, which ends the list registers did
// not see, and which words of the distributor must be read.
#include "tests/unit/vgic/machines.hpp"

#include <catch2/catch.hpp>

using namespace hyp;
using namespace hyp::test;

namespace {

// The ghost does not follow what is done here.
[[nodiscard]] Setup lawless() {
    Setup setup;
    setup.lawless = true;
    return setup;
}

} // namespace

TEST_CASE("best pending: what a WFI must not sleep over", "[vgic]") {
    Machine<GicGeneration::v3, 1> m{lawless()};
    CHECK(m.irqs.best_pending() == Priority{0xff});
    m.trap([](VcpuIrqs& v) { v.guest_set_priority(VIntid{self_sgi}, 0x60); });
    m.raise_sgi(self_sgi, 0);
    CHECK(m.irqs.best_pending() == Priority{0x60}); // listed
    m.raise_spi();
    CHECK(m.irqs.best_pending() == Priority{0x60}); // 0xa0 waits
    CHECK(m.gic.guest_acknowledge(0) == self_sgi);
    m.trap([](VcpuIrqs&) {});
    CHECK(m.irqs.best_pending() == Priority{0xa0}); // the SGI is active
    m.trap([](VcpuIrqs& v) { v.guest_disable(1, 1U << (soft_spi - 32)); });
    CHECK(m.irqs.best_pending() == Priority{0xff});
}

// With EOImode 1 the DIR has trapped, and the deactivation is done already.
TEST_CASE("H14: EOIcount is replayed unless the guest ends by DIR, which traps", "[vgic]") {
    for (const bool split : {false, true}) {
        VgicCaps caps;
        caps.list_registers = 1;
        VmIrqs vm{1, caps.guest_group};
        VcpuIrqs irqs{vm, VcpuIndex{0}, caps};
        irqs.set_group_enables(2);
        irqs.guest_enable(1, 6);
        irqs.guest_set_active(1, 2);
        static_cast<void>(irqs.flush());
        irqs.raise(VIntid{34});
        const Entry entry = irqs.flush();
        CHECK(entry.control.entry_not_present);
        CHECK(entry.control.trap_deactivate);
        LrFile file;
        file.live = irqs.live_list_registers();
        file.regs[0] = irqs.in_hardware(LrIndex{0});
        file.eoi_count = 1;
        file.split_eoi = split;
        REQUIRE(irqs.needs_eoi_count());
        irqs.sync(file, PhysWords{});
        CHECK(!irqs.needs_eoi_count()); // once per exit
        CHECK((irqs.active_word(1) == 0) == !split);
        CHECK(irqs.flush().control_changed); // the count must go in any case
    }
}

TEST_CASE("a vCPU reads only the physical words that it must", "[vgic]") {
    Machine<GicGeneration::v3, 4> m{lawless()};
    const auto needed = [&] {
        LrFile file;
        file.live = m.irqs.live_list_registers();
        for (u8 i = 0; i < 4; ++i) {
            file.regs[i] = m.driver().read_lr(LrIndex{i});
        }
        return m.irqs.needs_phys(file);
    };
    // The homes of the timer and the SGIs: the fast path may have written them.
    CHECK(m.irqs.live_list_registers() == 3);
    CHECK(needed() == 0);
    m.raise_sgi(self_sgi, 0);
    CHECK(m.irqs.live_list_registers() == 3);
    CHECK(needed() == 0);
    m.line(timer, true);
    m.interrupt();
    CHECK(needed() == 1);
    m.line(disk, true);
    m.line(disk, false);
    m.interrupt();
    CHECK(needed() == 3);
    CHECK(m.irqs.hardware_words(0) == 1);
    CHECK(m.irqs.hardware_words(1) == 2);
    CHECK(m.irqs.hardware_words(2) == 0);
}
