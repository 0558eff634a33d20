// SPDX-License-Identifier: Apache-2.0
// Carries out what VcpuIrqs decided, on any GicBackend. The order is the one that the hardware
// demands (entry.hpp); whoever needs a list register or a physical active bit goes through here.
#pragma once

#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

template <class Gic>
void apply_change(Gic& gic, PhysChange change, PIntid pintid) {
    switch (change) {
    case PhysChange::disable: gic.set_enable(pintid, Enable::off); break;
    case PhysChange::level: gic.set_trigger(pintid, Trigger::level); break;
    case PhysChange::edge: gic.set_trigger(pintid, Trigger::edge); break;
    case PhysChange::clear_pending: gic.clear_pending(pintid); break;
    case PhysChange::clear_active: gic.clear_active(pintid); break;
    case PhysChange::set_active: gic.set_active(pintid); break;
    case PhysChange::set_pending: gic.set_pending(pintid); break;
    case PhysChange::enable: gic.set_enable(pintid, Enable::on); break;
    }
}

// The hardware is then as `irqs` believes it to be, and the guest may be entered.
template <class Gic>
void apply(Gic& gic, VcpuIrqs& irqs, const Entry& entry) {
    for (u32 rest = entry.clear; rest != 0; rest &= rest - 1) {
        gic.write_lr(LrIndex{static_cast<u8>(__builtin_ctz(rest))}, ListReg{});
    }
    PhysChange change{};
    PIntid pintid{0};
    while (entry.physical && irqs.take_change(change, pintid)) {
        apply_change(gic, change, pintid);
    }
    for (u32 rest = entry.write; rest != 0; rest &= rest - 1) {
        const LrIndex index{static_cast<u8>(__builtin_ctz(rest))};
        gic.write_lr(index, irqs.list_register(index));
    }
    if (entry.control_changed) {
        gic.write_control(entry.control);
    }
}

// The physical pending and active bits of the words in the mask `words`, as they are now.
template <class Gic>
[[nodiscard]] PhysWords read_physical(Gic& gic, u32 words) {
    PhysWords phys;
    phys.known = words;
    if ((words & 1U) != 0) {
        phys.pending[0] = gic.private_pending();
        phys.active[0] = gic.private_active();
    }
    for (u32 rest = words & ~1U; rest != 0; rest &= rest - 1) {
        const unsigned word = static_cast<unsigned>(__builtin_ctz(rest));
        phys.pending[word] = gic.shared_pending(word);
        phys.active[word] = gic.shared_active(word);
    }
    return phys;
}

// Reads what sync() needs, and no more, then syncs. Once per exit: what a first sync retired, a
// second one would take back from the list register, while its deactivation is already decided.
template <class Gic>
void sync_from(Gic& gic, VcpuIrqs& irqs) {
    LrFile file;
    file.live = irqs.live_list_registers();
    for (u32 rest = file.live; rest != 0; rest &= rest - 1) {
        const LrIndex index{static_cast<u8>(__builtin_ctz(rest))};
        file.regs[index.value] = gic.read_lr(index);
    }
    if (irqs.needs_eoi_count()) {
        file.eoi_count = static_cast<u8>(gic.eoi_count());
    }
    constexpr u32 veoim = 1U << 9; // GICH_VMCR.VEM, ICH_VMCR_EL2.VEOIM
    constexpr u32 groups = 3;      // GICH_VMCR.VMGrp0En and VMGrp1En, ICH_VMCR_EL2.VENG0 and VENG1
    const u32 vmcr = gic.read_vmcr();
    file.split_eoi = (vmcr & veoim) != 0;
    file.open_groups = static_cast<u8>(vmcr & groups);
    irqs.sync(file, read_physical(gic, irqs.needs_phys(file)));
}

} // namespace hyp
