// SPDX-License-Identifier: Apache-2.0
// Files as byte vectors, and little-endian fields in them: formats are read and written by offset,
// so that the tool does not depend on the host's layout of structures.
#pragma once

#include "hyp/core/base/types.hpp"

#include <string>
#include <vector>

namespace pack {

using Bytes = std::vector<hyp::u8>;

// The whole file; PackError "WHERE: ..." when it cannot be read.
[[nodiscard]] Bytes read_file(const std::string& where, const std::string& path);

// Writes `parts` one after the other; PackError when that fails.
void write_file(const std::string& path, const std::vector<const Bytes*>& parts);

// The little-endian number of `size` bytes (up to 8) at `offset`, which the caller has checked.
[[nodiscard]] hyp::u64 get_le(const Bytes& bytes, hyp::usize offset, hyp::usize size);
void put_le(Bytes& bytes, hyp::usize offset, hyp::usize size, hyp::u64 value);

} // namespace pack
