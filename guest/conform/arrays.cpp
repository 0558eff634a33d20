// SPDX-License-Identifier: Apache-2.0
// The registers with a bit, two bits or a byte an interrupt: every bit of them, and what lies
// beyond the last interrupt.

#include "conform.hpp"

namespace guest::lab {
namespace {

constexpr std::uint32_t all_ones = 0xffffffff;
constexpr std::uint32_t sgi_bits = 0xffff;
constexpr std::uint32_t timer_bits = 0xff000000; // PPIs that have devices: QEMU's timers, PMU

/** The first INTID that does not exist. QEMU's own GICv3 has 32 more than its GICD_TYPER says. */
std::uint32_t beyond() {
    const bool more = irqs().is_v3() && !machine().under_baton;
    return irqs().count() + (more ? 32 : 0);
}

Outcome priority_word(std::uintptr_t word, std::uint32_t mask) {
    for (const std::uint32_t value : {0xff7fbf3fU, 0x00804020U, 0x5aa55aa5U, 0U}) {
        write32(word, value);
        GUEST_REQUIRE(read32(word) == (value & mask), "a word keeps (address, value)",
                      word << 32 | read32(word));
        for (unsigned i = 0; i < 4; ++i) {
            GUEST_REQUIRE(read8(word + i) == (read32(word) >> (8 * i) & 0xff),
                          "a byte reads otherwise than its word", word + i);
        }
    }
    for (unsigned i = 0; i < 4; ++i) {
        write8(word + i, static_cast<std::uint8_t>(0x30 + 0x40 * i));
    }
    const std::uint32_t together = 0xf0b07030;
    return expect(read32(word) == (together & mask), "bytes written one by one", read32(word));
}

/** Every priority: the same implemented bits everywhere, at least four, by byte and by word. */
Outcome priorities() {
    write32(irqs().block(Intid{32}) + GICD_IPRIORITYR + 32, all_ones);
    const std::uint32_t mask = read32(irqs().block(Intid{32}) + GICD_IPRIORITYR + 32);
    GUEST_REQUIRE((mask & 0xf0) == 0xf0, "fewer than 16 priorities", mask);
    GUEST_REQUIRE(mask == (mask & 0xff) * 0x01010101, "bytes differ", mask);
    for (std::uint32_t i = 0; i < irqs().count(); i += 4) {
        GUEST_TRY(priority_word(irqs().block(Intid{i}) + GICD_IPRIORITYR + i, mask));
    }
    return passed;
}

Outcome ignores(std::uintptr_t address) {
    for (const std::uint32_t value : {all_ones, 0xa5a55a5aU}) {
        write32(address, value);
        GUEST_REQUIRE(read32(address) == 0, "keeps something (address)", address);
    }
    return passed;
}

/** Beyond the last interrupt every array reads as zero and ignores writes. */
Outcome beyond_limit() {
    const std::uintptr_t base = irqs().gic().distributor();
    for (std::uint32_t i = beyond(); i < 1020; i += 4) {
        const std::uintptr_t address = base + GICD_IPRIORITYR + i;
        GUEST_TRY(ignores(address));
        write8(address + 3, 0xff);
        GUEST_REQUIRE(read8(address + 3) == 0, "keeps a byte (address)", address);
        if (!irqs().is_v3()) {
            GUEST_TRY(ignores(base + GICD_ITARGETSR + i));
        }
    }
    for (std::uint32_t i = beyond(); i < 992; i += 32) {
        for (const std::uintptr_t array :
             {std::uintptr_t{GICD_IGROUPR}, std::uintptr_t{GICD_ISENABLER},
              std::uintptr_t{GICD_ICENABLER}, std::uintptr_t{GICD_ISPENDR},
              std::uintptr_t{GICD_ICPENDR}, std::uintptr_t{GICD_ISACTIVER},
              std::uintptr_t{GICD_ICACTIVER}}) {
            GUEST_TRY(ignores(base + array + i / 8));
        }
        GUEST_TRY(ignores(base + GICD_ICFGR + i / 4));
        GUEST_TRY(ignores(base + GICD_ICFGR + i / 4 + 4));
    }
    return passed;
}

/** Each bit is set and cleared alone; both registers of the pair show it; zeros do nothing. */
Outcome bits(std::uintptr_t set, std::uintptr_t clear, std::uint32_t word, std::uint32_t usable) {
    const std::uintptr_t to_set = irqs().word(set, Intid{word * 32});
    const std::uintptr_t to_clear = irqs().word(clear, Intid{word * 32});
    const std::uint32_t base = read32(to_set) & ~usable; // what cannot be changed
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
        if ((bit & usable) == 0) {
            continue;
        }
        write32(to_set, bit);
        GUEST_REQUIRE(read32(to_set) == (base | bit), "after setting a bit", read32(to_set));
        GUEST_REQUIRE(read32(to_clear) == (base | bit), "the clear register", read32(to_clear));
        write32(to_set, 0);
        write32(to_clear, 0);
        write32(to_clear, ~bit & usable);
        GUEST_REQUIRE(read32(to_set) == (base | bit), "after writes to other bits", read32(to_set));
        write32(to_clear, bit);
        GUEST_REQUIRE(read32(to_set) == base, "after clearing a bit", read32(to_set));
    }
    write32(to_set, usable);
    GUEST_REQUIRE(read32(to_set) == (base | usable), "all set", read32(to_set));
    write32(to_clear, usable);
    return expect(read32(to_clear) == base, "all cleared", read32(to_clear));
}

/** `but` is left out of word 0: bits with a line or rule of their own. */
Outcome all_words(std::uintptr_t set, std::uintptr_t clear, std::uint32_t but) {
    for (std::uint32_t word = 0; word < irqs().count() / 32; ++word) {
        // 33 to 39 are lines of QEMU's virt machine: console, clock, PCI, GPIO.
        const std::uint32_t usable = word == 0 ? ~but : word == 1 ? 0xffffff00 : all_ones;
        GUEST_TRY(bits(set, clear, word, usable));
    }
    return passed;
}

/** Nothing is pending and the groups are off, so no enabled interrupt can come. */
Outcome enables() {
    irqs().enable_groups(0);
    const std::uint32_t fixed = irqs().is_v3() ? 0 : sgi_bits; // SGIs: enabled for good, or not
    return all_words(GICD_ISENABLER, GICD_ICENABLER, fixed | timer_bits);
}

Outcome pendings() {
    irqs().enable_groups(0);
    const std::uint32_t senders = irqs().is_v3() ? 0 : sgi_bits;
    GUEST_TRY(all_words(GICD_ISPENDR, GICD_ICPENDR, senders | timer_bits));
    take_any();
    return exactly(0);
}

Outcome actives() {
    GUEST_TRY(all_words(GICD_ISACTIVER, GICD_ICACTIVER, timer_bits));
    take_any();
    return exactly(0);
}

/** What is pending and active at once shows as both, and each is taken back alone. */
Outcome pending_and_active() {
    for (const Intid i : {spi(2), free_ppi}) {
        irqs().set_active(i);
        irqs().set_pending(i);
        GUEST_REQUIRE(irqs().is_active(i) && irqs().is_pending(i), "not both", i.value);
        irqs().clear_active(i);
        GUEST_REQUIRE(!irqs().is_active(i) && irqs().is_pending(i), "not pending alone", i.value);
        irqs().set_active(i);
        irqs().clear_pending(i);
        GUEST_REQUIRE(irqs().is_active(i) && !irqs().is_pending(i), "not active alone", i.value);
        irqs().clear_active(i);
    }
    return passed;
}

/** SGIs are edge-triggered for good; SPIs are what is written, the lower bit being reserved. */
Outcome triggers() {
    constexpr std::uint32_t all_edge = 0xaaaaaaaa;
    const std::uintptr_t sgis = irqs().block(Intid{0}) + GICD_ICFGR;
    for (const std::uint32_t value : {0U, all_ones}) {
        write32(sgis, value);
        GUEST_REQUIRE(read32(sgis) == all_edge, "GICD_ICFGR0", read32(sgis));
    }
    for (std::uint32_t i = 32; i < irqs().count(); i += 16) {
        const std::uintptr_t address = irqs().block(Intid{i}) + GICD_ICFGR + i / 4;
        for (const std::uint32_t value : {0U, 0x88888888U, 0x22222222U, all_edge}) {
            write32(address, value);
            GUEST_REQUIRE((read32(address) & all_edge) == value, "GICD_ICFGR keeps",
                          read32(address));
        }
    }
    return passed;
}

/** One bit written is one interrupt changed: its neighbours keep what they have. */
Outcome neighbours() {
    const Intid left{spi(4).value - 1};
    const Intid right{spi(4).value + 1};
    open(left);
    open(right);
    open(spi(4));
    irqs().disable(spi(4));
    GUEST_REQUIRE(irqs().is_enabled(left) && irqs().is_enabled(right), "disabled, too", 0);
    pend(left);
    pend(spi(4));
    pend(right);
    irqs().clear_pending(spi(4));
    return takes(2);
}

constexpr Rule all[] = {
    {"array.priorities", priorities, When::once},
    {"array.beyond-limit", beyond_limit, When::once},
    {"array.enables", enables, When::once},
    {"array.pendings", pendings, When::once},
    {"array.actives", actives, When::once},
    {"array.pending-and-active", pending_and_active, When::once},
    {"array.triggers", triggers, When::once},
    {"array.neighbours", neighbours, When::once},
};

} // namespace

std::span<const Rule> array_checks() {
    return all;
}

} // namespace guest::lab
