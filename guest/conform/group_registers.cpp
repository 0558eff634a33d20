// SPDX-License-Identifier: Apache-2.0
// Groups 0 and 1 in the registers: which acknowledges what, and the control bits that change it.

#include "conform.hpp"

namespace guest::lab {
namespace {

constexpr Intid first = spi(0);  // Group 0 in these checks
constexpr Intid second = spi(1); // Group 1
constexpr std::uint32_t other_group = 1022;

/** Both open, in their groups, the one of Group 0 more urgent. */
void open_both() {
    irqs().set_group(first, Group::group0);
    irqs().set_group(second, Group::group1);
    open(first, 0x40);
    open(second, 0x80);
}

/** Without AckCtl each acknowledge register serves its group; the other is 'none', 1022 on v2. */
Outcome acknowledge_registers() {
    const std::uint32_t seen_by_group0 = irqs().is_v3() ? 1023 : other_group;
    cpu().control({.ack_ctl = false});
    open_both();
    pend(second);
    GUEST_REQUIRE(cpu().highest_pending(Group::group0) == seen_by_group0,
                  "Group 0's HPPIR, Group 1 pending", cpu().highest_pending(Group::group0));
    GUEST_REQUIRE(cpu().acknowledge(Group::group0).raw == seen_by_group0,
                  "Group 0's IAR, Group 1 pending", 0);
    pend(first);
    const Ack ack0 = cpu().acknowledge(Group::group0);
    GUEST_REQUIRE(ack0.raw == first.value, "Group 0's IAR, both pending", ack0.raw);
    cpu().end(Group::group0, ack0);
    GUEST_REQUIRE(!irqs().is_active(first), "Group 0's EOIR", first.value);
    return expect(irqs().is_pending(second), "Group 1's interrupt is lost", second.value);
}

/** The registers of Group 1, on v2 the aliases. */
Outcome group1_registers() {
    if (!irqs().is_v3() && !cpu().has_aliases()) {
        return skipped("this GICv2 has no GICC_AIAR (QEMU)");
    }
    cpu().control({.ack_ctl = false});
    open_both();
    pend(second);
    GUEST_REQUIRE(cpu().highest_pending(Group::group1) == second.value, "HPPIR, Group 1 pending",
                  cpu().highest_pending(Group::group1));
    pend(first);
    GUEST_REQUIRE(cpu().highest_pending(Group::group1) == 1023, "HPPIR, both pending",
                  cpu().highest_pending(Group::group1));
    GUEST_REQUIRE(cpu().acknowledge(Group::group1).raw == 1023, "IAR, both pending", 0);
    irqs().clear_pending(first);
    const Ack ack = cpu().acknowledge(Group::group1);
    GUEST_REQUIRE(ack.raw == second.value, "IAR", ack.raw);
    cpu().end(Group::group1, ack);
    GUEST_REQUIRE(!irqs().is_active(second), "EOIR did not end it", second.value);
    return is_idle();
}

/** GICC_CTLR.FIQEn: Group 0 as FIQ, Group 1 stays IRQ. */
Outcome v2_fiq() {
    open_both();
    cpu().control({.fiq = true});
    pend(first);
    pend(second);
    GUEST_TRY(takes(2));
    GUEST_REQUIRE(log().taken[0].fiq && log().taken[0].ack.intid() == first, "Group 0 as IRQ",
                  log().taken[0].ack.raw);
    GUEST_REQUIRE(!log().taken[1].fiq && log().taken[1].ack.intid() == second, "Group 1 as FIQ",
                  log().taken[1].ack.raw);
    return is_idle();
}

/** GICC_CTLR.AckCtl: IAR, HPPIR and EOIR serve Group 1, too. */
Outcome v2_ack_ctl() {
    open_both();
    cpu().control({.ack_ctl = true});
    pend(second);
    GUEST_REQUIRE(cpu().highest_pending(Group::group0) == second.value, "HPPIR",
                  cpu().highest_pending(Group::group0));
    const Ack ack = cpu().acknowledge(Group::group0);
    GUEST_REQUIRE(ack.raw == second.value, "IAR", ack.raw);
    cpu().end(Group::group0, ack);
    GUEST_REQUIRE(!irqs().is_active(second), "EOIR did not end it", second.value);
    return is_idle();
}

/** CBPR: Group 1 preempts by Group 0's binary point. */
Outcome common_binary_point() {
    static constinit volatile unsigned inside = 0;
    for (const bool common : {false, true}) {
        prepare(setup(), [](const Taken& taken, unsigned nth) {
            if (nth == 1) {
                pend(second);
                take_any();
                inside = log().count;
            }
            finish_interrupt(taken);
        });
        inside = 0;
        cpu().set_binary_point(Group::group0, 7); // nothing preempts
        cpu().control({.common_bpr = common});
        open(spi(2), 0x80);
        open(second, 0x40);
        pend(spi(2));
        GUEST_TRY(takes(2));
        GUEST_REQUIRE(inside == (common ? 1 : 2), "interrupts inside; CBPR was", common);
    }
    return is_idle();
}

/** GICD_IGROUPR keeps what is written, for every interrupt there is. */
Outcome register_kept() {
    for (std::uint32_t i = 0; i < irqs().count(); i += 32) {
        for (const std::uint32_t pattern : {0xa5a55a5aU, 0xffffffffU, 0U}) {
            write32(irqs().word(GICD_IGROUPR, Intid{i}), pattern);
            const std::uint32_t kept = read32(irqs().word(GICD_IGROUPR, Intid{i}));
            GUEST_REQUIRE(kept == pattern, "GICD_IGROUPR keeps", kept);
        }
    }
    return passed;
}

/** GICD_CTLR: both enables, each on its own. */
Outcome control_register() {
    const std::uintptr_t ctlr = irqs().gic().distributor() + GICD_CTLR;
    const std::uint32_t fixed = irqs().is_v3() ? 1U << 4 | 1U << 6 : 0; // ARE and DS, always on
    for (const std::uint32_t groups : {0U, 1U, 2U, 3U}) {
        write32(ctlr, groups | fixed);
        GUEST_REQUIRE(read32(ctlr) == (groups | fixed), "GICD_CTLR", read32(ctlr));
    }
    if (irqs().is_v3()) {
        write32(ctlr, 3); // DS cannot be cleared, ARE is the only routing there is
        GUEST_REQUIRE(read32(ctlr) == (3 | fixed), "GICD_CTLR without ARE and DS", read32(ctlr));
    }
    return passed;
}

constexpr Rule all[] = {
    {"group.acknowledge-registers", acknowledge_registers, When::once},
    {"group.group1-registers", group1_registers, When::once},
    {"group.fiq", v2_fiq, When::v2},
    {"group.ack-ctl", v2_ack_ctl, When::v2},
    {"group.common-binary-point", common_binary_point, When::once},
    {"group.register", register_kept, When::once},
    {"group.control", control_register, When::once},
};

} // namespace

std::span<const Rule> group_register_checks() {
    return all;
}

} // namespace guest::lab
