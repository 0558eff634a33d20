// SPDX-License-Identifier: Apache-2.0
#pragma once
// The checks of each device. Their names are those of the conformance table where it has one.

#include "common/check.hpp"
#include "common/machine.hpp"

#include <span>

namespace guest {

/** Returns a failed outcome from the surrounding check unless `outcome` passed. */
#define GUEST_REQUIRE_PASS(outcome)                                                                \
    do {                                                                                           \
        if (const Outcome required = (outcome); required.kind != Outcome::Kind::pass) {            \
            return required;                                                                       \
        }                                                                                          \
    } while (false)

/** Returns a failed outcome from the surrounding check when there is a sentence. */
#define GUEST_REQUIRE_NO(sentence)                                                                 \
    do {                                                                                           \
        if (const char* const why_not = (sentence); why_not != nullptr) {                          \
            return failed(why_not, 0);                                                             \
        }                                                                                          \
    } while (false)

/** Entropy through a virtqueue: an edge (entropy.cpp). */
[[nodiscard]] std::span<const Check> entropy_checks();
/** Disk blocks through a virtqueue: an edge, ten thousand times (disk.cpp). */
[[nodiscard]] std::span<const Check> disk_checks();
/** The real-time clock's alarms: a level (rtc.cpp). */
[[nodiscard]] std::span<const Check> rtc_checks();
/** Alarms that go off while other checks run: set before them, judged after them (rtc.cpp). */
[[nodiscard]] std::span<const Check> alarm_set_checks();
[[nodiscard]] std::span<const Check> alarm_done_checks();
/** Characters received and sent: a level (uart.cpp). */
[[nodiscard]] std::span<const Check> uart_checks();
/** An edge that software makes, without any device (edge.cpp). */
[[nodiscard]] std::span<const Check> edge_checks();
/** They shall use this SPI. Whatever it is connected to must be silent. */
void use_spi(Intid intid);
/** All of them pending at once, taken in the order of their priorities (together.cpp). */
[[nodiscard]] std::span<const Check> together_checks();

} // namespace guest
