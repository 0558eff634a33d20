// SPDX-License-Identifier: Apache-2.0
// How many of the machine's CPUs Baton uses. pCPU 0 is the one that boots; a pCPU's number is its
// bit in a word of pCPUs.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

inline constexpr u32 max_pcpus = 8;

} // namespace hyp
