// SPDX-License-Identifier: Apache-2.0
// The tiny guest: says where it runs, then does what `mode=` on its command line asks for.

#include "modes.hpp"

#include "common/timer.hpp"

#include <cstdio>

namespace guest {
namespace {

/** Nothing lies here on QEMU's virt machine, nor on the one that Baton shows. */
constexpr std::uintptr_t nowhere = 0x0b000000;

void introduce() {
    const Machine& m = machine();
    const char* const gic = m.gic == GicVersion::v3   ? "GICv3"
                            : m.gic == GicVersion::v2 ? "GICv2"
                                                      : "no GIC";
    std::printf("tiny: %s, counter at %lu Hz, %s; first instruction at %lu ticks\n", gic,
                CntFrq::read(), m.under_baton ? "under Baton" : "on the bare machine",
                first_tick());
}

[[noreturn]] void hang() {
    for (;;) {
        asm volatile("");
    }
}

} // namespace

void crash() {
    std::printf("leaving for 0x%lx\n", nowhere);
    Vbar::write(nowhere);
    isb();
    asm volatile("br %0" : : "r"(nowhere));
    __builtin_unreachable();
}

Verdict guest_main() {
    introduce();
    const BootArgs args{machine().bootargs};
    const std::string_view mode = args.value("mode", "ticks");
    if (mode == "crash") {
        crash();
    }
    if (mode == "reset") {
        reset_machine();
    }
    if (mode == "hang") {
        hang();
    }
    if (mode == "bad") {
        return Verdict::bad;
    }
    if (machine().gic == GicVersion::none) {
        std::printf("no interrupt controller: the device tree (x0) is missing or names none\n");
        return Verdict::bad;
    }
    if (mode == "ticks") {
        return run_ticks(args);
    }
    if (mode == "bench") {
        return run_bench(args);
    }
    if (mode == "checks") {
        return run_checks(args);
    }
    if (mode == "stuck") {
        return run_stuck(args);
    }
    if (mode == "events") {
        return run_events();
    }
    std::printf("unknown mode=%.*s; known: ticks bench checks stuck events crash reset bad hang\n",
                static_cast<int>(mode.size()), mode.data());
    return Verdict::bad;
}

} // namespace guest
