// SPDX-License-Identifier: Apache-2.0
// The life cycle of a forwarded interrupt on the real (QEMU's) GIC, step by step, and then the same
// checks with one fault at a time in the forwarder: each must be seen by the check named for it.
// Ends with status 0 when all is as the architecture says, 1 when not, 5 on an exception.
#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "drivers/gic/reeval_test.hpp"
#include "tests/target/lifecycle/suite.hpp"

namespace hyp::lifecycle {

namespace {

using V2 = GicV2<VirtMmio, TargetSysReg>;
using V3 = GicV3<VirtMmio, TargetSysReg>;

[[nodiscard]] bool lacks_reevaluation(V2 gic) {
    constexpr PIntid hyp_timer{26};
    return ReevaluationTest<VirtMmio, TargetSysReg>{{}, {}, gic, hyp_timer}.run() !=
           Reevaluation::works;
}
[[nodiscard]] bool lacks_reevaluation(V3 /*gic*/) {
    return false;
}

// QEMU's GICv2 keeps an SPI's active bit for each CPU: ISACTIVER sets eight, a deactivation clears
// one.
template <class G>
[[nodiscard]] bool keeps_active_per_cpu(G gic) {
    constexpr Registers registers;
    registers.set_active(edge_spi);
    gic.deactivate(Ack{edge_spi});
    const bool still = registers.active(edge_spi) != 0;
    registers.clear_active(edge_spi);
    return still;
}

template <class G>
[[nodiscard]] Setting examine(G gic, GicGeneration generation) {
    const bool is_v2 = generation == GicGeneration::v2;
    Setting setting;
    if (gic.init_distributor().ok() && gic.init_cpu().ok()) {
        setting.no_reevaluation = lacks_reevaluation(gic);
        setting.active_per_cpu = keeps_active_per_cpu(gic);
    }
    setting.caps.generation = generation;
    setting.caps.list_registers = gic.facts().list_registers;
    setting.caps.guest_group = is_v2 ? Group::group0 : Group::group1;
    return setting;
}

template <class G>
[[nodiscard]] int lifecycle(GicGeneration generation) {
    static constinit Bench<G> bench{};
    const Setting machine = examine(G{{}, {}}, generation);
    print("lifecycle: GICv", generation == GicGeneration::v2 ? 2U : 3U, ", re-evaluation after a ",
          "guest's deactivation ", machine.no_reevaluation ? "missing" : "works",
          ", an SPI's active bit ", machine.active_per_cpu ? "for each CPU" : "shared", "\n");
    Suite<G> suite{bench, machine};
    suite.run_checks();
    suite.run_list_checks();
    suite.run_negatives();
    const Tally& tally = suite.tally();
    print("lifecycle: ", tally.passed, " passed, ", tally.failed, " failed\n");
    return tally.failed == 0 ? 0 : 1;
}

} // namespace

extern "C" int lifecycle_main();
extern "C" int lifecycle_exception(u64 esr, u64 elr, u64 far);

int lifecycle_main() {
    return has_gicv3() ? lifecycle<V3>(GicGeneration::v3) : lifecycle<V2>(GicGeneration::v2);
}

int lifecycle_exception(u64 esr, u64 elr, u64 far) {
    print("lifecycle: FAIL, exception ESR ", Hex{esr}, " ELR ", Hex{elr}, " FAR ", Hex{far}, "\n");
    return 5;
}

} // namespace hyp::lifecycle
