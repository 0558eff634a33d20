// SPDX-License-Identifier: Apache-2.0
// What every slow path of a guest begins and ends with, for either GIC.
#pragma once

#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "drivers/gic/traced.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/core/vgic/apply.hpp"
#include "hyp/trace.hpp"
#include "hyp/vm.hpp"
#include "hyp/watchdog.hpp"

namespace hyp {

// At boot, and what a guest's slow paths use.
using PlainGicV2 = GicV2<TargetMmio, TargetSysReg>;
using PlainGicV3 = GicV3<TargetMmio, TargetSysReg>;
using HostGicV2 = TracedGic<PlainGicV2, TraceSink>;
using HostGicV3 = TracedGic<PlainGicV3, TraceSink>;

// Checked builds take every interrupt the slow way and look at the invariants before each entry.
inline constexpr bool is_checked_build = HYP_CHECKED != 0;

// Section 4 of the life cycle, asserted with the hardware's own words: panics if broken.
template <class G>
void check_entry(G gic, const Vcpu& vcpu);

} // namespace hyp
