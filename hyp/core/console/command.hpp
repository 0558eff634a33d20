// SPDX-License-Identifier: Apache-2.0
// What is typed at Baton's console, understood: one line gives one Command or one sentence that says
// what is wrong with it.
#pragma once

#include "hyp/core/base/result.hpp"
#include "hyp/core/base/types.hpp"

#include <span>

namespace hyp {

// In groups by what follows the word. The order is that of command.cpp's words, and of report.cpp's
// sentences.
enum class Verb : u8 {
    doctor, // nothing
    help,
    vms,
    vcpus, // a VM, or nothing: all
    timers,
    irqs,
    lrs,   // a vCPU: vm.vcpu
    pause, // a VM
    resume,
    restart,
    stop,
    input,
};
// It only asks: Report answers.
[[nodiscard]] constexpr bool is_question(Verb verb) {
    return verb <= Verb::lrs;
}

struct Command {
    static constexpr u8 every_vm = 0xff;
    Verb verb = Verb::help;
    u8 vm = every_vm;
    u8 vcpu = 0; // 0..7; the VM may have fewer
    friend constexpr bool operator==(const Command&, const Command&) = default;
};

// A VM is called by its number or by its name in `names`, which must be no number and hold no space
// to be of use. `line` ends with a zero and is cut into words; an error's `where` points into it.
[[nodiscard]] Result<Command> parse_command(char* line, std::span<const char* const> names);

} // namespace hyp
