// SPDX-License-Identifier: Apache-2.0
// Registers of the CPU interface that are answered by EL2 where DIR alone cannot be trapped.
#pragma once

#include "hyp/core/vgic/common_registers.hpp"
#include "hyp/core/vm/esr_decode.hpp"
#include "hyp/irq.hpp"

namespace hyp {

// What traps only because DIR shall, on a GICv3 without ICH_HCR_EL2.TDIR. False: it is something else.
template <class G>
[[nodiscard]] bool common_register(G gic, Vcpu& vcpu, const SysRegExit& access) {
    if constexpr (G::generation == GicGeneration::v3) {
        if (!is_common_register(access.reg)) {
            return false;
        }
        const VirtInterface state = gic.save_interface();
        const IchVmcr vmcr{state.vmcr};
        if (access.direction == Direction::write) {
            const u64 value = vcpu.frame.read(access.rt.number);
            gic.write_vmcr(static_cast<u32>(write_common_register(access.reg, vmcr, value).raw()));
        } else {
            u32 active[4];
            for (u32 n = 0; n < 4; ++n) {
                active[n] = state.apr[n] | state.apr0[n];
            }
            const IchVtr vtr = gic.vtr();
            const u8 running = running_priority(active, vtr.preemption_bits());
            vcpu.frame.write(access.rt.number,
                             read_common_register(access.reg, vmcr, vtr, running));
        }
        return true;
    }
    return false;
}

} // namespace hyp
