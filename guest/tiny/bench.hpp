// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the measurements of bench.cpp and bench_irq.cpp share.

#include "common/gic.hpp"

#include <cstdint>
#include <cstdio>

namespace guest {

/** Collects equal measurements; all in ticks. */
class Samples {
public:
    void add(std::uint64_t ticks) {
        total_ += ticks;
        min_ = ticks < min_ ? ticks : min_;
        max_ = ticks > max_ ? ticks : max_;
        ++count_;
    }

    /** One line for a script. */
    void print(const char* name, const char* suffix = "") const {
        std::printf("bench %s%s total=%lu reps=%lu min=%lu max=%lu\n", name, suffix, total_, count_,
                    count_ == 0 ? 0 : min_, max_);
    }

private:
    std::uint64_t total_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
};

/** HINT #0x60 and above are NOPs; QEMU's plugin (scripts/plugin/exits.c) counts between these. */
inline void begin_counting() {
    asm volatile("hint #0x61" : : : "memory");
}

inline void end_counting() {
    asm volatile("hint #0x67" : : : "memory");
}

/** A write of GICD_ISENABLER for an SPI that has no device. */
void bench_enable(const Gic& gic);

/** An SGI to itself, from the request to the vector. */
void bench_sgi(const Gic& gic);

/** The console's PL011 raises its line: from there to the vector. */
void bench_line(const Gic& gic, std::uintptr_t console);

/** Twenty SPIs made pending at once: until all are handled and ended. */
void bench_burst(const Gic& gic);

} // namespace guest
