// SPDX-License-Identifier: Apache-2.0
// Faults made on purpose, so that the panic report itself is tested. Checked builds only.
#pragma once

#include "hyp/core/manifest/manifest.hpp"

namespace hyp {

// Returns only for SelfCrash::none, or when the fault did not happen.
void crash_on_purpose(SelfCrash crash);

} // namespace hyp
