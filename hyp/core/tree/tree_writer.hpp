// SPDX-License-Identifier: Apache-2.0
// Writes a flattened device tree from front to back. libfdt's sequential writer does more (it grows,
// resumes, moves and reserves) and is six times as long, in a hypervisor that counts its bytes.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

class TreeWriter {
public:
    // The tree gets at most `size` bytes at `buffer` (8-byte aligned), the last `names_size` of them
    // for the names of its properties. All of it is cleared.
    TreeWriter(void* buffer, usize size, usize names_size);

    // The root comes first and has the name "". Properties stand before a node's children.
    void begin_node(const char* name);
    void property(const char* name, const void* value, usize length);
    void end_node();
    // After the root's end: the tree's size in bytes, or 0 if it did not fit.
    [[nodiscard]] usize finish();

private:
    void put(const void* bytes, usize length);
    void put_tag(u32 tag) { put(&tag, sizeof tag); }

    u8* buffer_;
    u8* at_;    // where the structure goes on
    u8* names_; // the structure's limit
    u8* names_at_;
    u8* names_end_;
    bool fits_;
};

} // namespace hyp
