// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a life leaves behind, and what the next one must not find.

#include "common/sysreg.hpp"

namespace guest {

/** Before anything is set up: RAM of `bytes`, the image's variables, timers and the GIC are as at a
 * first start. False, after one sentence: something is left of another life. */
[[nodiscard]] bool is_clean(std::uintptr_t bytes);

/** Overwrites all that is not needed any more: memory, the tree, a variable of the image and its
 * first instructions. */
void soil(std::uintptr_t bytes);

} // namespace guest
