// SPDX-License-Identifier: Apache-2.0
// Which of the two GICs a machine has. A guest gets the generation of its host. GICv4 counts as v3:
// what Baton uses of it is the same.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

enum class GicGeneration : u8 { v2, v3 };

} // namespace hyp
