// SPDX-License-Identifier: Apache-2.0
// List register words as the hardware lays them out: GICH_LR<n> (32 bits, IHI 0048B) and
// ICH_LR<n>_EL2 (64 bits, IHI 0069). The model keeps raw words and looks at them through this file.
#pragma once

#include "tests/model/gic_types.hpp"

namespace hyp::model {

enum class LrState : std::uint8_t { invalid = 0, pending = 1, active = 2, pending_active = 3 };

struct LrFields {
    std::uint32_t vintid = 0;
    std::uint32_t pintid = 0;  // HW = 1 only
    std::uint32_t source = 0;  // v2, HW = 0, SGIs: CPUID
    std::uint8_t priority = 0; // left aligned, as in IPRIORITYR
    std::uint8_t group = 0;
    LrState state = LrState::invalid;
    bool hw = false;
    bool eoi = false; // HW = 0 only: maintenance interrupt on deactivation
    constexpr bool operator==(const LrFields&) const = default;
};

// Where the state lives: b28/b29 of the v2 word, b62/b63 of the v3 word.
[[nodiscard]] constexpr unsigned lr_state_shift(Generation generation) {
    return generation == Generation::v2 ? 28 : 62;
}

[[nodiscard]] constexpr LrFields decode_lr(Generation generation, std::uint64_t word) {
    LrFields lr;
    lr.state = static_cast<LrState>(word >> lr_state_shift(generation) & 3);
    if (generation == Generation::v2) {
        lr.vintid = word & 0x3ff;
        lr.priority = static_cast<std::uint8_t>((word >> 23 & 0x1f) << 3);
        lr.group = word >> 30 & 1;
        lr.hw = (word >> 31 & 1) != 0;
        lr.pintid = lr.hw ? word >> 10 & 0x3ff : 0;
        lr.source = lr.hw ? 0 : word >> 10 & 7;
        lr.eoi = !lr.hw && (word >> 19 & 1) != 0;
        return lr;
    }
    lr.vintid = static_cast<std::uint32_t>(word);
    lr.priority = static_cast<std::uint8_t>(word >> 48);
    lr.group = word >> 60 & 1;
    lr.hw = (word >> 61 & 1) != 0;
    lr.pintid = lr.hw ? word >> 32 & 0x1fff : 0;
    lr.eoi = !lr.hw && (word >> 41 & 1) != 0;
    return lr;
}

[[nodiscard]] constexpr std::uint64_t encode_lr(Generation generation, const LrFields& lr) {
    const auto state = static_cast<std::uint64_t>(lr.state) << lr_state_shift(generation);
    const std::uint64_t hw = lr.hw ? 1 : 0;
    const std::uint64_t eoi = lr.eoi ? 1 : 0;
    if (generation == Generation::v2) {
        const std::uint64_t middle = lr.hw ? std::uint64_t{lr.pintid & 0x3ff} << 10
                                           : std::uint64_t{lr.source & 7} << 10 | eoi << 19;
        return state | hw << 31 | std::uint64_t{lr.group} << 30 |
               std::uint64_t{lr.priority} >> 3 << 23 | middle | (lr.vintid & 0x3ff);
    }
    const std::uint64_t middle = lr.hw ? std::uint64_t{lr.pintid & 0x1fff} << 32 : eoi << 41;
    return state | hw << 61 | std::uint64_t{lr.group} << 60 | std::uint64_t{lr.priority} << 48 |
           middle | lr.vintid;
}

[[nodiscard]] constexpr std::uint64_t with_lr_state(Generation generation, std::uint64_t word,
                                                    LrState state) {
    const unsigned shift = lr_state_shift(generation);
    return (word & ~(std::uint64_t{3} << shift)) | static_cast<std::uint64_t>(state) << shift;
}

// Bits that a write keeps; the others are RES0. `priority_bits` counts from the top.
[[nodiscard]] constexpr std::uint64_t lr_writable(Generation generation, unsigned priority_bits) {
    const std::uint64_t priority = 0xff & ~(0xffU >> priority_bits);
    return generation == Generation::v2 ? 0xf00fffff | priority >> 3 << 23
                                        : 0xf0001fffffffffff | priority << 48;
}

// Hand-computed words (measured on both generations, vtimer PPI 27, priority 0xa0).
static_assert(encode_lr(Generation::v3, {.vintid = 27,
                                         .pintid = 27,
                                         .priority = 0xa0,
                                         .group = 1,
                                         .state = LrState::pending,
                                         .hw = true}) == 0x70a0001b0000001b);
static_assert(encode_lr(Generation::v2, {.vintid = 27,
                                         .pintid = 27,
                                         .priority = 0xa0,
                                         .state = LrState::pending,
                                         .hw = true}) == 0x9a006c1b);
static_assert(decode_lr(Generation::v3, 0xb0a0001b0000001b).state == LrState::active);
static_assert(decode_lr(Generation::v2, 0xaa006c1b).state == LrState::active);

} // namespace hyp::model
