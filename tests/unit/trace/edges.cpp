// SPDX-License-Identifier: Apache-2.0
// Events in words where a number meets its limit.
#include "hyp/core/trace/describe.hpp"
#include "hyp/core/trace/text.hpp"

#include <catch2/catch.hpp>

#include <array>
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
