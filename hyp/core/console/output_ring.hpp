// SPDX-License-Identifier: Apache-2.0
// Bytes on their way to the one UART: any pCPU puts, the pCPU that owns the UART takes. Nobody waits
// for anybody. A put is all or nothing and its bytes stay together; it claims its places by
// compare-and-swap and fills them afterwards, so a place says itself whether it is filled.
//
// Order: the taker empties a place before it counts it as taken, a putter sees it counted before it
// fills it. The taker may stop only after looks_empty(), whose read-modify-write of the word that
// every put changes leaves two outcomes: the taker sees the put, or the put sees all that was taken
// and says that the taker must be told.
//
// Ends of lines are counted, so that the taker need not look for them.
#pragma once

#include "hyp/core/base/shared_word.hpp"

#include <array>
#include <span>

namespace hyp {

class OutputRing {
public:
    static constexpr u32 capacity = 1024;

    enum class Put : u8 {
        refused, // no room; nothing was put
        quiet,   // the taker has been told of earlier bytes, or will hear of the line's end
        tell,    // the taker has to be told: the ring was empty, is full now, or a line ended
    };

    // --- any pCPU
    // litmus: ring-place, content-before-mark
    [[nodiscard]] Put put(std::span<const u8> bytes) {
        const u32 count = static_cast<u32>(bytes.size());
        u32 at = claimed_.load();
        do {
            if (capacity - (at - taken_.load()) < count) {
                return Put::refused;
            }
        } while (!claimed_.replace(at, at + count));
        bool tell = at - taken_.load() == 0 || room() == 0;
        for (u32 n = 0; n != count; ++n) {
            __atomic_store_n(&places_[(at + n) % capacity], static_cast<u16>(filled | bytes[n]),
                             __ATOMIC_RELEASE);
            if (bytes[n] == '\n') {
                (void)ends_put_.fetch_add(1);
                tell = true;
            }
        }
        return tell ? Put::tell : Put::quiet;
    }
    [[nodiscard]] u32 used() const {
        const u32 taken = taken_.load();
        return claimed_.load() - taken;
    }
    // May be more at once, as the taker works.
    [[nodiscard]] u32 room() const {
        const u32 used_now = used();
        return used_now < capacity ? capacity - used_now : 0;
    }

    // --- the taker
    // False: nothing is there, or its putter has not filled the place yet.
    [[nodiscard]] bool take(u8& byte) {
        const u32 at = taken_.load();
        u16& place = places_[at % capacity]; // litmus: ring-place, content-before-mark
        const u16 found = __atomic_load_n(&place, __ATOMIC_ACQUIRE);
        if (found == 0) {
            return false;
        }
        byte = static_cast<u8>(found);
        ends_taken_ += byte == '\n' ? 1U : 0U;
        __atomic_store_n(&place, u16{0}, __ATOMIC_RELAXED);
        taken_.store(at + 1);
        return true;
    }
    // There is a whole line. Its putter counts it after it is in its place, so it may have been
    // taken already.
    [[nodiscard]] bool has_line() const {
        return static_cast<i32>(ends_put_.load() - ends_taken_) > 0;
    }
    // Once before the taker stops: true, and whoever puts next is told to tell it.
    [[nodiscard]] bool looks_empty() { return claimed_.fetch_add(0) == taken_.load(); }

private:
    using i32 = std::int32_t;
    static constexpr u16 filled = 0x100; // a byte may be zero

    // litmus: ring-stop, content-before-mark
    SharedWord claimed_{};  // places ever claimed
    SharedWord taken_{};    // places ever emptied; only the taker changes it
    SharedWord ends_put_{}; // of lines
    u32 ends_taken_ = 0;    // the taker's
    std::array<u16, capacity> places_{};
};

} // namespace hyp
