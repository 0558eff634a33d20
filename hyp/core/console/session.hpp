// SPDX-License-Identifier: Apache-2.0
// What is typed: whose it is, and, while it is Baton's, a line editor with commands. The pCPU that
// owns the UART owns this.
//
// The hot key, a control character, moves the input to the next VM that has a console, behind the
// last one to Baton's console, then to the first VM again; a line says so. It is never passed on:
// pressed twice it moves twice. (Who needs that character in a guest names another hot key.)
#pragma once

#include "hyp/core/console/mux.hpp"
#include "hyp/core/console/report.hpp"

namespace hyp {

class Session {
public:
    static constexpr u32 max_vms = 8;
    static constexpr u8 default_hot_key = 't' & 0x1f; // Ctrl-T

    enum class Typed : u8 {
        nothing, // all done
        to_vm,   // the byte is for the VM that has the input: mux.input()
        command, // command() is to be carried out by the caller: it says how that went, and prompts
    };

    // Before the first byte. `names` of all VMs, which outlive this, and bit n of `consoles`: VM n
    // has a console, attached to the mux. `voice` is Baton's ring there.
    void start(ConsoleMux& mux, OutputRing& voice, std::span<const char* const> names, u8 consoles,
               u8 hot_key = default_hot_key);

    // False: what was asked for before is still being answered, so leave the next byte where it is.
    [[nodiscard]] bool wants_more() const { return report_.is_over(); }
    [[nodiscard]] Typed type(u8 byte);
    [[nodiscard]] const Command& command() const { return command_; }

    // The answer's next line, for as long as wants_more() says no. fill(SystemView&, Report&)
    // gives the values; false when it cannot yet. True: there is something new to be said.
    template <class Fill>
    bool answer(Fill fill) {
        if (report_.is_over() || voice_->room() < Report::line_size + 2) {
            return false;
        }
        SystemView view;
        if (!fill(view, report_)) {
            return false;
        }
        say_next(view);
        return true;
    }

    // A line of Baton's; lost where there is no room for it.
    void say(const char* words, const char* more = "");
    // After the answer to command().
    void prompt() { echo("> "); }

private:
    static constexpr u32 line_limit = 48;
    static constexpr u32 say_limit = line_limit + Report::line_size; // with what is wrong with it

    void echo(const char* words) { put({words, __builtin_strlen(words)}); }
    void put(std::span<const char> text);
    void say_next(SystemView& view);
    void give_input(u8 speaker);
    [[nodiscard]] Typed edit(u8 byte);
    [[nodiscard]] Typed enter();

    ConsoleMux* mux_ = nullptr;
    OutputRing* voice_ = nullptr;
    std::span<const char* const> names_{};
    u8 inputs_ = 0; // VMs with a console
    u8 hot_key_ = 0;
    u8 length_ = 0;
    std::array<char, line_limit> line_{};
    Command command_{Verb{}, 0, 0}; // all zero at first
    Report report_{};
};

} // namespace hyp
