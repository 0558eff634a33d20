// SPDX-License-Identifier: Apache-2.0
// How a GICv3 addresses a pCPU: by its affinity, in the words of ICC_SGI1R_EL1 and GICD_IROUTER<n>.
#pragma once

#include "drivers/gic/gic.hpp"
#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/regs/icc.hpp"

namespace hyp {

// `affinity`: Aff3.Aff2.Aff1.Aff0, a byte each, as in GICR_TYPER.
[[nodiscard]] constexpr GicTarget target_of_affinity(u32 affinity) {
    const u32 aff3 = affinity >> 24U;
    return {.sgi = IccSgir{}
                       .with<IccSgir::TargetList>(1U << (affinity % 16))
                       .with<IccSgir::Rs>(affinity >> 4U & 0xfU)
                       .with<IccSgir::Aff1>(affinity >> 8U & 0xffU)
                       .with<IccSgir::Aff2>(affinity >> 16U & 0xffU)
                       .with<IccSgir::Aff3>(aff3)
                       .raw(),
            .route = GicdIrouter{affinity & 0xffffffU}.with<GicdIrouter::Aff3>(aff3).raw()};
}

} // namespace hyp
