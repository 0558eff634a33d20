// SPDX-License-Identifier: Apache-2.0
// Who is heard on the one UART, when, under which name; and that nothing is lost or torn.
#include "hyp/core/console/mux.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace hyp;

namespace {

constexpr u64 patience = 1000;
using Step = ConsoleMux::Step;

// Takes as many bytes as it is granted.
struct Terminal {
    std::string text;
    u32 room = ~0U;
    [[nodiscard]] bool can_write() const { return room != 0; }
    void write(u8 byte) {
        text += static_cast<char>(byte);
        --room;
    }
};

struct Desk {
    std::unique_ptr<std::array<OutputRing, max_speakers>> rings =
        std::make_unique<std::array<OutputRing, max_speakers>>();
    ConsoleMux mux;
    Terminal terminal;
    u64 now = 1;

    explicit Desk(const std::vector<const char*>& names, Colour colour = Colour::no) {
        mux.set_patience(patience);
        for (usize n = 0; n < names.size(); ++n) {
            mux.attach(Speaker{static_cast<u8>(n)}, (*rings)[n], names[n], colour);
        }
        mux.attach(baton_speaker, (*rings)[baton_speaker.value], "baton", colour);
    }
    bool say(u8 speaker, const std::string& text) {
        const auto* bytes = reinterpret_cast<const u8*>(text.data());
        return (*rings)[speaker].put({bytes, text.size()}) != OutputRing::Put::refused;
    }
    // What is shown until nothing more can be.
    std::string shown() {
        terminal.text.clear();
        while (mux.step(terminal, now, 32) != Step::idle) {
        }
        return terminal.text;
    }
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (usize at = 0; at < text.size();) {
        const usize end = text.find("\r\n", at);
        REQUIRE(end != std::string::npos);
        lines.push_back(text.substr(at, end - at));
        at = end + 2;
    }
    return lines;
}

} // namespace

TEST_CASE("console: a VM that is alone comes out as it is", "[console]") {
    Desk desk{{"tiny"}};
    const std::string bytes("one\ntwo\r\n\0\xff half a line", 24);
    CHECK(desk.say(0, bytes));
    CHECK(desk.shown() == bytes);
    CHECK(desk.mux.deadline() == ~u64{0});
    CHECK(desk.say(0, std::string(100, '\n'))); // to choose costs more than a byte
    desk.terminal.text.clear();
    CHECK(desk.mux.step(desk.terminal, desk.now, 32) == Step::more);
    CHECK(desk.terminal.text.size() <= 32 / ConsoleMux::choice_work);
    (void)desk.shown();
    CHECK(desk.say(0, "half a line"));
    (void)desk.shown();

    CHECK(desk.say(8, "hello\n")); // breaks in when the half line has been left alone
    CHECK(desk.shown().empty());
    CHECK(desk.mux.deadline() == desk.now + patience);
    desk.now += patience;
    CHECK(desk.shown() == "\r\n[baton] hello\r\n");
    desk.mux.set_input(baton_speaker); // it stays as it is
    CHECK(desk.say(0, "and the rest"));
    CHECK(desk.shown() == "and the rest");
}

TEST_CASE("console: lines under their names, whoever speaks first", "[console]") {
    Desk desk{{"web", "db"}};
    CHECK(desk.say(1, "ready\r\nsteady\n"));
    CHECK(desk.say(0, "login: "));
    CHECK(desk.say(8, "note\n"));
    CHECK(desk.shown() == "[web] login: ");
    desk.now += patience;
    CHECK(desk.shown() == "\r\n[db] ready\r\n[baton] note\r\n[db] steady\r\n");
    CHECK(desk.say(0, "ro"));
    CHECK(desk.shown() == "[web] ro");
    CHECK(desk.say(0, "ot\n"));
    CHECK(desk.shown() == "ot\r\n");
    CHECK(desk.say(0, "50%\r"));
    CHECK(desk.shown() == "[web] 50%\r");
    CHECK(desk.say(1, "\n"));
    desk.now += patience;
    CHECK(desk.shown() == "\r\n[db] \r\n");
}

TEST_CASE("console: colour is the name's alone", "[console]") {
    Desk desk{{"web", "db"}, Colour::ansi};
    CHECK(desk.say(1, "x\n"));
    CHECK(desk.say(0, "y\n"));
    CHECK(desk.shown() == "\x1b[31m[web]\x1b[0m y\r\n\x1b[32m[db]\x1b[0m x\r\n");
}

TEST_CASE("console: a line that does not end waits, is cut at its time, or when its ring is full",
          "[console]") {
    Desk desk{{"web", "db"}};
    CHECK(desk.say(1, "no end"));
    CHECK(desk.shown().empty());
    CHECK(desk.mux.deadline() == desk.now + patience);
    desk.now += patience - 1;
    CHECK(desk.say(1, " yet"));
    CHECK(desk.shown().empty());
    ++desk.now;
    CHECK(desk.shown() == "[db] no end yet\r\n");

    CHECK(desk.say(1, std::string(OutputRing::capacity, 'z')));
    CHECK(desk.shown() == "[db] " + std::string(OutputRing::capacity, 'z') + "\r\n");
    desk.now += 7 * patience;
    CHECK(desk.say(8, "slow"));
    CHECK(desk.shown().empty());
    CHECK(desk.say(1, "slow"));
    ++desk.now;
    CHECK(desk.shown().empty());
    CHECK(desk.mux.deadline() == desk.now - 1 + patience); // the first of the two
    desk.mux.set_input(Speaker{1});                        // its user wants to see it
    CHECK(desk.shown() == "[db] slow");
}

TEST_CASE("console: floods take turns, line by line", "[console]") {
    Desk desk{{"web", "db", "log"}};
    u32 said[3]{};
    for (int round = 0; round < 2000; ++round) {
        for (u8 who = 0; who < 3; ++who) {
            while (desk.say(who, "line\n")) {
                ++said[who];
            }
        }
        (void)desk.mux.step(desk.terminal, desk.now++, 32);
    }
    u32 heard[3]{};
    usize at = 0;
    for (const std::string& line :
         lines_of(desk.terminal.text.substr(0, desk.terminal.text.rfind("\r\n") + 2))) {
        const char* expected[] = {"[web] line", "[db] line", "[log] line"};
        REQUIRE(line == expected[at % 3]);
        ++heard[at++ % 3];
    }
    CHECK(heard[0] > 500);
    CHECK(heard[0] - heard[2] <= 1);
    CHECK(said[0] >= heard[0]);
}

TEST_CASE("console: a step does no more than its work", "[console]") {
    Desk desk{{"web", "db"}};
    for (int n = 0; n < 100; ++n) {
        (void)desk.say(static_cast<u8>(n % 2), "\n");
    }
    usize before = 0;
    Step step = Step::more;
    while (step == Step::more) {
        step = desk.mux.step(desk.terminal, desk.now, 32);
        CHECK(desk.terminal.text.size() - before <= 32);
        before = desk.terminal.text.size();
    }
    CHECK(step == Step::idle);
    CHECK(desk.mux.take_drained() == 3);
    CHECK(desk.mux.take_drained() == 0);
    CHECK(desk.say(0, "more\n"));
    desk.terminal.room = 3;
    CHECK(desk.mux.step(desk.terminal, desk.now, 32) == Step::full);
    desk.terminal.room = 300;
    CHECK(desk.mux.step(desk.terminal, desk.now, 32) == Step::idle);
    CHECK(lines_of(desk.terminal.text).back() == "[web] more");
}

// Whoever says what, whenever: each whole line of a VM without the input is one line on the terminal,
// in its speaker's order; of the one with the input nothing is lost either.
TEST_CASE("console: random talk is neither lost nor torn", "[console]") {
    std::mt19937 random{11};
    Desk desk{{"a", "b", "c", "d"}};
    desk.mux.set_input(Speaker{3});
    std::vector<std::string> said[max_speakers];
    std::string typed;
    std::string output;
    for (int n = 0; n < 40'000; ++n) {
        const u8 who = static_cast<u8>(random() % 5 == 4 ? 8 : random() % 4);
        if (who == 3) { // letter by letter
            const std::string one(1, "pq\n"[random() % 3]);
            typed += desk.say(3, one) ? one : "";
        } else if (random() % 3 != 0) {
            const std::string line = std::to_string(n) + std::string(random() % 30, '.');
            if (desk.say(who, line + (random() % 2 == 0 ? "\r\n" : "\n"))) {
                said[who].push_back(line);
            }
        }
        desk.terminal.room = static_cast<u32>(random() % 20);
        (void)desk.mux.step(desk.terminal, desk.now, static_cast<u32>(random() % 40));
        desk.now += random() % 100;
    }
    desk.terminal.room = ~0U;
    output = desk.terminal.text;
    desk.now += patience;
    output += desk.shown() + (desk.say(3, "\n") ? desk.shown() : "");
    desk.now += patience;
    output += desk.shown();
    typed += '\n';

    std::vector<std::string> heard[max_speakers];
    std::string letters;
    for (const std::string& line : lines_of(output)) {
        const usize end = line.find("] ");
        REQUIRE(end != std::string::npos);
        const std::string name = line.substr(0, end + 2);
        if (name == "[d] ") {
            letters += line.substr(end + 2);
        } else {
            REQUIRE((name == "[a] " || name == "[b] " || name == "[c] " || name == "[baton] "));
            heard[name == "[baton] " ? 8 : name[1] - 'a'].push_back(line.substr(end + 2));
        }
    }
    for (const unsigned who : {0U, 1U, 2U, 8U}) {
        CHECK(said[who].size() > 1000);
        CHECK(heard[who] == said[who]);
    }
    std::erase(typed, '\n');
    CHECK(letters.size() > 1000);
    CHECK(letters == typed);
}
