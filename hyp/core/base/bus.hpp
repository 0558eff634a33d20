// SPDX-License-Identifier: Apache-2.0
// The two seams between drivers and hardware, each one instruction thick: MMIO frames and system
// registers. On the target a seam is an empty object whose calls become one LDR, STR, MRS or MSR;
// on the host it is a recorder or the reference model. Whole GIC or timer functions are never
// faked, for their arithmetic would then go untested.
#pragma once

#include "hyp/core/base/sysreg_id.hpp"
#include "hyp/core/base/types.hpp"

#include <concepts>

namespace hyp {

// A block of device registers. On the target each sits at a constant EL2 virtual address.
// `gicr_rd` and `gicr_sgi` are the two frames of the executing pCPU's own redistributor; `gicc` and
// `gicv` are two pages each (DIR is the first word of the second, IHI 0048B).
enum class Frame : u8 { gicd, gicr_rd, gicr_sgi, gicc, gich, gicv, uart };

enum class Barrier : u8 {
    isb,       // context synchronisation
    dsb_sy,    // completion, everything
    dsb_ish,   // completion, inner shareable
    dsb_ishst, // the same, of stores alone
    dsb_nsh,   // completion, this PE
};

template <class B>
concept MmioBus = requires(B bus, u32 offset, u32 word, u8 byte, u64 dword) {
    { bus.template read32<Frame::gicd>(offset) } -> std::same_as<u32>;
    { bus.template read64<Frame::gicd>(offset) } -> std::same_as<u64>;
    bus.template write8<Frame::gicd>(offset, byte);
    bus.template write32<Frame::gicd>(offset, word);
    bus.template write64<Frame::gicd>(offset, dword);
};

template <class S>
concept SysRegBus = requires(S sys, u64 value) {
    { sys.template read<SysReg::ich_vtr>() } -> std::same_as<u64>;
    sys.template write<SysReg::ich_hcr>(value);
    sys.template barrier<Barrier::isb>();
    sys.relax(); // YIELD, for every spin loop
};

} // namespace hyp
