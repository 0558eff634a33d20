// SPDX-License-Identifier: Apache-2.0
// Which forwarded interrupts of a vCPU have been active for too long. While one is owed, listed or
// spilled its physical INTID is active and cannot signal again: a guest that never ends it loses its
// device, and this says so. Pure: the caller gives the time and what is held (VcpuIrqs::present_word).
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

    // `limit`: ticks that an interrupt may be active.
    constexpr void start(u64 limit) { limit_ = limit; }

    // Word `word` of the vINTIDs that are held now, at `now` ticks.
    void look(unsigned word, u32 held, u64 now);

    // Calls report(VIntid, ticks) for each that has been active for the limit and was not reported
    // since it became so. Gives the time at which there may be another, if nothing changes, or never.
    template <class Report>
    [[nodiscard]] u64 check(u64 now, Report report) {
        u64 next = never;
        for (unsigned word = 0; word < guest_words; ++word) {
            for_each_intid(word, held_.word(word) & ~reported_.word(word), [&](VIntid vintid) {
                const u64 active = now - since_[vintid.value()];
                if (active >= limit_) {
                    reported_.add(vintid);
                    report(vintid, active);
                } else if (const u64 due = now - active + limit_; due < next) {
                    next = due;
                }
            });
        }
        return next;
    }

private:
    u64 limit_ = 0;
    IntidSet held_{};
    IntidSet reported_{};                   // of held_
    std::array<u64, guest_intids> since_{}; // of members of held_
};

} // namespace hyp
