// SPDX-License-Identifier: Apache-2.0
// What a physical and a virtual CPU interface have in common: group enables, priority mask, binary
// points, EOImode and the active priorities (IHI 0048B GICC, IHI 0069 ICC; GICV and ICV alike).
#pragma once

#include "tests/model/gic_types.hpp"

#include <array>
#include <bit>

namespace hyp::model {

struct Interface {
    // Active priorities, one bit per preemption level, [group][word]. The virtual interface of v2
    // has one word for both groups and uses [0][0] alone.
    std::array<std::array<std::uint32_t, 4>, 2> apr{};
    std::array<std::uint8_t, 2> bpr{}; // v2: BPR, ABPR; v3: BPR0, BPR1
    std::uint8_t pmr = 0;
    std::uint8_t group_enable = 0; // bit per group
    bool eoi_mode = false;         // EOIR only drops priority; DIR deactivates
    bool cbpr = false;             // group 1 uses bpr[0]
    bool ack_ctl = false;          // v2: IAR may return Group 1
    bool fiq_en = false;           // v2: Group 0 is signalled as FIQ
    std::uint8_t priority_bits = 5;

    constexpr bool operator==(const Interface&) const = default;

    constexpr explicit Interface(unsigned bits)
        : bpr{static_cast<std::uint8_t>(min_bpr(bits)),
              static_cast<std::uint8_t>(min_bpr(bits) + 1)},
          priority_bits(static_cast<std::uint8_t>(bits)) {}
    constexpr Interface() = default;

    // With 8 priority bits only 7 take part in preemption.
    [[nodiscard]] static constexpr unsigned preemption_bits(unsigned bits) {
        return bits > 7 ? 7 : bits;
    }
    [[nodiscard]] static constexpr unsigned min_bpr(unsigned bits) {
        return 7 - preemption_bits(bits);
    }
    [[nodiscard]] constexpr std::uint8_t priority_mask() const {
        return static_cast<std::uint8_t>(0xff & ~(0xffU >> priority_bits));
    }
    [[nodiscard]] constexpr bool enables(unsigned group) const {
        return (group_enable >> group & 1) != 0;
    }

    // Feeds every member to a hash.
    constexpr void visit(auto&& mix) const {
        for (const auto& bank : apr) {
            for (const std::uint32_t word : bank) {
                mix(word);
            }
        }
        mix(static_cast<std::uint64_t>(bpr[0]) << 32 | static_cast<std::uint64_t>(bpr[1]) << 24 |
            static_cast<std::uint64_t>(pmr) << 16 | static_cast<std::uint64_t>(group_enable) << 8 |
            (eoi_mode ? 8U : 0) | (cbpr ? 4U : 0) | (ack_ctl ? 2U : 0) | (fiq_en ? 1U : 0));
    }

    // Mask of the group priority field: BPR 0 means [7:1] ... 7 means none; BPR1 is one more.
    [[nodiscard]] constexpr unsigned group_mask(unsigned group) const {
        const unsigned point = group == 1 && !cbpr ? bpr[1] - 1U : bpr[0];
        return 0xff & ~0U << (point + 1);
    }

    constexpr void set_bpr(unsigned group, std::uint64_t value) {
        const unsigned least = min_bpr(priority_bits) + (group == 1 ? 1 : 0);
        const auto point = static_cast<unsigned>(value & 7);
        bpr[group] = static_cast<std::uint8_t>(point < least ? least : point);
    }

    // Shift between a group priority and its level in the APRs.
    [[nodiscard]] constexpr unsigned level_shift() const {
        return 8 - preemption_bits(priority_bits);
    }

    [[nodiscard]] constexpr unsigned running() const {
        for (unsigned word = 0; word < 4; ++word) {
            const std::uint32_t levels = apr[0][word] | apr[1][word];
            if (levels != 0) {
                return (word * 32 + static_cast<unsigned>(std::countr_zero(levels)))
                       << level_shift();
            }
        }
        return idle_priority;
    }

    constexpr void raise(unsigned bank, unsigned group_priority) {
        const unsigned level = group_priority >> level_shift();
        apr[bank][level / 32] |= 1U << (level % 32);
    }

    // Clears the highest active priority of one bank. False: there was none.
    constexpr bool drop(unsigned bank) {
        for (std::uint32_t& word : apr[bank]) {
            if (word != 0) {
                word &= word - 1;
                return true;
            }
        }
        return false;
    }

    // Group of the highest active priority; Group 0 wins a tie. 2: nothing is active.
    [[nodiscard]] constexpr unsigned highest_active_group() const {
        for (unsigned word = 0; word < 4; ++word) {
            const int level0 = std::countr_zero(apr[0][word]);
            const int level1 = std::countr_zero(apr[1][word]);
            if (level0 < 32 || level1 < 32) {
                return level1 < level0 ? 1 : 0;
            }
        }
        return 2;
    }
};

} // namespace hyp::model
