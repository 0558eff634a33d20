// SPDX-License-Identifier: Apache-2.0
// Faults made on purpose, so that the panic report itself is tested. Checked builds only.
#pragma once

#include "hyp/core/manifest/manifest.hpp"

namespace hyp {

// At boot. Returns for SelfCrash::none, and for SelfCrash::call and pcpu, which the next functions
// await.
void crash_on_purpose(SelfCrash crash);

// On each other pCPU when it is ready to run.
void crash_on_pcpu();

// At each hypercall. `function`: the guest's x0.
void crash_at_call(u64 function);

} // namespace hyp
