// SPDX-License-Identifier: Apache-2.0
// Time is counted in ticks of the system counter; nanoseconds exist only in print, because
// ticks * 10^9 overflows 64 bits after 295 s at 62.5 MHz. CNTFRQ is read, never assumed.
#pragma once

#include "hyp/core/base/types.hpp"

#include <compare>

namespace hyp {

// A duration.
struct Ticks {
    u64 count = 0;
    friend constexpr auto operator<=>(Ticks, Ticks) = default;
};

// A point of CNTPCT_EL0.
struct Deadline {
    u64 at = 0;
    friend constexpr auto operator<=>(Deadline, Deadline) = default;
};

// For print. Splits whole seconds off first, so that nothing overflows. frequency_hz != 0.
[[nodiscard]] constexpr u64 to_nanoseconds(Ticks ticks, u64 frequency_hz) {
    constexpr u64 giga = 1'000'000'000;
    return ticks.count / frequency_hz * giga + ticks.count % frequency_hz * giga / frequency_hz;
}

} // namespace hyp
