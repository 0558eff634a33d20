// SPDX-License-Identifier: Apache-2.0
// Which list register an interrupt takes when it can.
#pragma once

#include "hyp/core/vgic/list_reg.hpp"

namespace hyp {

// List registers with a home are found without a search: the timer, SGIs, and the forwarded SPIs
// that were the first to arrive. A home is a habit, not ownership: who finds it taken goes elsewhere.
inline constexpr LrIndex timer_home{0};
inline constexpr LrIndex sgi_home{1};
inline constexpr u32 device_homes = 2;
[[nodiscard]] constexpr LrIndex device_home(u32 n) {
    return LrIndex{static_cast<u8>(2 + n)};
}

} // namespace hyp
