// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, when vCPUs share a pCPU: what stays of one that leaves, and what the pCPU's private words
// must be for one that comes. Of a PPI they are a function of the vCPU's own state alone, so nothing
// of them is saved: active while it is present, enabled as the guest has it.
#include "hyp/core/vgic/vcpu_irqs.hpp"

#include <new>

namespace hyp {

void VcpuIrqs::reset() {
    const auto pintids = own_pintid_;
    const u32 forwarded = hardware_ppis();
    VmIrqs& vm = *vm_;
    new (this)
        VcpuIrqs{vm, VcpuIndex{self_}, VgicCaps{caps_}}; // in place: there is no room for two
    for_each_intid(0, forwarded, [&](VIntid vintid) {
        map_hardware(vintid, PIntid{pintids[vintid.value()]}, Trigger::level);
    });
    stale_ = 0; // it is not loaded: its list registers are empty, its control is off
    control_stale_ = false;
}

u16 VcpuIrqs::occupied_list_registers() const {
    u32 occupied = stale_;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        // An invalid one that asked for a maintenance interrupt goes on asking (EISR).
        const bool used = written_[i].is_valid() || written_[i].notify() == EoiNotify::yes;
        occupied |= used ? 1U << i : 0;
    }
    return static_cast<u16>(occupied);
}

PrivateState VcpuIrqs::private_state() const {
    PrivateState state;
    for_each_intid(0, hardware_ppis(), [&](VIntid vintid) {
        const u32 bit = 1U << pintid_of(vintid).value();
        state.mask |= bit;
        state.active |= (present_word(0) & IntidSet::bit(vintid)) != 0 ? bit : 0;
        state.enabled |= own_[vintid.value()].get<Delivery::Enabled>() ? bit : 0;
    });
    return state;
}

PrivateState VcpuIrqs::put() {
    written_.fill(ListReg{});
    stale_ = 0;
    written_control_ = VirtControl{};
    control_stale_ = false;
    return private_state();
}

PrivateState VcpuIrqs::load(u32 lines) {
    u32 high = 0;
    for_each_intid(0, hardware_ppis() & lines,
                   [&](VIntid vintid) { high |= 1U << pintid_of(vintid).value(); });
    const PhysWords phys = PhysWords::only_private(high, ~0U);
    resample_listed(phys);
    resample_waiting(phys);
    for_each_intid(0, hardware_ppis() & lines, [&](VIntid vintid) { mark_expired(vintid); });
    forget_private_changes();
    return private_state();
}

void VcpuIrqs::forget_private_changes() {
    for (IntidSet& changes : changes_) {
        changes.word(0) = 0; // what load() returns says it all
    }
    changed_words_ &= ~1U;
}

} // namespace hyp
