// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/console/command.hpp"

namespace hyp {

namespace {

constexpr char verbs[] = "doctor\0help\0vms\0vcpus\0timers\0irqs\0lrs\0pause\0resume\0restart\0"
                         "stop\0input\0";
constexpr const char* which_vm = "which VM? 'vms' lists them";

// Cuts the next word off and leaves `at` behind it; an empty one at the end.
[[nodiscard]] char* cut_word(char*& at) {
    while (*at == ' ') {
        ++at;
    }
    char* const word = at;
    while (*at != ' ' && *at != '\0') {
        ++at;
    }
    if (*at != '\0') {
        *at++ = '\0';
    }
    return word;
}

// The words are the same: then `list` is behind its zero. Else it is behind what was the same.
[[nodiscard]] bool is_word(const char* word, const char*& list) {
    for (; *word == *list; ++word) {
        if (*list++ == '\0') {
            return true;
        }
    }
    return false;
}

[[nodiscard]] bool find_verb(const char* word, Verb& verb) {
    u8 n = 0;
    for (const char* list = verbs; *list != '\0'; ++n) {
        if (is_word(word, list)) {
            verb = static_cast<Verb>(n);
            return true;
        }
        while (*list++ != '\0') {
        }
    }
    return false;
}

[[nodiscard]] bool find_digit(const char* word, usize limit, u8& number) {
    number = static_cast<u8>(*word - '0');
    return number < limit && word[1] == '\0';
}

[[nodiscard]] bool find_vm(const char* word, std::span<const char* const> names, u8& vm) {
    if (find_digit(word, names.size(), vm)) {
        return true;
    }
    for (vm = 0; vm < names.size(); ++vm) {
        const char* name = names[vm];
        if (is_word(word, name)) {
            return true;
        }
    }
    return false;
}

// Cuts "vm.vcpu" at its last dot; the VM's name may have dots of its own.
[[nodiscard]] bool cut_vcpu(char* word, u8& vcpu) {
    constexpr u8 most = 8;
    char* dot = nullptr;
    for (; *word != '\0'; ++word) {
        dot = *word == '.' ? word : dot;
    }
    if (dot == nullptr || !find_digit(dot + 1, most, vcpu)) {
        return false;
    }
    *dot = '\0';
    return true;
}

} // namespace

Result<Command> parse_command(char* line, std::span<const char* const> names) {
    Command command;
    const char* const word = cut_word(line);
    if (!find_verb(word, command.verb)) {
        return Error{"no such command; 'help' lists them", word};
    }
    if (command.verb >= Verb::vcpus) {
        char* const who = cut_word(line);
        if (*who == '\0' && command.verb >= Verb::lrs) {
            return Error{which_vm, word};
        }
        if (command.verb == Verb::lrs && !cut_vcpu(who, command.vcpu)) {
            return Error{"which vCPU? as in 0.1", who};
        }
        if ((*who != '\0' || command.verb == Verb::lrs) && !find_vm(who, names, command.vm)) {
            return Error{which_vm, who};
        }
    }
    const char* const rest = cut_word(line);
    if (*rest != '\0') {
        return Error{"one word too many", rest};
    }
    return command;
}

} // namespace hyp
