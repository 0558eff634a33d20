// SPDX-License-Identifier: Apache-2.0
// Where in the machine's memory something can lie: values in, addresses out.
#pragma once

#include "hyp/platform/platform.hpp"

#include <span>

namespace hyp {

// The highest place for `size` bytes, 2 MiB aligned, that meets neither what the tree reserves nor
// `taken`, below `limit`. Size 0: there is none.
[[nodiscard]] PaRange highest_free_ram(const Platform& platform, std::span<const PaRange> taken,
                                       u64 size, Pa limit);

// May a VM have `ram`, at these very addresses? `image` is Baton with its payloads. Fails with the
// reason.
[[nodiscard]] Status check_one_to_one(const Platform& platform, PaRange image, PaRange ram);

} // namespace hyp
