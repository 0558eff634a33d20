// SPDX-License-Identifier: Apache-2.0
// GICH_HCR (IHI 0048B) and ICH_HCR_EL2 (IHI 0069) as the vGIC decides them: which events of the
// guest's interface raise a maintenance interrupt. A condition is asked for only while an interrupt
// waits outside the list registers, or for a fault of the hardware; else a guest's end-of-interrupt
// would cost an exit.
#pragma once

#include "hyp/core/base/types.hpp"

namespace hyp {

// EOIcount is written back as zero.
struct VirtControl {
    bool enable = false;            // En
    bool underflow = false;         // UIE: fewer than two list registers valid
    bool entry_not_present = false; // LRENPIE: a deactivation found no list register
    bool no_pending = false;        // NPIE: no list register pending
    bool trap_deactivate = false;   // TDIR, else TC (GICv3; GICv2's DIR always traps)
    // TDIR, if there is one: a sibling may have what is deactivated (GICv3).
    bool watch_deactivate = false;
    // Groups, bit 0 Group 0, bit 1 Group 1:
    u8 opened = 0; // VGrp<n>EIE: the guest's CPU interface lets the group through
    u8 closed = 0; // VGrp<n>DIE: it does not
    friend constexpr bool operator==(VirtControl, VirtControl) = default;
};

} // namespace hyp
