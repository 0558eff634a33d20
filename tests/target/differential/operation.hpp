// SPDX-License-Identifier: Apache-2.0
// One GIC operation of the differential test, in a form that the real GIC and the model both
// execute, and the generator of random ones.
#pragma once

#include "tests/target/differential/hardware.hpp"

#include <cstdint>

namespace hyp::differential {

enum class Kind : std::uint8_t {
    line,         // reg = INTID, value = level
    frame_write,  // reg = offset
    frame_read,   // with a side effect: IAR
    system_write, // reg = encoding, EL2's view
    system_read,
    guest_write, // EL1's view (ICV)
    guest_read,
};

struct Operation {
    Kind kind = Kind::line;
    Frame frame = Frame::gicd;
    std::uint8_t bytes = 4;
    std::uint32_t reg = 0;
    std::uint64_t value = 0; // written, or read from the real GIC
};

[[nodiscard]] constexpr Operation frame_write(Frame frame, unsigned offset, std::uint64_t value,
                                              unsigned bytes = 4) {
    return {Kind::frame_write, frame, static_cast<std::uint8_t>(bytes), offset, value};
}
[[nodiscard]] constexpr Operation frame_read(Frame frame, unsigned offset) {
    return {Kind::frame_read, frame, 4, offset, 0};
}
[[nodiscard]] constexpr Operation sysreg_operation(Kind kind, Sysreg reg, std::uint64_t value = 0) {
    return {kind, Frame::gicd, 8, static_cast<std::uint32_t>(reg), value};
}

// xorshift64*: period 2^64-1, no state beyond one word.
class Random {
public:
    constexpr explicit Random(std::uint64_t seed) : state_(seed | 1) {}
    constexpr std::uint64_t next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545f4914f6cdd1d;
    }
    constexpr unsigned below(unsigned limit) {
        return static_cast<unsigned>((next() >> 33) % limit);
    }
    constexpr bool one_in(unsigned n) { return below(n) == 0; }

private:
    std::uint64_t state_;
};

} // namespace hyp::differential
