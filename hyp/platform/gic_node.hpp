// SPDX-License-Identifier: Apache-2.0
// The GIC's node: which generation it is and where its frames lie.
#pragma once

#include "hyp/platform/node.hpp"
#include "hyp/platform/platform.hpp"

namespace hyp {

// `kind` is a compatible string without its "arm,": false when it names no GIC that Baton drives.
[[nodiscard]] bool gic_generation(const char* kind, GicGeneration& generation);

// Frames of the innermost node of `stack`. Its interrupts are left to the end of the pass.
[[nodiscard]] PlatformGic read_gic_node(const NodeStack& stack, const NodeProps& props,
                                        GicGeneration generation);

} // namespace hyp
