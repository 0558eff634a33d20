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

// Reads what sync() needs, and no more, then syncs. `wanted` adds words of physical state that the
// guest's access is about to read (Vdist::physical_words()). Returns the words that were read.
template <class Gic>
PhysWords sync_from(Gic& gic, VcpuIrqs& irqs, u32 wanted = 0) {
    LrFile file;
    file.live = irqs.live_list_registers();
    for (u32 rest = file.live; rest != 0; rest &= rest - 1) {
        const LrIndex index{static_cast<u8>(__builtin_ctz(rest))};
        file.regs[index.value] = gic.read_lr(index);
    }
    if (irqs.needs_eoi_count()) {
        file.eoi_count = static_cast<u8>(gic.eoi_count());
        constexpr u32 veoim = 1U << 9; // GICH_VMCR.VEM, ICH_VMCR_EL2.VEOIM
        file.split_eoi = (gic.save_interface().vmcr & veoim) != 0;
    }
    PhysWords phys;
    phys.known = wanted | irqs.needs_phys(file);
    if ((phys.known & 1U) != 0) {
        phys.pending[0] = gic.private_pending();
        phys.active[0] = gic.private_active();
    }
    for (u32 rest = phys.known & ~1U; rest != 0; rest &= rest - 1) {
        const unsigned word = static_cast<unsigned>(__builtin_ctz(rest));
        phys.pending[word] = gic.shared_pending(word);
        phys.active[word] = gic.shared_active(word);
    }
    irqs.sync(file, phys);
    return phys;
}

} // namespace hyp
