// SPDX-License-Identifier: Apache-2.0
// Runs the chapters, and after each looks whether all is well.
// Command line: [only=NAME,...] or `for-ever`.

#include "abuse.hpp"

#include <cstdio>

namespace guest::lab {
namespace {

constexpr Chapter chapters[] = {
    {"registers", abuse_registers},
    {"interface", abuse_interface},
    {"system-registers", abuse_system_registers},
    {"ends", abuse_ends},
    {"sgis", abuse_sgis},
    {"priorities", abuse_priorities},
    {"timers", abuse_timers},
    {"switches", abuse_switches},
    {"forms", abuse_forms},
    {"calls", abuse_calls},
};

bool passes(const char* name, const char* part, const Outcome& outcome) {
    switch (outcome.kind) {
    case Outcome::Kind::pass: std::printf("PASS %s%s\n", name, part); return true;
    case Outcome::Kind::skip: std::printf("SKIP %s%s: %s\n", name, part, outcome.why); return true;
    case Outcome::Kind::fail: break;
    }
    std::printf("FAIL %s%s: %s (0x%lx)\n", name, part, outcome.why, outcome.seen);
    return false;
}

bool run_chapter(const Chapter& chapter) {
    std::printf("abuse: %s\n", chapter.name);
    prepare({});
    const Outcome outcome = chapter.run();
    mask();
    const bool behaved = passes(chapter.name, "", outcome);
    const bool healthy = passes(chapter.name, ", and the rest works", is_healthy());
    return behaved && healthy;
}

} // namespace
} // namespace guest::lab

namespace guest {

Verdict guest_main() {
    using namespace lab;
    if (!open_interrupt_lab("abuse")) {
        return Verdict::bad;
    }
    const BootArgs args{machine().bootargs};
    const std::string_view only = args.value("only", {});
    note_health();
    bool good = passes("start", "", is_healthy());
    unsigned run = 0;
    if (only == "for-ever") {
        fire_for_ever();
    }
    for (const Chapter& chapter : chapters) {
        if (only.empty() || lists(only, chapter.name)) {
            good = run_chapter(chapter) && good;
            ++run;
        }
    }
    std::printf("abuse: %u chapters, %s\n", run, good ? "all survived" : "not all survived");
    return good && run != 0 ? Verdict::good : Verdict::bad;
}

} // namespace guest
