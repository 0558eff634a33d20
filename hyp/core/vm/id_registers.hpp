// SPDX-License-Identifier: Apache-2.0
// What a guest reads from the ID registers, which HCR_EL2.TID3 traps: the machine's value, less
// every field that is not listed. Default deny: a feature that Baton does not switch or trap
// (SVE, SME, MTE, PMU, RAS, nested virtualisation, ...) is not there, nor one that is not known yet.
#pragma once

#include "hyp/core/base/gic_generation.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// The group is op0=3, op1=0, CRn=0, CRm=1..7, op2=0..7 (DDI 0487, HCR_EL2.TID3).
inline constexpr u32 id_register_crm_first = 1;
inline constexpr u32 id_register_crm_last = 7;

[[nodiscard]] constexpr u32 id_register_index(u32 crm, u32 op2) {
    return (crm - id_register_crm_first) * 8 + op2;
}
inline constexpr u32 id_register_count = id_register_index(id_register_crm_last, 7) + 1;

// Is anything of S3_0_C0_C<crm>_<op2> ever shown? The others read as zero.
[[nodiscard]] constexpr bool is_id_register_shown(u32 crm, u32 op2) {
    constexpr u8 shown[] = {0b1111'0111, 0b1111'1111, 0b0001'0111, 0b0000'0011,
                            0b0000'0001, 0b0000'0111, 0b0000'0111};
    return (shown[crm - id_register_crm_first] >> op2 & 1U) != 0;
}

// The guest's value for the machine's `host` value of S3_0_C0_C<crm>_<op2>. `ipa_bits` bounds
// ID_AA64MMFR0_EL1.PARange; a guest of a GICv2 has no system-register GIC interface.
[[nodiscard]] u64 guest_id_register(u32 crm, u32 op2, u64 host, GicGeneration gic, u32 ipa_bits);

} // namespace hyp
