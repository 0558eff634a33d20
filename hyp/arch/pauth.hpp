// SPDX-License-Identifier: Apache-2.0
// The guest's five pointer authentication keys, exchanged as FP is (fp.hpp): HCR_EL2.APK and API say
// whether they are the loaded vCPU's. Confinement::hcr_el2 has both clear, so a load closes; on a
// CPU without PAuth they are RES0, nothing traps and nothing is ever open.
#pragma once

#include "hyp/arch/sysreg.hpp"
#include "hyp/core/regs/hcr.hpp"

namespace hyp {

// APIAKey, APIBKey, APDAKey, APDBKey, APGAKey: low half, high half.
struct PauthKeys {
    u64 halves[10]{};
};

// Is this one of the key registers, whose use traps while they are closed? The other way is a PAuth
// instruction, exception class 0x09.
[[nodiscard]] constexpr bool is_pauth_key(SysReg reg) {
    const u32 encoding = static_cast<u32>(reg);
    return (encoding >= sysreg_encoding(3, 0, 2, 1, 0) &&
            encoding <= sysreg_encoding(3, 0, 2, 2, 3)) ||
           (encoding >= sysreg_encoding(3, 0, 2, 3, 0) &&
            encoding <= sysreg_encoding(3, 0, 2, 3, 1));
}

[[nodiscard, gnu::always_inline]] inline bool pauth_is_open() {
    return HcrEl2{sysreg::read<sysreg::hcr_el2>()}.get<HcrEl2::Apk>();
}

// Does this CPU have PAuth at all (ID_AA64ISAR1_EL1, ID_AA64ISAR2_EL1)? Without it a key register is
// undefined to the guest.
[[nodiscard]] bool has_pauth();

// The loaded vCPU used PAuth for the first time. Its ELR_EL2 stays: it tries again.
void pauth_trap(const PauthKeys& from);

// Saves and closes what is open.
void pauth_save(PauthKeys& to);

// The loaded vCPU leaves.
[[gnu::always_inline]] inline void pauth_put(PauthKeys& to) {
    if (pauth_is_open()) [[unlikely]] {
        pauth_save(to);
    }
}

} // namespace hyp
