// SPDX-License-Identifier: Apache-2.0
// The reader of trees, tag by tag, and its helpers for strings, each at its edges. (What it does with
// whole trees of machines, good and broken: tests/unit/platform.)
#include "hyp/core/tree/tree_reader.hpp"

#include "tests/trees/tree_bytes.hpp"

#include <string>
#include <string_view>

using namespace hyp;
using namespace std::string_view_literals;

namespace {

[[nodiscard]] TreeValue value_of(std::string_view text) {
    return {static_cast<const u8*>(static_cast<const void*>(text.data())), text.size()};
}

[[nodiscard]] std::string opened(const trees::Bytes& bytes, usize limit) {
    trees::Guarded guarded{bytes.size()};
    const Result<TreeReader> tree =
        TreeReader::open(guarded.hold(bytes.data(), bytes.size()), limit);
    return tree.ok() ? "good" : tree.error().reason;
}

// The walk in short: name(, name), and the fault when there is one.
[[nodiscard]] std::string walked(const trees::Bytes& bytes) {
    trees::Guarded guarded{bytes.size()};
    const Result<TreeReader> opening =
        TreeReader::open(guarded.hold(bytes.data(), bytes.size()), bytes.size());
    if (!opening.ok()) {
        return opening.error().reason;
    }
    TreeReader tree = opening.value();
    std::string out;
    for (;;) {
        switch (tree.next()) {
        case TreeTag::begin_node: out += std::string{tree.name()} + "("; break;
        case TreeTag::property:
            out += std::string{tree.name()} + std::to_string(tree.depth());
            break;
        case TreeTag::end_node: out += ")"; break;
        case TreeTag::end: return tree.next() == TreeTag::end && tree.depth() == 0 ? out : "??";
        case TreeTag::broken: return tree.next() == TreeTag::broken ? tree.fault() : "??";
        }
    }
}

// A header and the words of a structure block; the strings are "a" and "bc".
[[nodiscard]] trees::Bytes by_hand(const std::vector<u32>& structure, u32 version = 17) {
    const u32 size = static_cast<u32>(structure.size() * 4);
    std::vector<u32> words = {0xd00d'feed, 0, 56,   56 + size, 40, version, 16,
                              0,           5, size, 0,         0,  0,       0};
    words.insert(words.end(), structure.begin(), structure.end());
    words.push_back(0x6100'6263);
    words.push_back(0);
    words[1] = static_cast<u32>(words.size() * 4);
    trees::Bytes bytes(words.size() * 4);
    for (usize n = 0; n < words.size(); ++n) {
        const u32 word = __builtin_bswap32(words[n]);
        std::memcpy(bytes.data() + 4 * n, &word, 4);
    }
    return bytes;
}

[[nodiscard]] trees::Bytes nested(u32 depth) {
    std::string source = "/ { ";
    for (u32 n = 1; n < depth; ++n) {
        source += "n { ";
    }
    for (u32 n = 1; n < depth; ++n) {
        source += "}; ";
    }
    return trees::compiled(source + "};");
}

constexpr u32 begin = 1;
constexpr u32 end = 2;
constexpr u32 prop = 3;
constexpr u32 nop = 4;
constexpr u32 last = 9;

} // namespace

TEST_CASE("tree strings: compared whole") {
    CHECK(same_string("", ""));
    CHECK(same_string("pl011", "pl011"));
    CHECK_FALSE(same_string("pl011", "pl01"));
    CHECK_FALSE(same_string("pl01", "pl011"));
    CHECK_FALSE(same_string("", "x"));
    CHECK_FALSE(same_string("x", "y"));
    CHECK(starts_with("arm,pl011", "arm,"));
    CHECK(starts_with("arm,", "arm,"));
    CHECK(starts_with("x", ""));
    CHECK_FALSE(starts_with("arm", "arm,"));
    CHECK_FALSE(starts_with("brm,pl011", "arm,"));
}

TEST_CASE("tree strings: copied to fit") {
    const auto copied = [](u32 size, const char* from) {
        char room[8];
        std::memset(room, '#', sizeof room);
        copy_text(room, size, from);
        return std::string(room, sizeof room);
    };
    CHECK(copied(1, "abc") == "\0#######"sv);
    CHECK(copied(3, "abc") == "ab\0#####"sv);
    CHECK(copied(4, "abc") == "abc\0####"sv);
    CHECK(copied(5, "abc") == "abc\0####"sv);
    CHECK(copied(8, "") == "\0#######"sv);
}

TEST_CASE("tree strings: a list of them") {
    const TreeValue two = value_of("a\0bc\0"sv);
    const char* const first = next_string(two, nullptr);
    REQUIRE(first != nullptr);
    CHECK(first == "a"sv);
    const char* const second = next_string(two, first);
    REQUIRE(second != nullptr);
    CHECK(second == "bc"sv);
    CHECK(next_string(two, second) == nullptr);
    CHECK(next_string(value_of("\0"sv), nullptr) == ""sv);
    CHECK(next_string(value_of("a"sv), nullptr) == nullptr);
    CHECK(next_string(value_of(""sv), nullptr) == nullptr);
}

TEST_CASE("tree values: cells and numbers") {
    alignas(4) const u8 bytes[] = {0, 0, 0, 1, 0x80, 0, 0, 2, 0xff, 0xff, 0xff, 3};
    const TreeValue value{bytes, 11};
    CHECK(value.cells() == 2);
    CHECK(TreeValue{bytes, 12}.cells() == 3);
    CHECK(value.cell(1) == 0x8000'0002);
    CHECK(value.number(0, 0) == 0);
    CHECK(value.number(1, 1) == 0x8000'0002);
    CHECK(value.number(0, 2) == 0x0000'0001'8000'0002);
    CHECK(value.number(1, 2) == 0x8000'0002'ffff'ff03);
}

TEST_CASE("tree headers: as long as the room, and not longer") {
    const trees::Bytes good = by_hand({begin, 0, end, last});
    CHECK(opened(good, good.size()) == "good");
    CHECK(opened(good, good.size() + 8) == "good");
    CHECK(opened(good, good.size() - 1) ==
          "the device tree is longer than the memory it may occupy");
    const std::string none = "there is no device tree: its magic number is missing";
    CHECK(opened(good, sizeof(fdt_header) - 1) == none);
    CHECK(opened(good, sizeof(fdt_header)) != none);
    trees::Bytes bent = good;
    bent[3] ^= 1;
    CHECK(opened(bent, bent.size()) == none);
    const Result<TreeReader> nowhere = TreeReader::open(nullptr, 1000);
    REQUIRE_FALSE(nowhere.ok());
    CHECK(nowhere.error().reason == none);
    const Result<TreeReader> odd = TreeReader::open(good.data() + 4, 1000);
    REQUIRE_FALSE(odd.ok());
    CHECK(odd.error().reason == "the device tree is not aligned to 8 bytes"sv);
}

TEST_CASE("tree headers: version and alignment") {
    const std::vector<u32> structure = {begin, 0, end, last};
    const std::string old = "the header of the device tree is broken or older than version 17";
    const auto size = by_hand(structure).size();
    CHECK(opened(by_hand(structure, 16), size) == old);
    CHECK(opened(by_hand(structure, 18), size) == "good");
    const std::string unaligned = "the structure block of the device tree is not aligned";
    trees::Bytes moved = by_hand(structure);
    moved[11] = 54; // off_dt_struct: not a multiple of four
    CHECK(opened(moved, size) != "good");
    trees::Bytes cut = by_hand(structure);
    cut[39] = 14; // size_dt_struct
    CHECK(opened(cut, size) == unaligned);
    trees::Bytes open_end = by_hand(structure);
    open_end[open_end.size() - 8 + 4] = 'x'; // the fifth byte of the strings, their last
    CHECK(opened(open_end, size) == "the strings of the device tree do not end inside it");
}

TEST_CASE("tree walks: every tag once, properties with their depth") {
    CHECK(walked(by_hand({begin, 0,           nop,   prop,        4,    0,   7, prop,
                          0,     2,           begin, 0x6e00'0000, prop, 0,   0, end,
                          begin, 0x6d00'0000, end,   end,         nop,  last})) ==
          "(a1bc1n(a2)m())");
}

TEST_CASE("tree walks: wrong orders end them") {
    CHECK(walked(by_hand({begin, 0, end, begin, 0, end, last})) ==
          "the device tree has a second root");
    CHECK(walked(by_hand({begin, 0, begin, 0, end, prop, 0, 0, end, last})) ==
          "a property of the device tree stands outside its node");
    CHECK(walked(by_hand({prop, 0, 0, begin, 0, end, last})) ==
          "a property of the device tree stands outside its node");
    CHECK(walked(by_hand({begin, 0, end, end, last})) ==
          "the device tree closes a node that it did not open");
    CHECK(walked(by_hand({begin, 0, last})) == "the device tree ends inside a node");
    CHECK(walked(by_hand({last})) == "the device tree ends inside a node");
    CHECK(walked(by_hand({begin, 0, prop, 0, 4, end, last})) == "(1)");  // the last byte
    CHECK(walked(by_hand({begin, 0, prop, 0, 3, end, last})) == "(c1)"); // within another one
    CHECK(walked(by_hand({begin, 0, prop, 0, 5, end, last})) ==
          "a property of the device tree is broken");
    CHECK(walked(by_hand({begin, 0, prop, 0xffff'fff0, 0, end, last})) != "");
}

TEST_CASE("tree walks: as deep as is read, and one deeper") {
    CHECK(walked(nested(TreeReader::max_depth)).find("fault") == std::string::npos);
    CHECK(walked(nested(TreeReader::max_depth)).back() == ')');
    CHECK(walked(nested(TreeReader::max_depth + 1)) ==
          "nodes of the device tree are nested too deep");
}
