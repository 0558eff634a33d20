// SPDX-License-Identifier: Apache-2.0
// What is typed: the hot key, the editor, every command and every wrong one, and the answers.
#include "hyp/core/console/session.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace hyp;

namespace {

constexpr u8 hot = Session::default_hot_key;
constexpr std::array<const char*, 3> names{"web", "db.main", "log"};
using Typed = Session::Typed;

struct Terminal {
    std::string text;
    [[nodiscard]] bool can_write() const { return true; }
    void write(u8 byte) { text += static_cast<char>(byte); }
};

// Three VMs, of which the second has no console; vCPU v of VM n has figures made of n and v.
struct Desk {
    OutputRing voice;
    OutputRing rings[2];
    ConsoleMux mux;
    Session session;
    Terminal terminal;
    std::string to_vm; // who got what
    std::vector<Command> commands;

    explicit Desk(u8 consoles = 0b101) {
        mux.attach(Speaker{0}, rings[0], names[0], Colour::no);
        mux.attach(Speaker{2}, rings[1], names[2], Colour::no);
        mux.attach(baton_speaker, voice, "baton", Colour::no);
        session.start(mux, voice, names, consoles);
    }
    static bool fill(SystemView& view, const Report& about) {
        const u64 id = about.vm() * 10U + about.vcpu();
        view.vms = 3;
        view.vcpus = static_cast<u8>(about.vm() + 1);
        view.list_registers = 2;
        view.set(Caption::vm_name, names[about.vm()]);
        view.set(Caption::vm_state, "alive");
        view.set(Caption::vcpu_state, about.vcpu() == 0 ? "running" : "waiting");
        view.set(Figure::vcpus, view.vcpus);
        view.set(Figure::rank, 4);
        view.set(Figure::pcpu, about.vcpu());
        view.set(Figure::cntv_ctl, 1);
        view.set(Figure::cntv_cval, 1000 + id);
        view.set(Figure::deadline, about.vcpu() == 0 ? ~u64{0} : 5000 + id);
        view.set(Figure::now, 77);
        view.set(Figure::exits, 100 + id);
        view.set(Figure::acknowledged, 200 + id);
        view.set(Figure::moves, 9);
        if (about.list_register() == 1) {
            view.list_register =
                ListReg::hardware(VIntid{27}, PIntid{27}, Priority{0xa0}, Group::group1);
        }
        return true;
    }
    void type(const std::string& text) {
        for (const char c : text) {
            switch (session.type(static_cast<u8>(c))) {
            case Typed::nothing: break;
            case Typed::to_vm: to_vm += std::to_string(mux.input().value) + c; break;
            case Typed::command:
                commands.push_back(session.command());
                session.prompt();
                break;
            }
            while (!session.wants_more()) {
                (void)session.answer(
                    [](SystemView& view, const Report& about) { return fill(view, about); });
                (void)shown();
            }
            (void)shown();
        }
    }
    const std::string& shown() {
        while (mux.step(terminal, 1, 32) != ConsoleMux::Step::idle) {
        }
        return terminal.text;
    }
    // Types a line at Baton's console and gives what it answers, names and prompts left out.
    std::string ask(const std::string& line) {
        mux.set_input(baton_speaker);
        terminal.text.clear();
        type(line + "\r");
        std::string text = terminal.text;
        for (const char* noise : {"[baton] ", "> ", "\r"}) {
            for (usize at = 0; (at = text.find(noise)) != std::string::npos;) {
                text.erase(at, std::string(noise).size());
            }
        }
        return text.substr(text.find('\n') + 1);
    }
};

Command parsed(std::string line, const char* reason = nullptr) {
    const Result<Command> result = parse_command(line.data(), names);
    CHECK(result.ok() == (reason == nullptr));
    if (!result.ok() && reason != nullptr) {
        CHECK(std::string(result.error().where) + ": " + result.error().reason == reason);
        return {};
    }
    return result.value();
}

} // namespace

TEST_CASE("console: the hot key goes round, and is for nobody else", "[console]") {
    Desk desk;
    desk.type("a\x14z\x14\x14y\x14");
    CHECK(desk.to_vm == "0a2z0y");
    CHECK(desk.mux.input() == Speaker{2});
    CHECK(desk.terminal.text == "[baton] input goes to log\r\n"
                                "[baton] input goes to Baton; 'help' lists the commands\r\n"
                                "[baton] > \r\n[baton] input goes to web\r\n"
                                "[baton] input goes to log\r\n");
    Desk nobody{0};
    CHECK(nobody.mux.input() == baton_speaker);
    nobody.type("\x14");
    CHECK(nobody.mux.input() == baton_speaker);
}

TEST_CASE("console: any other hot key leaves Ctrl-T to the guest", "[console]") {
    Desk desk;
    desk.session.start(desk.mux, desk.voice, names, 0b101, 0x1d);
    CHECK(desk.session.type(hot) == Typed::to_vm);
    CHECK(desk.session.type(0x1d) == Typed::nothing);
    CHECK(desk.mux.input() == Speaker{2});
}

TEST_CASE("console: commands are understood", "[console]") {
    CHECK(parsed("help") == Command{Verb::help});
    CHECK(parsed("  vms  ") == Command{Verb::vms});
    CHECK(parsed("vcpus") == Command{Verb::vcpus});
    CHECK(parsed("vcpus 2") == Command{Verb::vcpus, 2});
    CHECK(parsed("timers db.main") == Command{Verb::timers, 1});
    CHECK(parsed("irqs web") == Command{Verb::irqs, 0});
    CHECK(parsed("lrs 0.1") == Command{Verb::lrs, 0, 1});
    CHECK(parsed("lrs db.main.7") == Command{Verb::lrs, 1, 7});
    CHECK(parsed("pause log") == Command{Verb::pause, 2});
    CHECK(parsed("resume 0") == Command{Verb::resume, 0});
    CHECK(parsed("restart  1") == Command{Verb::restart, 1});
    CHECK(parsed("stop 1") == Command{Verb::stop, 1});
    CHECK(parsed("doctor") == Command{Verb::doctor});
    CHECK(parsed("input 2") == Command{Verb::input, 2});
}

TEST_CASE("console: a wrong command gets one sentence", "[console]") {
    (void)parsed("sotp 1", "sotp: no such command; 'help' lists them");
    (void)parsed("stopp 1", "stopp: no such command; 'help' lists them");
    (void)parsed("sto 1", "sto: no such command; 'help' lists them");
    (void)parsed("stop", "stop: which VM? 'vms' lists them");
    (void)parsed("stop 3", "3: which VM? 'vms' lists them");
    (void)parsed("stop we", "we: which VM? 'vms' lists them");
    (void)parsed("vcpus webs", "webs: which VM? 'vms' lists them");
    (void)parsed("stop 1 2", "2: one word too many");
    (void)parsed("vms 1", "1: one word too many");
    (void)parsed("lrs", "lrs: which VM? 'vms' lists them");
    (void)parsed("lrs 1", "1: which vCPU? as in 0.1");
    (void)parsed("lrs 0.8", "0.8: which vCPU? as in 0.1");
    (void)parsed("lrs .1", ": which VM? 'vms' lists them");
    (void)parsed("lrs 4.1", "4: which VM? 'vms' lists them");

    Desk desk;
    CHECK(desk.ask("fly") == "fly: no such command; 'help' lists them\n");
    const std::string longest(200, 'x'); // the editor takes 47
    CHECK(desk.ask(longest) == std::string(47, 'x') + ": no such command; 'help' lists them\n");
    CHECK(desk.ask("") == "");
    CHECK(desk.ask("input 1") == "db.main has no console\n");
    CHECK(desk.commands.empty());
}

TEST_CASE("console: the editor shows what it took", "[console]") {
    Desk desk;
    desk.mux.set_input(baton_speaker);
    desk.type("\x7fsto\x01x\x08p\x1b web\r");
    CHECK(desk.commands == std::vector<Command>{{Verb::stop, 0}});
    CHECK(desk.terminal.text == "[baton] stox\b \bp web\r\n[baton] > ");
    desk.type("input log\r!");
    CHECK(desk.to_vm == "2!");
}

TEST_CASE("console: answers", "[console]") {
    Desk desk;
    CHECK(desk.ask("vms") == "0 web: alive, 1 vCPUs, rank 4\n1 db.main: alive, 2 vCPUs, rank 4\n"
                             "2 log: alive, 3 vCPUs, rank 4\n");
    CHECK(desk.ask("vcpus db.main") == "1.0 running on pCPU 0, rank 4, 9 moves\n"
                                       "1.1 waiting on pCPU 1, rank 4, 9 moves\n");
    CHECK(desk.ask("timers 1") == "1.0 CNTV_CTL 1, CVAL 1010, wakes never, now 77\n"
                                  "1.1 CNTV_CTL 1, CVAL 1011, wakes 5011, now 77\n");
    CHECK(desk.ask("irqs") == "0.0 100 exits, 200 interrupts acknowledged; fast ones uncounted\n"
                              "1.0 110 exits, 210 interrupts acknowledged; fast ones uncounted\n"
                              "1.1 111 exits, 211 interrupts acknowledged; fast ones uncounted\n"
                              "2.0 120 exits, 220 interrupts acknowledged; fast ones uncounted\n"
                              "2.1 121 exits, 221 interrupts acknowledged; fast ones uncounted\n"
                              "2.2 122 exits, 222 interrupts acknowledged; fast ones uncounted\n");
    CHECK(desk.ask("lrs 1.1") == "list register 0: empty\nlist register 1: pending INTID 27, "
                                 "hardware 27, priority a0\n");
    CHECK(desk.ask("lrs 1.2") == "no such vCPU\n");
    CHECK(desk.ask("help").find("pause, resume, restart, stop, input") != std::string::npos);
    CHECK(desk.ask("doctor") == "web\ndb.main\nlog\n"); // whatever the caller has for lines
    CHECK(desk.commands.empty());
}

TEST_CASE("console: an answer waits for room and for its values", "[console]") {
    Desk desk;
    desk.mux.set_input(baton_speaker);
    for (const char c : std::string("irqs\r")) {
        CHECK(desk.session.wants_more());
        CHECK(desk.session.type(static_cast<u8>(c)) == Typed::nothing);
    }
    CHECK(!desk.session.wants_more());
    CHECK(!desk.session.answer([](SystemView&, const Report&) { return false; }));
    const std::string noise(900, '.');
    CHECK(desk.voice.put({reinterpret_cast<const u8*>(noise.data()), noise.size()}) !=
          OutputRing::Put::refused);
    const auto fill = [](SystemView& view, const Report& about) { return Desk::fill(view, about); };
    CHECK(!desk.session.answer(fill));
    (void)desk.shown();
    CHECK(desk.session.answer(fill));
}

// Any bytes: nothing is written beyond its end, and whatever is understood names what there is.
TEST_CASE("console: whatever is typed", "[console]") {
    std::mt19937 random{5};
    const std::string words[] = {"lrs ", "stop ", "0",  "1.",    "web",    "db.main", ".",
                                 "\r",   "vms",   "\b", "irqs ", "input ", "7",       "pause "};
    Desk desk;
    for (int n = 0; n < 20'000; ++n) {
        for (auto count = random() % 3 + 1; count != 0; --count) {
            const auto pick = random() % (std::size(words) + 1);
            desk.type(pick < std::size(words) ? words[pick]
                                              : std::string(1, static_cast<char>(random())));
        }
        desk.type("\r");
        desk.mux.set_input(random() % 16 == 0 ? baton_speaker : desk.mux.input());
        desk.to_vm.clear();
        desk.terminal.text.clear();
        REQUIRE(desk.voice.used() == 0);
    }
    CHECK(desk.commands.size() > 100);
    for (const Command& command : desk.commands) {
        CHECK(command.vm < names.size());
    }
}
