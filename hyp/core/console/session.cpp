// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/console/session.hpp"

namespace hyp {

namespace {

constexpr u8 backspace = 8;
constexpr u8 del = 127;

} // namespace

void Session::start(ConsoleMux& mux, OutputRing& voice, std::span<const char* const> names,
                    u8 consoles, u8 hot_key) {
    mux_ = &mux;
    voice_ = &voice;
    names_ = names;
    inputs_ = consoles;
    hot_key_ = hot_key;
    mux.set_input(
        Speaker{consoles == 0 ? baton_speaker.value : static_cast<u8>(__builtin_ctz(consoles))});
}

void Session::put(std::span<const char> text) {
    (void)voice_->put({reinterpret_cast<const u8*>(text.data()), text.size()});
}

void Session::say(const char* words, const char* more) {
    char line[say_limit];
    Text text{line};
    text.put(words).put(more).put("\n");
    echo(line);
}

void Session::say_next(SystemView& view) {
    char line[Report::line_size + 1];
    Text text{{line, Report::line_size}};
    report_.next(view, text);
    if (const usize length = __builtin_strlen(line); length != 0) {
        line[length] = '\n';
        put({line, length + 1});
    }
    if (report_.is_over()) {
        prompt();
    }
}

void Session::give_input(u8 speaker) {
    mux_->set_input(Speaker{speaker});
    const bool ours = speaker == baton_speaker.value;
    say("input goes to ", ours ? "Baton; 'help' lists the commands" : names_[speaker]);
    if (ours) {
        length_ = 0;
        prompt();
    }
}

Session::Typed Session::type(u8 byte) {
    const u8 now = mux_->input().value;
    if (byte == hot_key_) {
        if (now == baton_speaker.value) {
            echo("\n"); // behind the prompt
        }
        const u32 later = (u32{inputs_} | 1U << baton_speaker.value) & ~0U << (now + 1U);
        give_input(static_cast<u8>(
            __builtin_ctz(later != 0 ? later : u32{inputs_} | 1U << baton_speaker.value)));
        return Typed::nothing;
    }
    return now == baton_speaker.value ? edit(byte) : Typed::to_vm;
}

Session::Typed Session::edit(u8 byte) {
    if (byte == '\r' || byte == '\n') {
        return enter();
    }
    if (byte == backspace || byte == del) {
        if (length_ != 0) {
            --length_;
            echo("\b \b");
        }
    } else if (byte >= ' ' && byte < del && length_ != line_limit - 1) {
        line_[length_++] = static_cast<char>(byte);
        put({&line_[length_ - 1U], 1});
    }
    return Typed::nothing;
}

Session::Typed Session::enter() {
    line_[length_] = '\0';
    echo("\n");
    const bool empty = length_ == 0;
    length_ = 0;
    if (!empty) {
        Result<Command> parsed = parse_command(line_.data(), names_);
        if (!parsed.ok()) {
            char words[line_limit + 2];
            Text{words}.put(parsed.error().where).put(": ");
            say(words, parsed.error().reason);
        } else {
            command_ = parsed.value();
            report_ = Report{command_};
            if (!report_.is_over()) {
                return Typed::nothing;
            }
            if (command_.verb != Verb::input) {
                return Typed::command;
            }
            if ((u32{inputs_} >> command_.vm & 1U) != 0) {
                give_input(command_.vm);
                return Typed::nothing;
            }
            say(names_[command_.vm], " has no console");
        }
    }
    prompt();
    return Typed::nothing;
}

} // namespace hyp
