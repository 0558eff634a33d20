// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/watch/stuck_watch.hpp"

namespace hyp {

void StuckWatch::look(unsigned word, u32 held, u64 now) {
    for_each_intid(word, held & ~held_.word(word),
                   [&](VIntid vintid) { since_[vintid.value()] = now; });
    held_.word(word) = held;
    reported_.word(word) &= held;
}

bool StuckWatch::take_overdue(u64 now, VIntid& vintid, u64& ticks) {
    bool found = false;
    for (unsigned word = 0; word < guest_words && !found; ++word) {
        for_each_intid(word, held_.word(word) & ~reported_.word(word), [&](VIntid candidate) {
            const u64 active = now - since_[candidate.value()];
            if (!found && active >= limit_) {
                found = true;
                vintid = candidate;
                ticks = active;
            }
        });
    }
    if (found) {
        reported_.add(vintid);
    }
    return found;
}

u64 StuckWatch::deadline() const {
    u64 first = never;
    for (unsigned word = 0; word < guest_words; ++word) {
        for_each_intid(word, held_.word(word) & ~reported_.word(word), [&](VIntid vintid) {
            const u64 due = since_[vintid.value()] + limit_;
            first = due < first ? due : first;
        });
    }
    return first;
}

} // namespace hyp
