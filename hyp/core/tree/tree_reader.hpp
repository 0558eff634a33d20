// SPDX-License-Identifier: Apache-2.0
// One pass over the tags of a flattened device tree that nobody has vouched for. Everything is
// checked (names, lengths, ends without a beginning), so that every pointer handed out lies inside
// the tree. libfdt, of which this was one step and the header's check, costs 2 KiB.
#pragma once

#include "hyp/core/base/result.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// The bytes of a property: big-endian cells or strings, aligned to 4.
struct TreeValue {
    const u8* data = nullptr;
    // Of the pointer's size, so that no padding is left: copies with it become calls of memcpy.
    usize length = 0;

    [[nodiscard]] constexpr u32 cells() const { return static_cast<u32>(length / 4); }
    // Cell n; n < cells().
    [[nodiscard]] u32 cell(u32 n) const {
        return __builtin_bswap32(static_cast<const u32*>(static_cast<const void*>(data))[n]);
    }
    // `count` cells (0 to 2) from cell n as one number; the caller has checked that they exist.
    [[nodiscard]] u64 number(u32 n, u32 count) const {
        u64 value = 0;
        for (u32 i = 0; i < count; ++i) {
            value = value << 32 | cell(n + i);
        }
        return value;
    }
    // Is there at least one string, and does the last one end inside? Then data is a C string.
    [[nodiscard]] bool is_string() const { return length != 0 && data[length - 1] == 0; }
    [[nodiscard]] const char* string() const {
        return static_cast<const char*>(static_cast<const void*>(data));
    }
};

[[nodiscard]] bool same_string(const char* left, const char* right);
[[nodiscard]] bool starts_with(const char* text, const char* beginning);

// Copies `from` into `size` bytes at `to`, cut to fit, always terminated. size != 0.
void copy_text(char* to, u32 size, const char* from);

// The string after `current` of a string list for which is_string() holds; nullptr at its end.
// Begin with nullptr.
[[nodiscard]] const char* next_string(const TreeValue& list, const char* current);

enum class TreeTag : u8 { begin_node, property, end_node, end, broken };

class TreeReader {
public:
    // Deeper nesting than this is called broken; the deepest of Debian's arm64 trees has 9.
    static constexpr u32 max_depth = 24;

    TreeReader() = default;
    // Checks the header of the tree at `fdt`, of which `size_limit` bytes may be read.
    [[nodiscard]] static Result<TreeReader> open(const void* fdt, usize size_limit);

    // Steps to the next tag. After `end` or `broken` every further call says the same.
    [[nodiscard]] TreeTag next();

    // Of the tag just read: a node's or property's name, a property's value.
    [[nodiscard]] const char* name() const { return name_; }
    [[nodiscard]] const TreeValue& value() const { return value_; }
    // Nodes open now: 1 inside the root.
    [[nodiscard]] u32 depth() const { return depth_; }
    // Why the tree is called broken.
    [[nodiscard]] const char* fault() const { return fault_; }
    // Size of the tree as its header gives it.
    [[nodiscard]] u32 size() const { return size_; }
    // The tree's bytes, and where its memory reservations begin: inside, but at any byte.
    [[nodiscard]] const u8* bytes() const { return tree_; }
    [[nodiscard]] u32 reservations() const { return reservations_; }

private:
    [[nodiscard]] TreeTag stop(const char* fault);
    [[nodiscard]] TreeTag on_begin();
    [[nodiscard]] TreeTag on_property();
    [[nodiscard]] TreeTag on_end_node();

    const u8* tree_ = nullptr;
    const char* strings_ = nullptr;
    u32 strings_size_ = 0;
    u32 size_ = 0;
    u32 reservations_ = 0;
    u32 next_ = 0; // the next tag, and the end of the structure block, from the tree's begin
    u32 structure_end_ = 0;
    u32 depth_ = 0;
    bool root_seen_ = false;
    bool children_seen_ = false; // in the node now open: its properties are over
    TreeTag final_ = TreeTag::begin_node;
    const char* fault_ = "";
    const char* name_ = "";
    TreeValue value_{};
};

} // namespace hyp
