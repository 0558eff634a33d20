// SPDX-License-Identifier: Apache-2.0
// A device tree from a fuzzer's input. Bytes as they come hardly ever get past the header of a
// tree, so an input may also be a little program whose tree has a whole frame: every step opens a
// node, closes one or adds a property, with names from a list that the reader knows.
//
// A step is one byte: bits 1:0 what (0 open, 1 close, 2 property, 3 property of strings), bits 7:2
// which name (one beyond the list is spelled out: length, bytes). A value follows its length byte;
// with bit 7 of the length set it is that many cells, each given by one byte (values below 128) or
// five (a byte from 128, then the word).
#pragma once

#include "tests/fuzz/input.hpp"

#include <span>
#include <string>

namespace fuzz {

class TreeMaker {
public:
    explicit TreeMaker(std::span<const char* const> names) : names_{names} {}

    // Follows the program in `input` to its end and closes what is open.
    [[nodiscard]] Bytes make(Input& input) {
        open("");
        while (!input.empty() && structure_.size() < most) {
            step(input);
        }
        while (depth_ != 0) {
            close();
        }
        put(structure_, tag_end);
        return framed();
    }

private:
    static constexpr hyp::usize most = 96 * 1024; // beyond a manifest's limit
    static constexpr hyp::u32 tag_begin = 1;
    static constexpr hyp::u32 tag_close = 2;
    static constexpr hyp::u32 tag_property = 3;
    static constexpr hyp::u32 tag_end = 9;

    static void put(Bytes& to, hyp::u32 word) {
        for (unsigned shift = 32; shift != 0; shift -= 8) {
            to.push_back(static_cast<hyp::u8>(word >> (shift - 8)));
        }
    }
    static void align(Bytes& to) { to.resize((to.size() + 3) / 4 * 4); }

    void open(const std::string& name) {
        put(structure_, tag_begin);
        structure_.insert(structure_.end(), name.begin(), name.end());
        structure_.push_back(0);
        align(structure_);
        ++depth_;
    }
    void close() {
        put(structure_, tag_close);
        --depth_;
    }
    void property(const std::string& name, const Bytes& value) {
        hyp::usize at = strings_.find(name + '\0');
        if (at == std::string::npos) {
            at = strings_.size();
            strings_ += name + '\0';
        }
        put(structure_, tag_property);
        put(structure_, static_cast<hyp::u32>(value.size()));
        put(structure_, static_cast<hyp::u32>(at));
        structure_.insert(structure_.end(), value.begin(), value.end());
        align(structure_);
    }

    [[nodiscard]] std::string name(Input& input, hyp::u32 index) const {
        if (index < names_.size()) {
            return names_[index];
        }
        const Bytes text = input.take(input.byte());
        // A zero would end it sooner; the tree stays whole.
        return std::string(text.begin(), text.end()).c_str();
    }
    [[nodiscard]] static Bytes value(Input& input) {
        const hyp::u8 length = input.byte();
        if ((length & 0x80U) == 0) {
            return input.take(length);
        }
        Bytes cells;
        for (hyp::u32 i = 0; i < (length & 0x7fU) && !input.empty(); ++i) {
            const hyp::u8 small = input.byte();
            put(cells, small < 0x80 ? small : input.word());
        }
        return cells;
    }
    void step(Input& input) {
        const hyp::u8 what = input.byte();
        const hyp::u32 index = what >> 2U;
        switch (what & 3U) {
        case 0: open(name(input, index)); break;
        case 1:
            if (depth_ > 1) {
                close();
            }
            break;
        case 2: {
            const std::string text = name(input, index);
            property(text, value(input));
            break;
        }
        default: {
            const std::string text = name(input, index);
            Bytes strings = value(input);
            strings.push_back(0);
            property(text, strings);
            break;
        }
        }
    }

    // Header (version 17), one empty memory reservation, structure, strings.
    [[nodiscard]] Bytes framed() const {
        constexpr hyp::u32 header = 40;
        constexpr hyp::u32 reservations = 16;
        const hyp::u32 structure_at = header + reservations;
        const hyp::u32 structure_size = static_cast<hyp::u32>(structure_.size());
        const hyp::u32 strings_size = static_cast<hyp::u32>(strings_.size());
        const hyp::u32 strings_at = structure_at + structure_size;
        Bytes tree;
        for (const hyp::u32 word :
             {0xd00d'feedU, strings_at + strings_size, structure_at, strings_at, header, 17U, 16U,
              0U, strings_size, structure_size}) {
            put(tree, word);
        }
        tree.resize(structure_at);
        tree.insert(tree.end(), structure_.begin(), structure_.end());
        tree.insert(tree.end(), strings_.begin(), strings_.end());
        return tree;
    }

    std::span<const char* const> names_;
    Bytes structure_;
    std::string strings_;
    hyp::u32 depth_ = 0;
};

} // namespace fuzz
