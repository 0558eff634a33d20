// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/tree/tree_reader.hpp"

namespace hyp {

namespace {

// DTSpec v0.4, chapter 5: the header's words and the tags of the structure block.
enum Head : u32 {
    magic,
    totalsize,
    off_dt_struct,
    off_dt_strings,
    off_mem_rsvmap,
    version,
    last_comp_version,
    boot_cpuid_phys,
    size_dt_strings,
    size_dt_struct,
    words,
};
constexpr u32 header_size = 4 * words;
constexpr u32 tree_magic = 0xd00d'feed;
constexpr u32 begin_node_tag = 1;
constexpr u32 end_node_tag = 2;
constexpr u32 property_tag = 3;
constexpr u32 nop_tag = 4;
constexpr u32 end_tag = 9;

// This header's version: the first that gives the size of the structure block.
constexpr u32 known_version = 17;
constexpr u32 size_ceiling = 16 * mib;

[[nodiscard]] bool lies_inside(const TreeValue& header, Head offset, u32 size) {
    const u32 at = header.cell(offset);
    const u32 total = header.cell(totalsize);
    return at >= header_size && at <= total && size <= total - at;
}

const char* header_fault(const TreeValue& header, usize size_limit) {
    if (reinterpret_cast<std::uintptr_t>(header.data) % 8 != 0) {
        return "the device tree is not aligned to 8 bytes";
    }
    if (header.data == nullptr || size_limit < header_size || header.cell(magic) != tree_magic) {
        return "there is no device tree: its magic number is missing";
    }
    if (header.cell(version) < known_version || header.cell(last_comp_version) > known_version ||
        !lies_inside(header, off_mem_rsvmap, 0) ||
        !lies_inside(header, off_dt_struct, header.cell(size_dt_struct)) ||
        !lies_inside(header, off_dt_strings, header.cell(size_dt_strings))) {
        return "the header of the device tree is broken or older than version 17";
    }
    if (header.cell(totalsize) > size_limit || header.cell(totalsize) > size_ceiling) {
        return "the device tree is longer than the memory it may occupy";
    }
    if (header.cell(off_dt_struct) % 4 != 0 || header.cell(size_dt_struct) % 4 != 0) {
        return "the structure block of the device tree is not aligned";
    }
    return nullptr;
}

constexpr const char* broken_tag = "a tag of the device tree is broken or runs past its end";

} // namespace

bool same_string(const char* left, const char* right) {
    while (*left == *right) {
        if (*left == '\0') {
            return true;
        }
        ++left;
        ++right;
    }
    return false;
}

bool starts_with(const char* text, const char* beginning) {
    while (*beginning != '\0') {
        if (*text++ != *beginning++) {
            return false;
        }
    }
    return true;
}

void copy_text(char* to, u32 size, const char* from) {
    u32 n = 0;
    for (; n + 1 < size && from[n] != '\0'; ++n) {
        to[n] = from[n];
    }
    to[n] = '\0';
}

const char* next_string(const TreeValue& list, const char* current) {
    if (current == nullptr) {
        return list.is_string() ? list.string() : nullptr;
    }
    while (*current != '\0') {
        ++current;
    }
    ++current;
    return current < list.string() + list.length ? current : nullptr;
}

Result<TreeReader> TreeReader::open(const void* fdt, usize size_limit) {
    const TreeValue header{static_cast<const u8*>(fdt), header_size};
    if (const char* fault = header_fault(header, size_limit)) {
        return Error{fault};
    }
    TreeReader reader;
    reader.tree_ = header.data;
    reader.size_ = header.cell(totalsize);
    reader.reservations_ = header.cell(off_mem_rsvmap);
    reader.next_ = header.cell(off_dt_struct);
    reader.structure_end_ = reader.next_ + header.cell(size_dt_struct);
    reader.strings_ = header.string() + header.cell(off_dt_strings);
    reader.strings_size_ = header.cell(size_dt_strings);
    // With a zero at the block's end, each offset inside it is a terminated string.
    if (reader.strings_size_ != 0 && reader.strings_[reader.strings_size_ - 1] != '\0') {
        return Error{"the strings of the device tree do not end inside it"};
    }
    return reader;
}

TreeTag TreeReader::stop(const char* fault) {
    fault_ = fault;
    return final_ = TreeTag::broken;
}

// Between tags next_ is a multiple of 4 from the structure block's begin, and at most its end.
TreeTag TreeReader::next() {
    if (final_ != TreeTag::begin_node) {
        return final_;
    }
    while (next_ != structure_end_) {
        const u32 tag = TreeValue{tree_ + next_, 4}.cell(0);
        next_ += 4;
        switch (tag) {
        case begin_node_tag: return on_begin();
        case property_tag: return on_property();
        case end_node_tag: return on_end_node();
        case nop_tag: continue;
        case end_tag:
            if (depth_ != 0 || !root_seen_) {
                return stop("the device tree ends inside a node");
            }
            return final_ = TreeTag::end;
        default: return stop(broken_tag);
        }
    }
    return stop(broken_tag);
}

TreeTag TreeReader::on_begin() {
    name_ = static_cast<const char*>(static_cast<const void*>(tree_ + next_));
    do {
        if (next_ == structure_end_) {
            return stop(broken_tag);
        }
    } while (tree_[next_++] != 0);
    next_ = (next_ + 3) / 4 * 4; // the block ends at a multiple of 4, too
    if (depth_ == max_depth) {
        return stop("nodes of the device tree are nested too deep");
    }
    if (depth_ == 0 && root_seen_) {
        return stop("the device tree has a second root");
    }
    root_seen_ = true;
    children_seen_ = false;
    ++depth_;
    return TreeTag::begin_node;
}

TreeTag TreeReader::on_property() {
    constexpr u32 head = 8; // length, offset of the name
    const u32 room = structure_end_ - next_;
    const TreeValue raw{tree_ + next_, head};
    if (room < head || raw.cell(0) > room - head) {
        return stop(broken_tag);
    }
    if (depth_ == 0 || children_seen_) {
        return stop("a property of the device tree stands outside its node");
    }
    if (raw.cell(1) >= strings_size_) {
        return stop("a property of the device tree is broken");
    }
    value_.data = raw.data + head; // one by one, in less code than an aggregate
    value_.length = raw.cell(0);
    name_ = strings_ + raw.cell(1);
    next_ += head + (raw.cell(0) + 3) / 4 * 4;
    return TreeTag::property;
}

TreeTag TreeReader::on_end_node() {
    if (depth_ == 0) {
        return stop("the device tree closes a node that it did not open");
    }
    --depth_;
    children_seen_ = true;
    return TreeTag::end_node;
}

} // namespace hyp
