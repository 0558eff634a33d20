// SPDX-License-Identifier: Apache-2.0
// No bytes make the reader of trees crash, loop or look outside: cut, bent and hand-made trees, each
// read from a place that ends at an unreadable page.
#include "hyp/platform/platform.hpp"
#include "tests/trees/tree_bytes.hpp"

#include <string_view>

using namespace hyp;

namespace {

const char* const machines[] = {"virt-v2-smp1",    "virt-v2-smp4",        "virt-v3-smp1",
                                "virt-v3-smp4",    "virt-secure",         "versal-virt",
                                "bcm2711-rpi-4-b", "zynqmp-zcu102-rev1.0"};

bool inside_limits(const Platform& platform) {
    bool good = platform.ram_count <= Platform::max_ram &&
                platform.reserved_count <= Platform::max_reserved &&
                platform.cpu_count <= Platform::max_cpus &&
                platform.gic.gicr_count <= PlatformGic::max_redistributor_regions;
    for (u32 n = 0; n < platform.ram_count; ++n) {
        good = good && platform.ram[n].size != 0 && platform.ram[n].end() >= platform.ram[n].base;
    }
    return good && platform.model[sizeof platform.model - 1] == '\0' &&
           platform.uart.compatible[sizeof platform.uart.compatible - 1] == '\0';
}

// A tree by hand: a header and a structure block of the given words, no strings.
trees::Bytes by_hand(const std::vector<u32>& structure) {
    const u32 size = static_cast<u32>(structure.size() * 4);
    std::vector<u32> words = {0xd00d'feed, 0, 56, 56 + size, 40, 17, 16, 0, 8, size, 0, 0, 0, 0};
    words.insert(words.end(), structure.begin(), structure.end());
    words.push_back(0x6100'0000); // strings: "a"
    words.push_back(0);
    words[1] = static_cast<u32>(words.size() * 4);
    trees::Bytes bytes(words.size() * 4);
    for (usize n = 0; n < words.size(); ++n) {
        const u32 word = __builtin_bswap32(words[n]);
        std::memcpy(bytes.data() + 4 * n, &word, 4);
    }
    return bytes;
}

std::string verdict(const trees::Bytes& bytes) {
    trees::Guarded guarded{bytes.size()};
    const Result<Platform> read =
        read_platform(guarded.hold(bytes.data(), bytes.size()), bytes.size(), Pa{0});
    return read.ok() ? "good" : read.error().reason;
}

constexpr u32 begin = 1;
constexpr u32 end = 2;
constexpr u32 prop = 3;
constexpr u32 last = 9;

} // namespace

TEST_CASE("trees cut short are refused at every length", "[platform][broken]") {
    for (const char* name : machines) {
        const trees::Bytes bytes = trees::machine(name);
        trees::Guarded guarded{bytes.size()};
        for (usize size = 0; size < bytes.size(); size += size < 200 ? 1 : 97) {
            REQUIRE_FALSE(read_platform(guarded.hold(bytes.data(), size), size, Pa{0}).ok());
        }
    }
}

TEST_CASE("bent trees are read or refused, never more", "[platform][broken]") {
    u32 refused = 0;
    u32 read = 0;
    for (const char* name : machines) {
        const trees::Bytes good = trees::machine(name);
        trees::Guarded guarded{good.size()};
        for (u64 seed = 0; seed < 1000; ++seed) {
            trees::Bytes bytes = good;
            trees::Damage{seed}.apply(bytes);
            INFO(name << " seed " << seed);
            const Result<Platform> platform =
                read_platform(guarded.hold(bytes.data(), bytes.size()), bytes.size(), Pa{0});
            (platform.ok() ? read : refused) += 1;
            REQUIRE((!platform.ok() || inside_limits(platform.value())));
        }
    }
    // Both ways were taken often, or the damage was none.
    CHECK(refused > 500);
    CHECK(read > 500);
}

TEST_CASE("hand-made faults are named", "[platform][broken]") {
    CHECK(verdict(by_hand({begin, 0, end, last})) == "good");
    CHECK(verdict(by_hand({begin, 0, prop, 4, 0, 7, end, last})) == "good");
    CHECK(verdict(by_hand({last})) == "the device tree ends inside a node");
    CHECK(verdict(by_hand({begin, 0, last})) == "the device tree ends inside a node");
    CHECK(verdict(by_hand({begin, 0, end, end, last})) ==
          "the device tree closes a node that it did not open");
    CHECK(verdict(by_hand({begin, 0, end, begin, 0, end, last})) ==
          "the device tree has a second root");
    CHECK(verdict(by_hand({prop, 0, 0, begin, 0, end, last})) ==
          "a property of the device tree stands outside its node");
    CHECK(verdict(by_hand({begin, 0, begin, 0x6200'0000, end, prop, 0, 0, end, last})) ==
          "a property of the device tree stands outside its node");
    const std::string broken_property = "a property of the device tree is broken";
    const std::string broken_tag = "a tag of the device tree is broken or runs past its end";
    // Name outside the strings; lengths that wrap to just behind, at and before the tag.
    CHECK(verdict(by_hand({begin, 0, prop, 4, 99, 7, end, last})) == broken_property);
    CHECK(verdict(by_hand({begin, 0, prop, 0xffff'fff8, 0, 7, end, last})) != "good");
    CHECK(verdict(by_hand({begin, 0, prop, 0xffff'fff4, 0, 7, end, last})) == broken_tag);
    CHECK(verdict(by_hand({begin, 0, prop, 0xffff'ffe0, 0, 7, end, last})) == broken_tag);
    CHECK(verdict(by_hand({begin, 0, prop, 0x7fff'ffff, 0, 7, end, last})) == broken_tag);
    CHECK(verdict(by_hand({begin, 0, 77, end, last})) == broken_tag);
    CHECK(verdict(by_hand({begin, 0, end})) == broken_tag);
}

TEST_CASE("nesting without end is refused", "[platform][broken]") {
    std::vector<u32> words;
    for (u32 n = 0; n < 5000; ++n) {
        words.insert(words.end(), {begin, 0x6100'0000});
    }
    CHECK(verdict(by_hand(words)) == "nodes of the device tree are nested too deep");
}

TEST_CASE("headers that promise too much are refused", "[platform][broken]") {
    trees::Bytes bytes = by_hand({begin, 0, end, last});
    const auto with = [&](usize field, u32 value) {
        trees::Bytes changed = bytes;
        const u32 word = __builtin_bswap32(value);
        std::memcpy(changed.data() + field * 4, &word, 4);
        return verdict(changed);
    };
    const u32 size = static_cast<u32>(bytes.size());
    CHECK(with(0, 0xd00d'feee) == "there is no device tree: its magic number is missing");
    CHECK(with(1, size + 1) == "the device tree is longer than the memory it may occupy");
    CHECK(with(2, 57) == "the structure block of the device tree is not aligned");
    CHECK(with(5, 16) == "the header of the device tree is broken or older than version 17");
    CHECK(with(9, size) == "the header of the device tree is broken or older than version 17");
    CHECK(with(8, 1) == "the strings of the device tree do not end inside it"); // "a" alone
    CHECK(with(4, size - 8) == "the memory reservations of the device tree do not end inside it");
    trees::Guarded guarded{bytes.size() + 8};
    const u8* place = guarded.hold(bytes.data(), bytes.size());
    CHECK_FALSE(read_platform(place - 4, bytes.size(), Pa{0}).ok());
    CHECK_FALSE(read_platform(nullptr, 0, Pa{0}).ok());
}
