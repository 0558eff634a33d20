// SPDX-License-Identifier: Apache-2.0
// A recorded event in words, for panics, reports and readers of a dump. Pure, and safe on any 16
// bytes: the last words of a panic may have to read a damaged ring.
#pragma once

#include "hyp/core/trace/ring.hpp"
#include "hyp/core/vgic/list_reg.hpp"

#include <span>

namespace hyp {

// Long enough for the longest line.
inline constexpr usize event_line_size = 96;

// Without the time; zero-terminated, cut off where `buffer` (one character at least) ends.
void describe(const TraceRecord& record, std::span<char> buffer);

// "pending INTID 27, hardware 27, priority a0", or "empty".
void describe(const ListReg& lr, std::span<char> buffer);

} // namespace hyp
