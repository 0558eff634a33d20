// SPDX-License-Identifier: Apache-2.0
// From assembly to guest_main(): reads the device tree, opens the console; and the way out.

#include "console.hpp"
#include "psci.hpp"

#include <cstdio>

namespace guest {
namespace {

constinit Machine the_machine{};
constinit std::uint64_t the_first_tick = 0;

} // namespace

const Machine& machine() {
    return the_machine;
}

std::uint64_t first_tick() {
    return the_first_tick;
}

void finish(Verdict verdict) {
    mask_interrupts();
    const bool good = verdict == Verdict::good;
    std::printf("verdict: %s\n", good ? "good" : "bad");
    if (the_machine.under_baton) {
        hvc(static_cast<std::uint32_t>(Function::baton_verdict), good ? 0 : 1);
    }
    // PSCI takes no argument here: x1 is left as Baton leaves it, for whoever runs the bare machine.
    constexpr std::uint64_t status_word = 0x4241544f4e000000; // "BATON", then the status
    psci(the_machine, Function::psci_system_off, status_word | (good ? 0 : 1));
    for (;;) { // no PSCI: nothing more can be done
        wfi();
    }
}

void reset_machine() {
    psci(the_machine, Function::psci_system_reset);
    std::printf("SYSTEM_RESET returned\n");
    finish(Verdict::bad);
}

/** Called by crt0.S, once. */
extern "C" [[noreturn]] void guest_start(const void* tree, std::uint64_t first);

extern "C" void guest_start(const void* tree, std::uint64_t first) {
    static constinit char line[160];
    the_first_tick = first;
    the_machine = read_machine(tree);
    open_console(the_machine.console);
    std::setvbuf(stdout, line, _IOLBF, sizeof line);
    finish(guest_main());
}

} // namespace guest
