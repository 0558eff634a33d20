// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/tree/tree_reader.hpp"

#include <libfdt.h>

namespace hyp {

namespace {

// The structure block of a version 17 header; older ones do not give its size.
constexpr u32 oldest_version = 17;
constexpr u32 size_ceiling = 16 * mib;

const char* header_fault(const void* fdt, usize size_limit) {
    if (reinterpret_cast<std::uintptr_t>(fdt) % 8 != 0) {
        return "the device tree is not aligned to 8 bytes";
    }
    if (fdt == nullptr || size_limit < sizeof(fdt_header) || fdt_magic(fdt) != FDT_MAGIC) {
        return "there is no device tree: its magic number is missing";
    }
    if (fdt_version(fdt) < oldest_version || fdt_check_header(fdt) != 0) {
        return "the header of the device tree is broken or older than version 17";
    }
    if (fdt_totalsize(fdt) > size_limit || fdt_totalsize(fdt) > size_ceiling) {
        return "the device tree is longer than the memory it may occupy";
    }
    if (fdt_off_dt_struct(fdt) % 4 != 0 || fdt_size_dt_struct(fdt) % 4 != 0) {
        return "the structure block of the device tree is not aligned";
    }
    return nullptr;
}

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
    if (const char* fault = header_fault(fdt, size_limit)) {
        return Error{fault};
    }
    TreeReader reader;
    const auto* bytes = static_cast<const char*>(fdt);
    reader.fdt_ = fdt;
    reader.size_ = fdt_totalsize(fdt);
    reader.structure_ = bytes + fdt_off_dt_struct(fdt);
    reader.strings_ = bytes + fdt_off_dt_strings(fdt);
    reader.strings_size_ = fdt_size_dt_strings(fdt);
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

TreeTag TreeReader::next() {
    if (final_ != TreeTag::begin_node) {
        return final_;
    }
    for (;;) {
        offset_ = next_;
        const u32 tag = fdt_next_tag(fdt_, offset_, &next_);
        if (next_ <= offset_) {
            return stop("a tag of the device tree is broken or runs past its end");
        }
        switch (tag) {
        case FDT_BEGIN_NODE: return on_begin();
        case FDT_PROP: return on_property();
        case FDT_END_NODE: return on_end_node();
        case FDT_NOP: continue;
        default: // FDT_END: libfdt answers nothing else
            if (depth_ != 0 || !root_seen_) {
                return stop("the device tree ends inside a node");
            }
            return final_ = TreeTag::end;
        }
    }
}

TreeTag TreeReader::on_begin() {
    if (depth_ == max_depth) {
        return stop("nodes of the device tree are nested too deep");
    }
    if (depth_ == 0 && root_seen_) {
        return stop("the device tree has a second root");
    }
    root_seen_ = true;
    children_seen_ = false;
    ++depth_;
    name_ = structure_ + offset_ + FDT_TAGSIZE; // libfdt has seen its end
    return TreeTag::begin_node;
}

TreeTag TreeReader::on_property() {
    constexpr int head = 12; // tag, length, offset of the name
    if (depth_ == 0 || children_seen_) {
        return stop("a property of the device tree stands outside its node");
    }
    // libfdt has seen that [offset_, next_) lies inside, but not that its sum did not wrap.
    const TreeValue raw{static_cast<const u8*>(static_cast<const void*>(structure_ + offset_)), 12};
    if (next_ - offset_ < head || raw.cell(1) > static_cast<u32>(next_ - offset_ - head) ||
        raw.cell(2) >= strings_size_) {
        return stop("a property of the device tree is broken");
    }
    value_.data =
        raw.data + head; // one by one: under -mstrict-align g++ copies an aggregate bytewise
    value_.length = raw.cell(1);
    name_ = strings_ + raw.cell(2);
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
