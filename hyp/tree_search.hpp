// SPDX-License-Identifier: Apache-2.0
// Where is the machine's device tree? x0 is not believed: it is looked at first, then the places in
// which firmware is known to leave a tree near the image.
#pragma once

#include "hyp/core/base/addr.hpp"

namespace hyp {

struct FoundTree {
    const u8* bytes = nullptr; // mapped read-only; null: there is none
    u64 limit = 0;             // bytes that may be looked at
    PaRange range{};
    const char* source = "";
    bool broken_seen = false; // a tree's magic without a sane header
};

// Leaves the tree mapped in the source window.
[[nodiscard]] FoundTree find_tree(u64 x0, Pa image);

// A console for the sentence that says that there is no tree: a PL011 that answers with its
// identification where one is known to sit. Nothing else is guessed of a machine without a tree,
// for a wrong guess about memory or interrupts would lose what Baton exists to keep.
struct FallbackConsole {
    const char* machine = nullptr; // null: none answered
    Pa uart{};
};
[[nodiscard]] FallbackConsole find_fallback_console();

} // namespace hyp
