// SPDX-License-Identifier: Apache-2.0
// The answers to a guest's trapped loads, stores and system register accesses. No value means: what
// the guest touched is not there for it, and it gets the fault that the architecture gives.
#pragma once

#include "hyp/core/vm/esr_decode.hpp"
#include "hyp/irq.hpp"

#include <optional>

namespace hyp {

struct GuestAccess {
    Ipa ipa;
    u8 size; // bytes: 1, 2, 4 or 8
    Direction direction;
    u64 value; // written
};

// The emulated devices. The vCPU has been synced.
template <class G>
[[nodiscard]] std::optional<u64> access_device(G gic, Vcpu& vcpu, const GuestAccess& access);

// The trapped system registers. `value` is what a write writes.
template <class G>
[[nodiscard]] std::optional<u64> access_system_register(G gic, Vcpu& vcpu, const SysRegExit& exit,
                                                        u64 value);

} // namespace hyp
