// SPDX-License-Identifier: Apache-2.0
// Traps of a guest that need no decision: reads of the distributor's constant registers, enabling or
// disabling an interrupt that nothing else is known of, an SGI to itself. Each says false, having
// changed nothing, whenever there is more to it; the slow path then does it all. See plan.hpp for
// when they may. No loop, no call, no unmasked index.
#pragma once

#include "hyp/core/fast/plan.hpp"
#include "hyp/core/regs/gicd.hpp"

namespace hyp {

// GICD_CTLR, TYPER, IIDR. `offset` is into the page, of a 32-bit read.
[[nodiscard, gnu::always_inline]] inline bool fast_gicd_read(const FastPlan& plan, u32 offset,
                                                             u64& value) {
    if ((offset & ~0xcU) != 0) {
        return false;
    }
    value = plan.registers[offset >> 2U & 3U];
    return true;
}

// GICD_ISENABLER<n> and ICENABLER<n> of one SPI that only software knows and that is neither pending
// nor held: its word's enable bit is all that changes.
[[nodiscard, gnu::always_inline]] inline bool fast_enable(const FastPlan& plan, u32 offset,
                                                          u32 bits) {
    using D = Delivery;
    const u32 word = offset >> 2U & 0x1fU;
    const bool here = (offset & ~0xfcU) == 0x100 && word != 0 && word < guest_words;
    if (!here || bits == 0 || (bits & (bits - 1)) != 0) {
        return false;
    }
    static_assert(guest_spis == 0x100);
    u32 index = word * 32 + static_cast<u32>(__builtin_ctz(bits)) - 32;
    asm("" : "+r"(index)); // in range, as the compiler knows; speculation obeys a mask only
    SharedWord& spi = plan.spis[index & 0xffU];
    const u32 now = spi.load();
    constexpr u32 idle_mask =
        static_cast<u32>(D::Holder::mask | D::Hardware::mask | D::Latch::mask | D::Line::mask);
    constexpr u32 idle = Delivery{}.with<D::Holder>(nobody.value).raw();
    const Delivery wanted = Delivery{now}.with<D::Enabled>((offset & 0x80U) == 0);
    return (now & idle_mask) == idle && spi.try_replace(now, wanted.raw());
}

// Is it the request of an SGI to the sender alone?
template <GicGeneration Generation>
[[nodiscard, gnu::always_inline]] inline bool is_to_self(const FastPlan& plan, u64 request) {
    if constexpr (Generation == GicGeneration::v2) {
        // GICD_SGIR: filter 2, or the list with the CPU interface alone that is this vCPU's.
        constexpr u32 filter_and_list = 0x03ff'0000;
        const u32 asked = static_cast<u32>(request) & filter_and_list;
        return (asked >> 24U) == static_cast<u32>(GicdSgir::Filter::self) ||
               asked == static_cast<u32>(plan.sgi_to_self);
    } else {
        constexpr u64 intid = IccSgir::Intid::mask;
        return (request & ~intid) == plan.sgi_to_self;
    }
}

// The list register of an SGI that is enabled, not pending and not active, its home being empty.
template <class G>
[[nodiscard, gnu::always_inline]] inline bool list_sgi(G gic, const FastPlan& plan, u64 sgi) {
    using D = Delivery;
    const Delivery now = plan.sgis[sgi];
    // All from Holder to Latch, of which an SGI's trigger and Hardware never change: one instruction.
    constexpr u32 mask = static_cast<u32>((D::Latch::mask << 1U) - (u64{1} << D::Holder::lsb));
    constexpr u32 ready = Delivery{}
                              .with<D::Holder>(nobody.value)
                              .with<D::Enabled>(true)
                              .with<D::Grp>(sgi_group(G::generation))
                              .template with<D::Trig>(Trigger::edge)
                              .raw();
    if ((now.raw() & mask) != ready || !G::is_empty_word(gic.read_lr_word(sgi_home))) {
        return false;
    }
    const u64 priority = now.get<D::Priority5>();
    gic.write_lr_word(sgi_home, plan.sgi_lr | priority << priority_shift(G::generation) | sgi);
    return true;
}

// ICC_SGI1R_EL1 to one sibling: posted, and its home rung if nothing was before. litmus: kick
template <class G>
[[nodiscard, gnu::always_inline]] inline bool send_sgi(G gic, const FastPlan& plan, u64 request) {
    const u32 list = static_cast<u32>(request) & 0xffU;
    constexpr u64 may_be_set = IccSgir::Intid::mask | 0xffU;
    if ((request & ~may_be_set) != 0 || (list & plan.siblings) == 0 || (list & (list - 1)) != 0) {
        return false;
    }
    u32 target = static_cast<u32>(__builtin_ctz(list));
    asm("" : "+r"(target)); // in range, as the compiler knows; speculation obeys a mask only
    Mailbox& box = plan.boxes[target & 7U];
    if (box.post_direct(static_cast<u32>(request >> IccSgir::Intid::lsb) & 15U)) {
        gic.send_sgi_word(box.bell());
    }
    return true;
}

// ICC_SGI1R_EL1, or GICD_SGIR of GICv2: to itself, or to one sibling.
template <class G>
[[nodiscard, gnu::always_inline]] inline bool fast_sgi(G gic, const FastPlan& plan, u64 request) {
    constexpr bool v2 = G::generation == GicGeneration::v2;
    if (is_to_self<G::generation>(plan, request)) {
        return list_sgi(gic, plan, static_cast<u32>(v2 ? request : request >> 24U) & 15U);
    }
    if constexpr (!v2) {
        return send_sgi(gic, plan, request);
    }
    return false;
}

// The bell of a sibling's SGI, acknowledged. False: nothing was done. litmus: kick-idle
template <class G, class Ack>
[[nodiscard, gnu::always_inline]] inline bool fast_bell(G gic, const FastPlan& plan, Ack ack) {
    if (~ack.raw() != plan.not_bell) {
        return false;
    }
    gic.complete_acknowledge(); // the box is not read before it
    Mailbox& box = *plan.own_box;
    if (box.has_more()) {
        return false;
    }
    const u32 sgis = box.take_direct();
    u64 sgi = static_cast<u32>(__builtin_ctz(sgis | 0x8000U));
    asm("" : "+r"(sgi)); // as above
    if ((sgis & (sgis - 1)) != 0 || sgis == 0 || !list_sgi(gic, plan, sgi & 15U)) {
        box.put_back(sgis);
        return false;
    }
    gic.drop_priority(ack);
    gic.deactivate(ack);
    return true;
}

} // namespace hyp
