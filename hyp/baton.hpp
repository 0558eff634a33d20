// SPDX-License-Identifier: Apache-2.0
// What the whole of Baton shares: the console and the way off. One object, defined in hyp/main.cpp,
// written during boot and only read afterwards.
#pragma once

#include "hyp/console.hpp"
#include "hyp/core/base/addr.hpp"
#include "hyp/platform/platform.hpp"

namespace hyp {

// Why the machine ends; the numbers are the exit status of `make run`.
enum class EndStatus : u8 {
    good = 0,        // the guest powered off, or its verdict was good
    bad_verdict = 1, // the guest says that something is wrong
    guest_fault = 3, // the guest cannot go on
    reset = 4,       // the guest asked for a reset
    panic = 5,       // Baton cannot go on, or would not start
};

struct Baton {
    Console console{};
    Conduit conduit = Conduit::none;
    PIntid hyp_timer = PIntid::ppi(10);  // EL2's own, the watchdog's
    PIntid maintenance = PIntid::ppi(9); // of the virtual interface, as the tree says
};

extern Baton baton;

// Ends the machine through PSCI, or stands still where there is none. Never returns. The status
// stays in X1, under the five bytes "BATON", for whoever watches the machine from outside.
[[noreturn]] void end_machine(EndStatus status);

// Baton cannot go on: one sentence, the registers of the caller's place, and the end.
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char* format, ...);

// Baton will not start: one sentence that says what to do, and the end.
[[noreturn, gnu::format(printf, 1, 2)]] void refuse(const char* format, ...);

} // namespace hyp
