// SPDX-License-Identifier: Apache-2.0
// The trace ring of one pCPU: the newest events, older ones overwritten and counted. Only its own
// pCPU writes, with interrupts masked, so there is no lock and no atomic. Which kinds are recorded
// is one word, zero while tracing is off; that word is all that a hook looks at then.
//
// Recording withdraws the fast path (FastPath), so vectors hold no hook.
#pragma once

#include "hyp/core/trace/event.hpp"

namespace hyp {

// Two words, stored at once. The counter's upper eight bits give way to the kind: at 1 GHz the rest
// lasts two years.
struct alignas(16) TraceRecord {
    static constexpr unsigned kind_shift = 56;
    u64 stamp = 0; // 55:0 CNTPCT, 63:56 EventKind
    u64 payload = 0;

    [[nodiscard]] constexpr u64 ticks() const { return stamp & ((u64{1} << kind_shift) - 1); }
    [[nodiscard]] static constexpr u64 kind_bits(EventKind kind) {
        return u64{static_cast<u8>(kind)} << kind_shift;
    }
    // Of a damaged record: any number.
    [[nodiscard]] constexpr EventKind kind() const {
        return static_cast<EventKind>(stamp >> kind_shift);
    }
};
static_assert(sizeof(TraceRecord) == 16);

class TraceRing {
public:
    static constexpr u64 capacity = 1024;
    static constexpr u32 every_kind = (1U << event_kinds) - 1;

    constexpr TraceRing() = default;
    // Into `records`, an array of `capacity` that outlives the ring; empty, recording `kinds`.
    constexpr TraceRing(TraceRecord* records, u32 kinds) : records_{records}, kinds_{kinds} {}

    [[nodiscard, gnu::always_inline]] constexpr bool wants(EventKind kind) const {
        return (kinds_ >> static_cast<u8>(kind) & 1U) != 0;
    }
    [[nodiscard]] constexpr bool is_on() const { return kinds_ != 0; }
    constexpr void stop() { kinds_ = 0; }

    // The place of the next record, which then counts as recorded, wanted or not.
    [[nodiscard, gnu::always_inline]] constexpr TraceRecord& claim() {
        TraceRecord* const records = records_; // both first: one LDP
        const u64 at = next_;
        next_ = at + sizeof(TraceRecord);
        return records[at / sizeof(TraceRecord) % capacity];
    }
    // `now`: CNTPCT.
    constexpr void record(TraceEvent event, u64 now) {
        claim() = {now | TraceRecord::kind_bits(event.kind), event.payload};
    }

    // Ever recorded, and of those overwritten.
    [[nodiscard]] constexpr u64 recorded() const { return next_ / sizeof(TraceRecord); }
    [[nodiscard]] constexpr u64 lost() const {
        return recorded() > capacity ? recorded() - capacity : 0;
    }
    // How many there are to read. at(0) is the newest; n < held().
    [[nodiscard]] constexpr u64 held() const { return recorded() - lost(); }
    [[nodiscard]] constexpr const TraceRecord& at(u64 n) const {
        return records_[(recorded() - 1 - n) % capacity];
    }
    // For a reader that trusts nothing: does it store where it was told to?
    [[nodiscard]] constexpr bool stores_to(const TraceRecord* records) const {
        return records_ == records;
    }

private:
    u64 next_ = 0; // in bytes, without end: one addition less to find the place
    TraceRecord* records_ = nullptr;
    u32 kinds_ = 0;
};

} // namespace hyp
