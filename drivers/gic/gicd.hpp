// SPDX-License-Identifier: Apache-2.0
// What GICv2 and GICv3 have in common: the per-INTID state of the physical distributor. On GICv2
// the private INTIDs 0-31 are banked in GICD itself, on GICv3 they are in the second frame of the
// pCPU's redistributor, at the same offsets; `Private` names that frame.
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/core/base/bus.hpp"
#include "hyp/core/base/result.hpp"
#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/regs/gicr.hpp"
#include "hyp/core/sched/slot.hpp"

#include <array>

namespace hyp {

// Physical priorities: a guest's choice never reaches the hardware.
inline constexpr Priority own_priority{el2_priority};
inline constexpr Priority ppi_priority{loaded_ppi_priority};
inline constexpr Priority spi_priority{priority_of(Rank{ranks - 1})};

// EL2's own private INTIDs by the Base System Architecture's numbers: the maintenance interrupt (25),
// the hypervisor timer (26). Where a tree says otherwise, take_own().
inline constexpr u32 own_private_intids = 0x06000000;
inline constexpr u32 every_sgi = 0xffff;

[[nodiscard]] constexpr Priority private_priority(u32 intid) {
    if (intid < 2 * ranks) {
        return Priority{priority_of(Rank{static_cast<u8>(intid % ranks)})};
    }
    return (own_private_intids >> intid & 1U) != 0 ? own_priority : ppi_priority;
}
static_assert(kick_sgi(Rank{3}) == 3 && bell_sgi(Rank{3}) == ranks + 3);

// IPRIORITYR words of the private INTIDs, 4 word to 4 word + 3 each.
inline constexpr std::array<u32, 8> private_priorities = [] {
    std::array<u32, 8> words{};
    for (u32 intid = 0; intid < 32; ++intid) {
        words[intid / 4] |= u32{private_priority(intid).value} << (8 * (intid % 4));
    }
    return words;
}();
static_assert(private_priorities[0] == 0x70605040 && private_priorities[1] == 0xb0a09080);
static_assert(private_priorities[2] == 0x70605040);
static_assert(private_priorities[6] == 0x30202030); // 24..27: 25 and 26 are EL2's

// A register that hardware fails to change within this many reads is taken for broken.
inline constexpr u32 max_polls = 1'000'000;

// One INTID as the distributor has it now; what EL2 or a guest did by system register is complete. For
// reports, which are seldom enough to ask which GIC it is.
template <MmioBus M>
[[nodiscard]] DistributorState distributor_state(M bus, GicGeneration generation, PIntid pintid) {
    const bool in_gicr = generation == GicGeneration::v3 && pintid.is_private();
    const u32 word = pintid.value() / 32;
    const auto bit = [bus, in_gicr, word, pintid](GicdBits array) {
        const u32 at = word_offset(array, word);
        const u32 bits = in_gicr ? bus.template read32<Frame::gicr_sgi>(at)
                                 : bus.template read32<Frame::gicd>(at);
        return (bits >> (pintid.value() % 32) & 1U) != 0;
    };
    return {.pending = bit(GicdBits::ispendr),
            .active = bit(GicdBits::isactiver),
            .enabled = bit(GicdBits::isenabler)};
}

template <MmioBus M, SysRegBus S, Frame Private>
class Distributor {
public:
    constexpr Distributor(M bus, S sys) : bus_{bus}, sys_{sys} {}

    // A disable is complete on return: the INTID is not signalled any more.
    void set_enable(PIntid pintid, Enable enable) {
        if (enable == Enable::on) {
            write_bit(GicdBits::isenabler, pintid);
            return;
        }
        write_bit(GicdBits::icenabler, pintid);
        // A distributor that stays busy was reported at boot; there is no better answer here.
        static_cast<void>(pintid.is_private() ? wait_private() : wait_shared());
    }

    // The INTID must be disabled (IHI 0069, GICD_ICFGR<n>). PPIs may have a fixed trigger. Not
    // atomic: for SPIs the caller holds the lock of the distributor.
    void set_trigger(PIntid pintid, Trigger trigger) {
        const u32 word = word_offset(GicdPairs::icfgr, pintid.value() / 16);
        const u32 edge = 2U << (pintid.value() % 16 * 2);
        const u32 before = read(pintid, word);
        const u32 after = trigger == Trigger::edge ? before | edge : before & ~edge;
        if (after != before) {
            write(pintid, word, after);
        }
    }

    void set_priority(PIntid pintid, Priority priority) {
        const u32 at = byte_offset(GicdBytes::ipriorityr, pintid.value());
        if (pintid.is_private()) {
            bus_.template write8<Private>(at, priority.value);
        } else {
            bus_.template write8<Frame::gicd>(at, priority.value);
        }
    }

    // One of EL2's own, wherever a tree has it: for each pCPU. Its cause comes later.
    [[gnu::noinline]] void take_own(PIntid pintid) {
        set_priority(pintid, own_priority);
        set_enable(pintid, Enable::on);
    }

    // What was written for this INTID has arrived. The change of an active bit is a message to the
    // distributor, and nothing orders it against the deactivation that a guest's list register sends.
    // So read it back - accesses to one device stay in order, and no bridge can answer for the
    // register - and wait for the answer.
    void complete(PIntid pintid) {
        static_cast<void>(read(pintid, word_offset(GicdBits::isactiver, pintid.value() / 32)));
        sys_.template barrier<Barrier::dsb_sy>(); // answer here before any list register or ERET
    }

    // Of an SPI on a GICv2 with QEMU's fault it sets a bit for each CPU (state_test.hpp).
    void set_active(PIntid pintid) {
        write_bit(GicdBits::isactiver, pintid);
        complete(pintid);
    }

    void clear_active(PIntid pintid) {
        write_bit(GicdBits::icactiver, pintid);
        complete(pintid);
    }

    // QEMU's GICv2 with several CPUs ignores it for PPIs.
    void set_pending(PIntid pintid) { write_bit(GicdBits::ispendr, pintid); }
    void clear_pending(PIntid pintid) { write_bit(GicdBits::icpendr, pintid); }

    [[nodiscard]] u32 private_pending() {
        return bus_.template read32<Private>(word_offset(GicdBits::ispendr, 0));
    }
    // What an acknowledge or a guest's end of interrupt did by system register has reached the
    // distributor before it is asked; else a fresh interrupt would look ended.
    [[nodiscard]] u32 private_active() {
        sys_.template barrier<Barrier::dsb_sy>();
        return bus_.template read32<Private>(word_offset(GicdBits::isactiver, 0));
    }
    // ISPENDR<word> and ISACTIVER<word> of SPIs, word >= 1.
    [[nodiscard]] u32 shared_pending(u32 word) {
        return bus_.template read32<Frame::gicd>(word_offset(GicdBits::ispendr, word));
    }
    [[nodiscard]] u32 shared_active(u32 word) {
        sys_.template barrier<Barrier::dsb_sy>(); // as above
        return bus_.template read32<Frame::gicd>(word_offset(GicdBits::isactiver, word));
    }

protected:
    [[nodiscard]] GicdTyper typer() {
        return GicdTyper{bus_.template read32<Frame::gicd>(offset(GicdReg::typer))};
    }

    // Every SPI: in the group whose bit is `group`, disabled, level, one priority, neither pending
    // nor active. The distributor must be off. Group comes first, so that nothing can be signalled
    // as the FIQ that GICv3's Group 0 is.
    [[nodiscard]] bool reset_shared(u32 group) {
        const u32 words = typer().intids() / 32;
        fill(GicdBits::igroupr, words, group);
        fill(GicdBits::icenabler, words, ~0U);
        if (!wait_shared()) {
            return false;
        }
        for (u32 word = 2; word < 2 * words; ++word) {
            write_gicd(word_offset(GicdPairs::icfgr, word), 0);
        }
        const u32 four = u32{spi_priority.value} * 0x01010101U;
        for (u32 word = 8; word < 8 * words; ++word) {
            write_gicd(word_offset(GicdBytes::ipriorityr, word), four);
        }
        fill(GicdBits::icpendr, words, ~0U);
        fill(GicdBits::icactiver, words, ~0U);
        return true;
    }

    // The same for this pCPU's private INTIDs. Triggers stay: PPIs' are the board's. SGIs, which are
    // EL2's, end enabled.
    [[nodiscard]] bool reset_private(u32 group) {
        write_private(word_offset(GicdBits::igroupr, 0), group);
        write_private(word_offset(GicdBits::icenabler, 0), ~0U);
        if (!wait_private()) {
            return false;
        }
        for (u32 word = 0; word < 8; ++word) {
            write_private(word_offset(GicdBytes::ipriorityr, word), private_priorities[word]);
        }
        write_private(word_offset(GicdBits::icpendr, 0), ~0U);
        write_private(word_offset(GicdBits::icactiver, 0), ~0U);
        write_private(word_offset(GicdBits::isenabler, 0), every_sgi);
        complete(PIntid{0});
        return true;
    }

    // Register Write Pending of GICD_CTLR and GICR_CTLR covers enables and GICD_CTLR itself, not
    // the active bits. GICv2 has none. False: still pending after max_polls.
    [[nodiscard]] bool wait_shared() {
        if constexpr (Private == Frame::gicd) {
            return true;
        } else {
            return wait_clear<Frame::gicd>(offset(GicdReg::ctlr), GicdCtlrV3::Rwp::mask);
        }
    }
    [[nodiscard]] bool wait_private() {
        if constexpr (Private == Frame::gicd) {
            return true;
        } else {
            return wait_clear<Frame::gicr_rd>(offset(GicrReg::ctlr), GicrCtlr::Rwp::mask);
        }
    }

    template <Frame F>
    [[nodiscard]] bool wait_clear(u32 at, u64 mask) {
        for (u32 poll = 0; poll < max_polls; ++poll) {
            if ((bus_.template read32<F>(at) & mask) == 0) {
                return true;
            }
            sys_.relax();
        }
        return false;
    }

    void write_gicd(u32 at, u32 value) { bus_.template write32<Frame::gicd>(at, value); }
    void write_private(u32 at, u32 value) { bus_.template write32<Private>(at, value); }

    [[no_unique_address]] M bus_;
    [[no_unique_address]] S sys_;

private:
    // Seldom used and often called, as others that are not inlined here: for the image's size.
    [[gnu::noinline]] void fill(GicdBits array, u32 words, u32 value) {
        for (u32 word = 1; word < words; ++word) {
            write_gicd(word_offset(array, word), value);
        }
    }

    [[nodiscard]] u32 read(PIntid pintid, u32 at) {
        return pintid.is_private() ? bus_.template read32<Private>(at)
                                   : bus_.template read32<Frame::gicd>(at);
    }
    void write(PIntid pintid, u32 at, u32 value) {
        if (pintid.is_private()) {
            write_private(at, value);
        } else {
            write_gicd(at, value);
        }
    }
    void write_bit(GicdBits array, PIntid pintid) {
        write(pintid, word_offset(array, pintid.value() / 32), 1U << (pintid.value() % 32));
    }
};

} // namespace hyp
