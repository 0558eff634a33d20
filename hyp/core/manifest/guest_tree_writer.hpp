// SPDX-License-Identifier: Apache-2.0
// A flattened device tree, written from the front to the back into one buffer. libfdt's writer, which
// did this, costs another 2 KiB.
#pragma once

#include "hyp/core/base/types.hpp"

#include <cstring>

namespace hyp {

// The strings block: the name of every property that is ever written.
inline constexpr char guest_tree_names[] =
    "#address-cells\0#clock-cells\0#interrupt-cells\0#size-cells\0always-on\0"
    "bootargs\0clock-frequency\0clock-names\0clock-output-names\0clocks\0"
    "compatible\0device_type\0dma-coherent\0enable-method\0"
    "interrupt-controller\0interrupt-parent\0interrupts\0linux,initrd-end\0"
    "linux,initrd-start\0method\0model\0phandle\0reg\0stdout-path";

// One of them, by its place; a name that is not there does not compile.
class PropertyName {
public:
    consteval PropertyName(const char* name) { // NOLINT implicit by intent
        while (!same(name, guest_tree_names + offset)) {
            do {
                ++offset;
            } while (guest_tree_names[offset - 1] != '\0');
        }
    }
    u32 offset = 0;

private:
    static constexpr bool same(const char* left, const char* right) {
        while (*left == *right && *left != '\0') {
            ++left;
            ++right;
        }
        return *left == *right;
    }
};

// Knows the forms of a property's value, and whether there was room for all, so that a tree can be
// written line by line. DTSpec v0.4, chapter 5.
class GuestTreeWriter {
public:
    GuestTreeWriter(void* buffer, usize size)
        : begin_{static_cast<u8*>(buffer)}, next_{begin_}, end_{begin_ + size} {
        constexpr u8 blank[structure_at] = {}; // with an empty memory reservation block at its end
        put(blank, sizeof blank);
    }
    void begin_node(const char* name) {
        word(1);
        put(name, std::strlen(name) + 1);
    }
    void end_node() { word(2); }
    void property(PropertyName name, const void* value, usize length) {
        word(3);
        word(static_cast<u32>(length));
        word(name.offset);
        put(value, length);
    }
    // After the root's end: the tree's size in bytes, or 0 if it did not fit.
    [[nodiscard]] usize finish() {
        word(9);
        const u32 strings_at = written();
        put(guest_tree_names, sizeof guest_tree_names);
        const u32 size = written();
        const u32 head[] = {0xd00d'feed,
                            size,
                            structure_at,
                            strings_at,
                            header_size,
                            17,
                            16,
                            0,
                            sizeof guest_tree_names,
                            strings_at - structure_at};
        if (full_) {
            return 0;
        }
        next_ = begin_;
        for (const u32 value : head) {
            word(value);
        }
        return size;
    }
    void empty(PropertyName name) { property(name, "", 0); }
    void string(PropertyName name, const char* text) {
        property(name, text, std::strlen(text) + 1);
    }
    // A list of strings, its separators written as \0 in the literal.
    template <usize N>
    void strings(PropertyName name, const char (&list)[N]) {
        property(name, list, N);
    }
    template <class... Cell>
    void cells(PropertyName name, Cell... cell) {
        const u32 big_endian[] = {__builtin_bswap32(cell)...};
        property(name, big_endian, sizeof big_endian);
    }
    // The same with values that are known now.
    template <u32... cell>
    void cells(PropertyName name) {
        static constexpr u32 big_endian[] = {__builtin_bswap32(cell)...};
        property(name, big_endian, sizeof big_endian);
    }

private:
    static constexpr u32 header_size = 40;
    static constexpr u32 structure_at = header_size + 16;

    [[nodiscard]] u32 written() const { return static_cast<u32>(next_ - begin_); }
    [[gnu::noinline]] void word(u32 value) {
        const u32 big_endian = __builtin_bswap32(value);
        put(&big_endian, sizeof big_endian);
    }
    // And zeroes up to the next multiple of four.
    [[gnu::noinline]] void put(const void* bytes, usize length) {
        const usize padded = (length + 3) / 4 * 4;
        if (static_cast<usize>(end_ - next_) < padded) {
            full_ = true;
            return;
        }
        std::memset(next_ + length, 0, padded - length);
        std::memcpy(next_, bytes, length);
        next_ += padded;
    }

    u8* begin_;
    u8* next_;
    u8* end_;
    bool full_ = false;
};

} // namespace hyp
