// SPDX-License-Identifier: Apache-2.0
// Events in words where a number meets its limit; messages as printf has them.
#include "hyp/core/base/format.hpp"
#include "hyp/core/trace/describe.hpp"
#include "hyp/core/trace/text.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <string>

using namespace hyp;

namespace {

[[nodiscard]] std::string words_of(TraceEvent event) {
    std::array<TraceRecord, TraceRing::capacity> records{};
    TraceRing ring{records.data(), TraceRing::every_kind};
    ring.record(event, 1);
    char line[event_line_size];
    describe(ring.at(0), line);
    return line;
}

// What put_format() and printf make of the same, each in a buffer of `size` bytes.
[[gnu::format(printf, 2, 3)]] void compare(std::size_t size, const char* format, ...) {
    std::array<char, 64> ours{};
    std::array<char, 64> theirs{};
    std::va_list arguments;
    va_start(arguments, format);
    Text text{{ours.data(), size}};
    put_format(text, format, arguments);
    va_end(arguments);
    va_start(arguments, format);
    static_cast<void>(std::vsnprintf(theirs.data(), size, format, arguments));
    va_end(arguments);
    CHECK(std::string{ours.data()} == theirs.data());
}

} // namespace

TEST_CASE("an acknowledged INTID: a sender below the LPIs, none from there", "[trace]") {
    CHECK(words_of(TraceEvent::deactivate(1024)) == "deactivate INTID 0 from CPU 1");
    CHECK(words_of(TraceEvent::deactivate(8191)) == "deactivate INTID 1023 from CPU 7");
    CHECK(words_of(TraceEvent::deactivate(8192)) == "deactivate INTID 8192");
}

TEST_CASE("numbers: none, one digit, all of them", "[trace]") {
    const auto text = [](u64 value, bool is_hex) {
        char room[24];
        Text out{room};
        if (is_hex) {
            out.hex(value);
        } else {
            out.decimal(value);
        }
        return std::string{room};
    };
    CHECK(text(0, false) == "0");
    CHECK(text(9, false) == "9");
    CHECK(text(10, false) == "10");
    CHECK(text(~u64{0}, false) == "18446744073709551615");
    CHECK(text(9, true) == "9");
    CHECK(text(10, true) == "a");
    CHECK(text(15, true) == "f");
    CHECK(text(16, true) == "10");
    CHECK(text(~u64{0}, true) == "ffffffffffffffff");
}

TEST_CASE("text: ends where its room ends", "[trace]") {
    char room[4] = {'#', '#', '#', '#'};
    Text out{std::span<char>{room, 3}};
    CHECK(std::string{room} == "");
    out.put("ab");
    CHECK(std::string{room} == "ab");
    out.put("cd");
    CHECK(std::string{room} == "ab");
    CHECK(room[3] == '#');
}

TEST_CASE("messages come out as by printf, cut where it cuts", "[format]") {
    for (const u64 value : {u64{0}, u64{9}, u64{0xa5}, u64{0xffff'ffff}, ~u64{0}}) {
        const unsigned word = static_cast<unsigned>(value);
        compare(64, "<%u %x %lu %lx>", word, word, value, value);
        compare(64, "%08lx|%016lx|%-2u|%-12u|%4u", value, value, word, word, word);
        compare(64, "%2x%-20lx%020lu", word, value, value);
    }
    // More arguments than registers, and a narrow one among them.
    compare(64, "%s%u%s%lu%u%s%u%x%s%lx", "a", 1U, "b", ~0UL, 2U, "", 3U, 4U, "c", 5UL);
    compare(64, "no field");
    compare(64, "%5s|%-5s|%2s", "ab", "cd", "efg");
    for (std::size_t size = 1; size < 16; ++size) {
        compare(size, "%s: %u, %lx", "name", 1234U, 0xabcdefUL);
    }
}
