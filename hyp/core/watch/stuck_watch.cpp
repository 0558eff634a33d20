// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/watch/stuck_watch.hpp"

namespace hyp {

void StuckWatch::look(unsigned word, u32 held, u64 now) {
    for_each_intid(word, held & ~held_.word(word),
                   [&](VIntid vintid) { since_[vintid.value()] = now; });
    held_.word(word) = held;
    reported_.word(word) &= held;
}

} // namespace hyp
