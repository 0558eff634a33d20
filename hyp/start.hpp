// SPDX-License-Identifier: Apache-2.0
// From a machine that is understood to a guest that runs: GIC, self-tests, the VM of the manifest,
// and the first entry. One template over the GIC; main picks the instance.
#pragma once

#include "hyp/doctor.hpp"
#include "hyp/loader.hpp"

namespace hyp {

// `image` is mapped nowhere; the manifest is read from it. Never returns.
[[noreturn]] void start_on_v2(const Platform& platform, PackedImage image);
[[noreturn]] void start_on_v3(const Platform& platform, PackedImage image);

} // namespace hyp
