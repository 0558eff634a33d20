// SPDX-License-Identifier: Apache-2.0
// The fast tick as an ordinary function, for vec_fast_clang.S. The linker drops it elsewhere.
#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/core/fast/tick.hpp"

extern "C" {
bool fast_irq_v2();
bool fast_irq_v3();
}

bool fast_irq_v2() {
    using Gic = hyp::GicV2<hyp::TargetMmio, hyp::TargetSysReg>;
    return hyp::fast_tick(Gic{{}, {}}, hyp::current_plan(), hyp::this_cpu().ack, hyp::host_vtimer);
}

bool fast_irq_v3() {
    using Gic = hyp::GicV3<hyp::TargetMmio, hyp::TargetSysReg>;
    return hyp::fast_tick(Gic{{}, {}}, hyp::current_plan(), hyp::this_cpu().ack, hyp::host_vtimer);
}
