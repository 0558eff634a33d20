// SPDX-License-Identifier: Apache-2.0
// The guest's FP and SIMD registers. EL2 itself never touches one (scripts/fp_gate.py looks), so
// they stay the loaded vCPU's. CPTR_EL2.TFP says whether they are: open, and the registers are the
// loaded vCPU's; closed, and its state is in memory, the registers' content is nobody's.
//
//   load  nothing: it is closed, and the first use traps
//   trap  open, load, and the guest's instruction runs again
//   put   if open, save and close; so nothing stays behind on a pCPU
#pragma once

#include "hyp/arch/sysreg.hpp"
#include "hyp/core/regs/traps.hpp"

#include <cstddef>

namespace hyp {

// A vCPU's, while its registers are closed. All zero at reset: nothing is left of another vCPU.
struct alignas(16) FpState {
    u64 v[64]{}; // V0 to V31
    u64 fpsr = 0;
    u64 fpcr = 0;
};

static_assert(offsetof(FpState, fpsr) == 512 && sizeof(FpState) == 528); // fp.S

[[nodiscard, gnu::always_inline]] inline bool fp_is_open() {
    return !CptrEl2{sysreg::read<sysreg::cptr_el2>()}.get<CptrEl2::Tfp>();
}

// The loaded vCPU used FP for the first time (ExitClass::fp). Its ELR_EL2 stays: it tries again.
void fp_trap(const FpState& from);

// Saves and closes what is open.
void fp_save(FpState& to);

// The loaded vCPU leaves: two instructions where it did not use FP since it was loaded.
[[gnu::always_inline]] inline void fp_put(FpState& to) {
    if (fp_is_open()) [[unlikely]] {
        fp_save(to);
    }
}

} // namespace hyp
