// SPDX-License-Identifier: Apache-2.0
// Trees written tag by tag, read back with libfdt; and what happens when the room ends.
#include "hyp/core/tree/tree_writer.hpp"
#include "hyp/core/tree/tree_reader.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <libfdt.h>
#include <string>

using namespace hyp;

namespace {

constexpr usize names_size = 16;

// Two nodes, three properties; one name twice.
usize write_small(TreeWriter& tree) {
    tree.begin_node("");
    tree.property("ab", "12345", 5);
    tree.property("empty", "", 0);
    tree.begin_node("child@0");
    tree.property("ab", "\0\0\0\1", 4);
    tree.end_node();
    tree.end_node();
    return tree.finish();
}

} // namespace

TEST_CASE("tree writer: libfdt finds everything again", "[tree]") {
    alignas(8) u8 bytes[256];
    std::memset(bytes, 0xa5, sizeof bytes);
    TreeWriter tree{bytes, sizeof bytes, names_size};
    const usize size = write_small(tree);
    REQUIRE(size != 0);
    REQUIRE(size <= sizeof bytes);
    REQUIRE(fdt_check_full(bytes, size) == 0);
    CHECK(fdt_totalsize(bytes) == size);
    CHECK(fdt_version(bytes) == 17);
    CHECK(fdt_num_mem_rsv(bytes) == 0);
    int length = 0;
    const void* value = fdt_getprop(bytes, 0, "ab", &length);
    REQUIRE(length == 5);
    CHECK(std::memcmp(value, "12345\0\0", 8) == 0); // and padding of zeroes
    CHECK(fdt_getprop(bytes, 0, "empty", &length) != nullptr);
    CHECK(length == 0);
    const int child = fdt_path_offset(bytes, "/child");
    REQUIRE(child > 0);
    CHECK(std::string{fdt_get_name(bytes, child, nullptr)} == "child@0");
    value = fdt_getprop(bytes, child, "ab", &length);
    REQUIRE(length == 4);
    CHECK(fdt32_to_cpu(*static_cast<const fdt32_t*>(value)) == 1);
}

TEST_CASE("tree writer: what does not fit is refused, and nothing is written outside", "[tree]") {
    alignas(8) u8 whole[256];
    TreeWriter reference{whole, sizeof whole, names_size};
    REQUIRE(write_small(reference) != 0);
    const usize structure_end = fdt_off_dt_struct(whole) + fdt_size_dt_struct(whole);
    const usize names = fdt_size_dt_strings(whole);
    for (usize room = 0; room <= sizeof whole; ++room) {
        for (usize for_names = 0; for_names <= names + 1; ++for_names) {
            alignas(8) u8 bytes[sizeof whole + 8];
            std::memset(bytes, 0xa5, sizeof bytes);
            TreeWriter tree{bytes, room, for_names};
            const usize size = write_small(tree);
            const bool enough = for_names >= names && room >= structure_end + for_names;
            REQUIRE((size != 0) == enough);
            REQUIRE(size <= room);
            for (usize i = room; i < sizeof bytes; ++i) {
                REQUIRE(bytes[i] == 0xa5);
            }
        }
    }
}
