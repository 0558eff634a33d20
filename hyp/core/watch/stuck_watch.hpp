// SPDX-License-Identifier: Apache-2.0
// Which forwarded interrupts of a vCPU have been active for too long. While one is owed, listed or
// spilled its physical INTID is active and cannot signal again: a guest that never ends it loses its
// device, and this says so. Pure: the caller gives the time and what is held (VcpuIrqs::held_word).
//
// Call look() for each word both after sync(), which shows what the guest has ended, and before the
// entry, which shows what it has got since: a busy interrupt is held at every entry, but never the
// same one. Owned by the pCPU that has the vCPU loaded.
#pragma once

#include "hyp/core/vgic/intid_set.hpp"

#include <array>

namespace hyp {

class StuckWatch {
public:
    static constexpr u64 never = ~u64{0};

    // `limit`: ticks that an interrupt may be active, 0 for any time.
    explicit constexpr StuckWatch(u64 limit = 0) : limit_{limit} {}
    [[nodiscard]] constexpr bool is_on() const { return limit_ != 0; }

    // Word `word` of the hardware vINTIDs that are active now, at `now` ticks.
    void look(unsigned word, u32 held, u64 now);

    // One that has been active for longer than the limit and was not reported since it became so;
    // false when there is none (left). `ticks`: for how long.
    [[nodiscard]] bool take_overdue(u64 now, VIntid& vintid, u64& ticks);

    // When take_overdue() may next have something, if nothing changes; or never.
    [[nodiscard]] u64 deadline() const;

private:
    u64 limit_;
    IntidSet held_{};
    IntidSet reported_{};                   // of held_
    std::array<u64, guest_intids> since_{}; // of members of held_
};

} // namespace hyp
