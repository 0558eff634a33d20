// SPDX-License-Identifier: Apache-2.0
// Software-generated interrupts as one CPU can send them: to itself, or to nobody.

#include "conform.hpp"

namespace guest::lab {
namespace {

GUEST_SYSREG(IccSgi1r, "s3_0_c12_c11_5");
GUEST_SYSREG(IccAsgi1r, "s3_0_c12_c11_6");
GUEST_SYSREG(IccSgi0r, "s3_0_c12_c11_7");

constexpr unsigned sgis = 16;

void open_all() {
    for (unsigned i = 0; i < sgis; ++i) {
        open(Intid{i});
    }
}

/** Each of the sixteen once, from CPU interface 0. */
Outcome to_self() {
    open_all();
    for (unsigned i = 0; i < sgis; ++i) {
        pend(Intid{i});
        GUEST_TRY(takes(i + 1));
        GUEST_REQUIRE(log().taken[i].ack.raw == i, "IAR", log().taken[i].ack.raw);
    }
    return is_idle();
}

/** All sixteen pending at once: by priority. */
Outcome by_priority() {
    for (unsigned i = 0; i < sgis; ++i) {
        open(Intid{i}, static_cast<std::uint8_t>(0x10 + (i * 5 % sgis) * 8));
    }
    for (unsigned i = 0; i < sgis; ++i) {
        pend(Intid{i});
    }
    GUEST_TRY(takes(sgis));
    for (unsigned i = 0; i < sgis; ++i) {
        const std::uint32_t intid = log().taken[i].ack.raw;
        GUEST_REQUIRE(intid * 5 % sgis == i, "out of order", intid);
    }
    return is_idle();
}

Outcome flood() {
    constexpr unsigned many = 500;
    open(free_sgi);
    unmask();
    for (unsigned i = 1; i <= many; ++i) {
        pend(free_sgi);
        GUEST_REQUIRE(soon([i] { return log().count >= i; }), "lost after", i - 1);
    }
    mask();
    return exactly(many);
}

/** GICD_SGIR: list and filters, and CPUs that do not exist. */
Outcome v2_filters() {
    const std::uintptr_t sgir = irqs().gic().distributor() + GICD_SGIR;
    open_all();
    write32(sgir, 1U << 24 | 3);    // all but self
    write32(sgir, 0xfeU << 16 | 4); // absent CPUs
    write32(sgir, 5);               // nobody
    take_any();
    GUEST_TRY(exactly(0));
    write32(sgir, 1U << 16 | 6); // this CPU by list
    take(1);
    write32(sgir, 0xffU << 16 | 7); // everybody there is
    take(2);
    write32(sgir, 2U << 24 | 0xfeU << 16 | 8); // self, whatever the list says
    GUEST_TRY(takes(3));
    for (unsigned i = 0; i < 3; ++i) {
        GUEST_REQUIRE(log().taken[i].ack.raw == 6 + i, "IAR", log().taken[i].ack.raw);
    }
    GUEST_REQUIRE(read32(sgir) == 0, "GICD_SGIR can be read", read32(sgir));
    return is_idle();
}

/** GICD_SPENDSGIR and GICD_CPENDSGIR: a byte an SGI, a bit a sender. */
Outcome v2_pending_senders() {
    const std::uintptr_t set = irqs().gic().distributor() + GICD_SPENDSGIR;
    const std::uintptr_t clear = irqs().gic().distributor() + GICD_CPENDSGIR;
    open_all();
    write8(set + 9, 1);
    GUEST_REQUIRE(read8(set + 9) == 1 && read8(clear + 9) == 1, "not pending", read32(set + 8));
    GUEST_REQUIRE(read32(set + 8) == 0x100, "a word of four", read32(set + 8));
    GUEST_REQUIRE(irqs().is_pending(Intid{9}), "not in GICD_ISPENDR0", 9);
    write8(clear + 9, 1);
    GUEST_REQUIRE(read32(set + 8) == 0 && !irqs().is_pending(Intid{9}), "not cleared", 9);
    take_any();
    GUEST_TRY(exactly(0));
    if (machine().under_baton) {
        write32(set + 12, 0x00010001); // 12 and 14
    } else {
        write8(set + 12, 1); // QEMU's own GICv2 takes a zero byte for a sender, and dies of it
        write8(set + 14, 1);
    }
    GUEST_TRY(takes(2));
    irqs().set_pending(Intid{9}); // no matter of GICD_ISPENDR
    take_any();
    GUEST_TRY(exactly(2));
    pend(Intid{9});
    irqs().clear_pending(Intid{9}); // nor of GICD_ICPENDR
    return takes(3);
}

/** ICC_SGI1R_EL1: the fields of one that reaches this CPU. */
std::uint64_t target_self(unsigned sgi) {
    const std::uint64_t mpidr = Mpidr::read();
    return (mpidr >> 32 & 0xff) << 48 | (mpidr >> 16 & 0xff) << 32 | std::uint64_t{sgi} << 24 |
           (mpidr >> 8 & 0xff) << 16 | std::uint64_t{1} << (mpidr & 0xf);
}

/** Each affinity field, the list, the range and the broadcast must fit. */
Outcome v3_targets() {
    constexpr std::uint64_t broadcast = std::uint64_t{1} << 40; // IRM
    open_all();
    IccSgi1r::write(target_self(1) ^ std::uint64_t{1} << 16); // Aff1
    IccSgi1r::write(target_self(2) ^ std::uint64_t{1} << 32); // Aff2
    IccSgi1r::write(target_self(3) ^ std::uint64_t{1} << 48); // Aff3
    IccSgi1r::write(target_self(4) & ~std::uint64_t{0xffff}); // nobody
    IccSgi1r::write(target_self(5) ^ 0xffff);                 // the others
    IccSgi1r::write(std::uint64_t{6} << 24 | broadcast);      // all but self
    IccSgi1r::write(target_self(7) | broadcast);              // whatever the list says
    isb();
    take_any();
    GUEST_TRY(exactly(0));
    IccSgi1r::write(target_self(8) | 0xffff);
    isb();
    GUEST_TRY(takes(1));
    GUEST_REQUIRE(log().taken[0].ack.raw == 8, "IAR", log().taken[0].ack.raw);
    return is_idle();
}

/** RS counts ranges of sixteen; none but the first has a CPU here. */
Outcome v3_range() {
    if (!machine().under_baton) {
        return skipped("QEMU's own GIC ignores the range selector");
    }
    open_all();
    IccSgi1r::write(target_self(1) | std::uint64_t{1} << 44);
    isb();
    take_any();
    return exactly(0);
}

/** With one security state: SGI1R raises Group 1, SGI0R and ASGI1R Group 0, none the other. */
Outcome v3_groups() {
    for (const Group group : {Group::group0, Group::group1}) {
        const bool first = group == Group::group0;
        prepare({group, EoiMode::joint});
        open_all();
        IccSgi0r::write(target_self(1));
        isb();
        take(first ? 1 : 0);
        GUEST_REQUIRE(log().count == (first ? 1 : 0), "ICC_SGI0R_EL1", log().count);
        IccAsgi1r::write(target_self(2));
        isb();
        take(first ? 2 : 0);
        GUEST_REQUIRE(log().count == (first ? 2 : 0), "ICC_ASGI1R_EL1", log().count);
        IccSgi1r::write(target_self(3));
        isb();
        take(first ? 2 : 1);
        GUEST_REQUIRE(log().count == (first ? 2 : 1), "ICC_SGI1R_EL1", log().count);
    }
    return passed;
}

/** GICR_ISPENDR0 and GICR_ICPENDR0 are as good for SGIs as for PPIs. */
Outcome v3_pending() {
    open_all();
    irqs().set_pending(Intid{9});
    GUEST_REQUIRE(irqs().is_pending(Intid{9}), "not set", 9);
    irqs().clear_pending(Intid{9});
    GUEST_REQUIRE(!irqs().is_pending(Intid{9}), "not cleared", 9);
    take_any();
    GUEST_TRY(exactly(0));
    irqs().set_pending(Intid{10});
    GUEST_TRY(takes(1));
    GUEST_REQUIRE(log().taken[0].ack.raw == 10, "IAR", log().taken[0].ack.raw);
    return is_idle();
}

constexpr Rule all[] = {
    {"sgi.to-self", to_self, When::always},
    {"sgi.by-priority", by_priority, When::always},
    {"sgi.flood", flood, When::always},
    {"sgi.filters", v2_filters, When::v2},
    {"sgi.pending-senders", v2_pending_senders, When::v2},
    {"sgi.targets", v3_targets, When::v3},
    {"sgi.range", v3_range, When::v3},
    {"sgi.groups", v3_groups, When::v3},
    {"sgi.pending", v3_pending, When::v3},
};

} // namespace

std::span<const Rule> sgi_checks() {
    return all;
}

} // namespace guest::lab
