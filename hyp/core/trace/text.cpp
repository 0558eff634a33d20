// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/trace/text.hpp"

namespace hyp {

// Weak, so that g++ believes nothing of its content.
extern "C" [[gnu::weak, gnu::used]] const u8 text_pairs[256] = {};

} // namespace hyp
