// SPDX-License-Identifier: Apache-2.0
// Small values of the distributor model: a bank of 32 INTIDs and the best pending interrupt of a PE.
#pragma once

#include "tests/model/gic_types.hpp"

#include <array>

namespace hyp::model {

// 32 INTIDs, one bit each. Pending and active state of SPIs is kept in Distributor::spi_*.
struct Bank {
    std::uint32_t enabled = 0;
    std::uint32_t group = 0;
    std::uint32_t edge = 0;
    std::uint32_t line = 0;
    std::array<std::uint8_t, 32> priority{};
    constexpr bool operator==(const Bank&) const = default;

    constexpr void visit(auto&& mix) const {
        mix(static_cast<std::uint64_t>(enabled) << 32 | group);
        mix(static_cast<std::uint64_t>(edge) << 32 | line);
        for (unsigned i = 0; i < priority.size(); i += 4) {
            mix(priority[i] + priority[i + 1] * 0x100U + priority[i + 2] * 0x10000U +
                priority[i + 3] * 0x1000000U);
        }
    }
};

// The best pending interrupt of a PE; intid 1023: none.
struct Candidate {
    std::uint16_t intid = spurious;
    std::uint16_t priority = idle_priority;
    std::uint8_t group = 0;
    std::uint8_t source = 0; // v2 SGI
    constexpr bool operator==(const Candidate&) const = default;
};

} // namespace hyp::model
