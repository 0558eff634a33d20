// SPDX-License-Identifier: Apache-2.0
#pragma once
// The generic timer (DDI 0487, CNTV_* and CNTP_*). Its interrupt line is a level: it is high while
// ENABLE is set, IMASK is clear and the counter has reached CVAL. So a handler makes the line low
// first (mask or move CVAL) and ends the interrupt then; the other way round it fires again.

#include "sysreg.hpp"

namespace guest {

template <class Ctl, class Cval, class Counter>
class Timer {
public:
    /** The counter this timer compares with, in ticks. */
    [[nodiscard]] static std::uint64_t now() {
        isb(); // not earlier than the code before it
        return Counter::read();
    }

    /** Fires when the counter reaches `deadline`: at once when that is past. */
    static void arm(std::uint64_t deadline) {
        Cval::write(deadline);
        isb(); // never enabled with the old deadline
        Ctl::write(ENABLE);
        isb();
    }

    /** Makes the line low and keeps it low until arm(). */
    static void mask() {
        Ctl::write(ENABLE | IMASK);
        isb();
    }

    /** Moves the deadline only. */
    static void set_deadline(std::uint64_t deadline) {
        Cval::write(deadline);
        isb();
    }

    static void stop() {
        Ctl::write(0);
        isb();
    }

    /** The counter has reached CVAL and the timer is enabled (whatever IMASK says). */
    [[nodiscard]] static bool expired() {
        return (Ctl::read() & (ENABLE | ISTATUS)) == (ENABLE | ISTATUS);
    }

private:
    enum : std::uint64_t { ENABLE = 1, IMASK = 2, ISTATUS = 4 };
};

using VirtualTimer = Timer<CntvCtl, CntvCval, CntVct>;
using PhysicalTimer = Timer<CntpCtl, CntpCval, CntPct>;

/** Ticks to nanoseconds without overflow before the counter itself would. */
[[nodiscard]] inline std::uint64_t nanoseconds(std::uint64_t ticks) {
    constexpr std::uint64_t giga = 1000000000;
    const std::uint64_t frequency = CntFrq::read();
    return ticks / frequency * giga + ticks % frequency * giga / frequency;
}

/** Ticks in `us` microseconds, at least 1. */
[[nodiscard]] inline std::uint64_t microseconds(std::uint64_t us) {
    return CntFrq::read() * us / 1000000 + 1;
}

} // namespace guest
