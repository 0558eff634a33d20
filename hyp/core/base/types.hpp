// SPDX-License-Identifier: Apache-2.0
// The fixed-width integers under short names, and sizes. Plain integers are for arithmetic only:
// whatever crosses a function boundary and has a meaning of its own has a type of its own
// (intid.hpp, addr.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

namespace hyp {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i64 = std::int64_t;
using usize = std::size_t;

inline constexpr u64 kib = 1024;
inline constexpr u64 mib = 1024 * kib;
inline constexpr u64 gib = 1024 * mib;

// Forbid and permit, on and off: two bools in a row are never a parameter list here.
enum class Enable : u8 { off, on };
enum class Trigger : u8 { level, edge };
enum class Group : u8 { group0, group1 };

} // namespace hyp
