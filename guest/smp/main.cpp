// SPDX-License-Identifier: Apache-2.0
// guest/smp: what PSCI, SGIs, SPIs and timers must do in a machine of one to eight CPUs. It passes
// on the bare machine at EL1, too, which shows that its expectations are right.
// Command line: [only=NAME,...] [rounds=N]
//   only     these checks alone
//   rounds   all of them so many times (1)

#include "lab.hpp"

#include "common/bootargs.hpp"
#include "common/say.hpp"

namespace guest::smp {
namespace {

void run_all(std::string_view only, Tally& tally) {
    for (const std::span<const Check> chapter :
         {psci_checks(), sgi_checks(), spi_checks(), state_checks(), wait_checks(), time_checks(),
          power_checks()}) {
        for (const Check& check : chapter) {
            if (!only.empty() && !lists(only, check.name)) {
                continue;
            }
            if (!forget()) {
                say("before %s: a CPU does not answer\n", check.name);
                ++tally.failed;
                return;
            }
            run_check(check, tally);
        }
    }
}

} // namespace
} // namespace guest::smp

namespace guest {

Verdict guest_main() {
    if (!open_cpus()) {
        return Verdict::bad;
    }
    say("smp: GICv%u, %u CPUs, %s\n", machine().gic == GicVersion::v3 ? 3U : 2U, cpu_count(),
        machine().under_baton ? "under Baton" : "on the bare machine");
    if (!smp::open_lab()) {
        return Verdict::bad;
    }
    const BootArgs args{machine().bootargs};
    Tally tally;
    for (std::uint64_t i = args.number("rounds", 1); i != 0 && tally.failed == 0; --i) {
        smp::run_all(args.value("only", {}), tally);
    }
    say("smp: %u passed, %u failed\n", tally.passed, tally.failed);
    return tally.failed == 0 && tally.passed != 0 ? Verdict::good : Verdict::bad;
}

} // namespace guest
