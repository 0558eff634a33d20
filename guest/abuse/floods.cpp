// SPDX-License-Identifier: Apache-2.0
// Too many interrupts: SGIs without end, everything pending at the highest priority, and every
// switch of the GIC thrown while they are on their way.

#include "abuse.hpp"

#include "common/fault.hpp"

namespace guest::lab {
namespace {

constexpr unsigned flood = 50000;

/** Software interrupts of no device: 1 each that is enabled and pending. */
constexpr std::uint32_t device_spis_end = 40; // QEMU's virt has its console, clock, PCI, GPIO below

/** All SPIs without a device, pending at once. */
unsigned pend_all_spis() {
    unsigned pending = 0;
    for (std::uint32_t i = device_spis_end; i < irqs().count(); ++i) {
        irqs().set_pending(Intid{i});
        ++pending;
    }
    return pending;
}

void open_everything(std::uint8_t priority) {
    const std::uint32_t four = priority * 0x01010101U;
    for (std::uint32_t i = 0; i < irqs().count(); i += 4) {
        write32(irqs().block(Intid{i}) + GICD_IPRIORITYR + i, four);
    }
    for (std::uint32_t i = 0; i < irqs().count(); i += 32) {
        write32(irqs().word(GICD_ISENABLER, Intid{i}), 0xffffffff);
    }
    for (std::uint32_t i = 32; i < irqs().count(); ++i) {
        irqs().route_here(Intid{i});
    }
    for (std::uint32_t i = 32; i < device_spis_end; ++i) {
        irqs().disable(Intid{i});
    }
    irqs().disable(Intid{23}); // the PMU's and other PPIs that have a device of somebody else
    irqs().disable(Intid{25});
    irqs().disable(Intid{26});
    cpu().set_mask(0xff);
}

} // namespace

Outcome abuse_sgis() {
    open(Intid{3});
    open(Intid{7}, 0x40);
    unmask();
    for (unsigned i = 0; i < flood; ++i) { // each taken at once
        pend(Intid{(i & 1) != 0 ? 7U : 3U});
    }
    mask();
    GUEST_TRY(exactly(flood));
    log().count = 0;
    for (unsigned i = 0; i < flood; ++i) { // none taken: they merge
        pend(Intid{(i & 1) != 0 ? 7U : 3U});
    }
    GUEST_TRY(takes(2));
    return is_idle();
}

/** Every interrupt there is, at priority 0, pending at once; each comes once. */
Outcome abuse_priorities() {
    open_everything(0);
    VirtualTimer::arm(0);
    PhysicalTimer::arm(0);
    unsigned expected = pend_all_spis() + 2;
    for (unsigned i = 0; i < 16; ++i) {
        pend(Intid{i});
        ++expected;
    }
    GUEST_TRY(takes(expected));
    // Once more, word by word and unmasked, while everything keeps becoming pending.
    unmask();
    for (unsigned round = 0; round < 20; ++round) {
        for (std::uint32_t i = 64; i < irqs().count(); i += 32) {
            write32(irqs().word(GICD_ISPENDR, Intid{i}), 0xffffffff);
        }
        VirtualTimer::arm(0);
    }
    mask();
    return is_idle();
}

/** Distributor, groups, mask, binary points, EOI mode thrown at random; nothing may be lost. */
Outcome abuse_switches() {
    constexpr unsigned rounds = 300;
    constexpr unsigned many = 10;
    Random random;
    for (unsigned round = 0; round < rounds; ++round) {
        prepare({});
        open(machine().virtual_timer, 0x50);
        for (unsigned i = 0; i < many; ++i) {
            open(Intid{100 + i}, static_cast<std::uint8_t>(random.below(0x1c) * 8));
            pend(Intid{100 + i});
        }
        VirtualTimer::arm(0);
        for (unsigned i = 0; i < 20; ++i) {
            irqs().enable_groups(static_cast<std::uint32_t>(random.below(4)));
            cpu().set_mask(static_cast<std::uint8_t>(random.next()));
            cpu().set_binary_point(Group::group0, static_cast<unsigned>(random.below(8)));
            cpu().set_binary_point(Group::group1, static_cast<unsigned>(random.below(8)));
            cpu().control({.groups = static_cast<std::uint32_t>(random.below(4)),
                           .common_bpr = random.below(2) == 0});
            if (irqs().is_v3()) {
                IccSre::write(random.next());
                isb();
            }
            take_any();
        }
        irqs().enable_groups(3);
        cpu().control({});
        cpu().set_mask(0xff);
        GUEST_TRY(takes(many + 1));
        GUEST_TRY(is_idle());
    }
    return passed;
}

} // namespace guest::lab
