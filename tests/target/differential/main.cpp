// SPDX-License-Identifier: Apache-2.0
// Differential test of the reference GIC model against the machine's GIC (see runner.hpp). Ends with
// status 0 when every register agreed after every operation, 1 when one did not, 5 on an exception.
#include "tests/target/differential/runner.hpp"

#ifndef DIFFERENTIAL_OPERATIONS
#define DIFFERENTIAL_OPERATIONS 1000000
#endif
#ifndef DIFFERENTIAL_SEED
#define DIFFERENTIAL_SEED 0x5eed
#endif

namespace hyp::differential {

namespace {

template <unsigned Pes>
int differential(bool v3) {
    constexpr std::uint64_t operations = DIFFERENTIAL_OPERATIONS;
    Runner<Pes> runner{v3, DIFFERENTIAL_SEED};
    print("differential: GICv", v3 ? 3U : 2U, ", ", Pes, " CPU(s), ", operations,
          " operations, seed ", Hex{DIFFERENTIAL_SEED}, "\n");
    bool same = runner.run(operations);
    if (!runner.print_coverage() && same) {
        print("something was never exercised\n");
        same = false;
    }
    runner.print_exceptions();
    print("differential: ", same ? std::string_view{"PASS"} : std::string_view{"FAIL"}, "\n");
    return same ? 0 : 1;
}

} // namespace

extern "C" int differential_main();
extern "C" int differential_exception(std::uint64_t esr, std::uint64_t elr, std::uint64_t far);

int differential_main() {
    const bool v3 = has_gicv3();
    const unsigned cpus = cpu_count(v3);
    target::put_char('\n'); // raises the UART's transmit interrupt, which then follows its mask
    return cpus == 1 ? differential<1>(v3) : differential<2>(v3);
}

int differential_exception(std::uint64_t esr, std::uint64_t elr, std::uint64_t far) {
    print("differential: FAIL, exception ESR ", Hex{esr}, " ELR ", Hex{elr}, " FAR ", Hex{far},
          "\n");
    return 5;
}

} // namespace hyp::differential
