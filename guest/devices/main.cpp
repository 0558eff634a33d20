// SPDX-License-Identifier: Apache-2.0
// A guest that drives real devices by their interrupts. On its command line:
//   mode=rng,blk,pl031,pl011,edge,together or mode=all (which it is without any)
//   only=NAME,...     only the checks of these names
//   spi=INTID         edge uses this one instead of an empty virtio slot's
//   trigger=level     sets up every SPI as a level, as no driver should: checks must notice
// pl011 asks for three lines on the console.

#include "checks.hpp"
#include "switchboard.hpp"

#include "common/bootargs.hpp"
#include "common/psci.hpp"

#include <cstdio>

namespace guest {
namespace {

struct Mode {
    const char* name;
    std::span<const Check> (*checks)();
};

/** The alarms are set first and judged last: seconds pass meanwhile. */
constexpr Mode modes[] = {
    {"pl031", rtc_checks},        {"pl031", alarm_set_checks},   {"pl011", uart_checks},
    {"rng", entropy_checks},      {"blk", disk_checks},          {"edge", edge_checks},
    {"pl031", alarm_done_checks}, {"together", together_checks},
};

} // namespace

Verdict guest_main() {
    const BootArgs args{machine().bootargs};
    std::printf("devices: GICv%u, %s\n", machine().gic == GicVersion::v3 ? 3U : 2U,
                machine().under_baton ? "under Baton" : "on the bare machine");
    if (machine().gic == GicVersion::none) {
        std::printf("no interrupt controller: the device tree (x0) is missing or names none\n");
        return Verdict::bad;
    }
    open_switchboard();
    if (args.value("trigger", "tree") == "level") {
        keep_level();
    }
    if (const std::uint64_t spi = args.number("spi", 0); spi >= first_spi.value && spi < 1020) {
        use_spi(Intid{static_cast<std::uint32_t>(spi)});
    }
    const std::string_view wanted = args.value("mode", "all");
    const std::string_view only = args.value("only", {});
    Tally tally;
    for (const Mode& mode : modes) {
        if (wanted != "all" && !lists(wanted, mode.name)) {
            continue;
        }
        for (const Check& check : mode.checks()) {
            if (only.empty() || lists(only, check.name)) {
                run_check(check, tally);
            }
        }
    }
    std::printf("devices: %u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed != 0 ? Verdict::good : Verdict::bad;
}

} // namespace guest
