// SPDX-License-Identifier: Apache-2.0
#include "hyp/arch/fp.hpp"

extern "C" {
// fp.S. CPTR_EL2.TFP must be clear: it traps EL2's own accesses, too.
void fp_save_registers(hyp::FpState* to);
void fp_load_registers(const hyp::FpState* from);
}

namespace hyp {

namespace {

namespace reg = sysreg;

void set_trap(bool trapped) {
    reg::write<reg::cptr_el2>(
        CptrEl2{reg::read<reg::cptr_el2>()}.with<CptrEl2::Tfp>(trapped).raw());
}

} // namespace

void fp_trap(const FpState& from) {
    set_trap(false);
    barrier::isb(); // open before EL2 touches the registers
    fp_load_registers(&from);
}

void fp_save(FpState& to) {
    fp_save_registers(&to);
    set_trap(true); // for the next vCPU, by the ERET that enters it
}

} // namespace hyp
