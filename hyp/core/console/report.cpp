// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/console/report.hpp"

#include "hyp/core/trace/describe.hpp"

namespace hyp {

namespace {

// One for each Verb that is a question, each ended by a zero. After '%': a small letter is a figure, 'a' the first; a
// capital one a caption; '%' the list register.
constexpr char sentences[] =
    "%A\0"
    "vms, vcpus, timers, irqs, doctor; lrs vm.vcpu; pause, resume, restart, stop, input vm\0"
    "%a %A: %B, %d vCPUs, rank %e\0"
    "%a.%b %C on pCPU %f, rank %e, %m moves\0"
    "%a.%b CNTV_CTL %g, CVAL %h, wakes %i, now %j\0"
    "%a.%b %k exits, %l interrupts acknowledged; fast ones uncounted\0"
    "list register %c: %%";
static_assert(static_cast<char>('a' + static_cast<u8>(Figure::rank)) == 'e' &&
              static_cast<char>('a' + static_cast<u8>(Figure::acknowledged)) == 'l');

} // namespace

Report::Report(const Command& command)
    : verb_{command.verb},
      vm_{command.vm},
      last_vm_{command.vm},
      vcpu_{command.vcpu},
      active_{is_question(command.verb)} {
    if (command.vm == Command::every_vm) {
        vm_ = 0;
    }
}

void Report::next(SystemView& view, Text& line) {
    const bool lists = verb_ == Verb::lrs;
    const bool by_vcpu = verb_ >= Verb::vcpus;
    if (!by_vcpu || vcpu_ < view.vcpus) {
        put_line(view, line);
        ++(lists ? list_register_ : by_vcpu ? vcpu_ : vm_);
        active_ = lists ? list_register_ < view.list_registers
                        : by_vcpu || (verb_ != Verb::help && vm_ < view.vms);
    } else {
        if (lists) {
            line.put("no such vCPU");
        }
        vcpu_ = 0;
        active_ = vm_ != last_vm_ && ++vm_ < view.vms;
    }
}

void Report::put_line(SystemView& view, Text& line) const {
    view.set(Figure::vm, vm_);
    view.set(Figure::vcpu, vcpu_);
    view.set(Figure::list_register, list_register_);
    const char* c = sentences;
    for (u8 n = static_cast<u8>(verb_); n != 0; --n) {
        while (*c++ != '\0') {
        }
    }
    for (; *c != '\0'; ++c) {
        if (*c != '%') {
            line.put_one(*c);
            continue;
        }
        const unsigned part = static_cast<u8>(*++c);
        if (part == '%') {
            char words[event_line_size];
            describe(view.list_register, words);
            line.put(words);
        } else if (part < 'a') {
            line.put(view.caption[part - 'A']);
        } else if (const u64 value = view.figure[part - 'a']; value == ~u64{0}) {
            line.put("never");
        } else {
            line.decimal(value);
        }
    }
}

} // namespace hyp
