// SPDX-License-Identifier: Apache-2.0
// What a correct GIC owes the guest, kept beside the machine under test as a few bits: the oracle
// of the vGIC tests. It knows nothing of list registers.
#pragma once

#include "hyp/core/base/types.hpp"

#include <array>

namespace hyp::test {

inline constexpr u32 timer = 27;      // forwarded, level
inline constexpr u32 disk = 40;       // forwarded, edge
inline constexpr u32 uart = 41;       // forwarded, level
inline constexpr u32 self_sgi = 5;    // software
inline constexpr u32 other_sgi = 6;   // software
inline constexpr u32 soft_spi = 33;   // software, edge
inline constexpr u32 soft_level = 34; // software, a level with a line

// An interrupt that the guest has acknowledged and not ended.
struct Taken {
    u16 iar = 0;
    u8 group = 1;         // that it was acknowledged in, which matters on GICv3
    bool dropped = false; // EOImode 1: EOIR done, DIR not yet
    friend bool operator==(Taken, Taken) = default;
};

// A level (H6): one acknowledge is due to each rise of the line and to each physical deactivation
// that found it high. An upper bound; the lower one is that nothing is lost (Machine::drain()).
struct LevelGhost {
    bool wanted = false; // the line as its source drives it
    bool due = false;
    bool forced = false; // by ISPENDR: due whatever the line does
    friend bool operator==(LevelGhost, LevelGhost) = default;
};

struct Ghost {
    static constexpr unsigned max_taken = 7;

    LevelGhost timer;
    LevelGhost uart;
    LevelGhost soft; // its line changes by an exit, so it is due exactly while high or forced
    // Edge (H7): as many acknowledges as the distributor latched edges, no more, no fewer.
    u8 disk_due = 0;
    // Software: pending once, however often it was raised. By sender for an SGI of GICv2.
    std::array<u8, 16> sgi_due{};
    bool spi_due = false;
    // Active by ISACTIVER, never acknowledged; bit n is INTID n.
    u64 made_active = 0;

    std::array<Taken, max_taken> taken{};
    u8 taken_count = 0;

    friend bool operator==(const Ghost&, const Ghost&) = default;

    [[nodiscard]] u32 active_word(unsigned word) const {
        u32 bits = static_cast<u32>(made_active >> (32 * word));
        for (unsigned i = 0; i < taken_count; ++i) {
            const u32 intid = taken[i].iar & 0x3ffU;
            bits |= intid / 32 == word ? 1U << (intid % 32) : 0;
        }
        return bits;
    }
    [[nodiscard]] bool is_taken(u32 intid) const {
        return (active_word(intid / 32) >> (intid % 32) & 1U) != 0;
    }
    void forget(unsigned index) {
        for (unsigned i = index; i + 1 < taken_count; ++i) {
            taken[i] = taken[i + 1];
        }
        taken[--taken_count] = Taken{};
    }
    template <class Mix>
    void visit(Mix mix) const {
        u64 bits = spi_due ? 1U : 0U;
        for (const LevelGhost level : {timer, uart, soft}) {
            bits = bits << 3U | (level.wanted ? 1U : 0U) | (level.due ? 2U : 0U) |
                   (level.forced ? 4U : 0U);
        }
        mix(bits | u64{disk_due} << 16U | u64{taken_count} << 24U);
        mix(made_active);
        for (unsigned i = 0; i < taken_count; ++i) {
            const Taken& one = taken[i];
            mix(one.iar | u64{one.group} << 16U | (one.dropped ? u64{1} << 24U : 0U));
        }
        for (const u8 senders : sgi_due) {
            mix(senders);
        }
    }
};

} // namespace hyp::test
