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

// Enable and trigger of an SPI, which several pCPUs may change at once: what is written is what its
// word says now, and the word is looked at once more when the write has arrived. So the last of them
// to write has seen the last change, and the distributor ends up as the word is. A pass is repeated
// only because another pCPU has changed the word meanwhile, which takes it an exit of its guest.
// litmus: mirror-again
template <class Gic>
void mirror(Gic& gic, const VmIrqs& vm, PhysChange change, PIntid pintid) {
    VIntid spi{0};
    if (!vm.find(pintid, spi)) {
        return;
    }
    const bool is_enable = change == PhysChange::enable || change == PhysChange::disable;
    const PhysChange on = is_enable ? PhysChange::enable : PhysChange::edge;
    const PhysChange off = is_enable ? PhysChange::disable : PhysChange::level;
    const auto wanted = [&] {
        const Delivery now = vm.word(spi);
        return is_enable ? now.get<Delivery::Enabled>() : !now.is_level();
    };
    bool written = false;
    do {
        written = wanted();
        apply_change(gic, written ? on : off, pintid);
        gic.complete(pintid);
    } while (wanted() != written);
}

template <class Gic>
void clear_list_registers(Gic& gic, u32 which) {
    for (u32 rest = which; rest != 0; rest &= rest - 1) {
        gic.write_lr(LrIndex{static_cast<u8>(__builtin_ctz(rest))}, ListReg{});
    }
}

// All that are due.
template <class Gic>
void apply_changes(Gic& gic, VcpuIrqs& irqs) {
    PhysChange change{};
    PIntid pintid{0};
    while (irqs.take_change(change, pintid)) {
        const bool is_mirrored = change == PhysChange::enable || change == PhysChange::disable ||
                                 change == PhysChange::edge || change == PhysChange::level;
        if (is_mirrored && !pintid.is_private()) {
            mirror(gic, irqs.vm(), change, pintid);
        } else {
            apply_change(gic, change, pintid);
        }
    }
}

// The hardware is then as `irqs` believes it to be, and the guest may be entered.
template <class Gic>
void apply(Gic& gic, VcpuIrqs& irqs, const Entry& entry) {
    clear_list_registers(gic, entry.clear);
    if (entry.physical) {
        apply_changes(gic, irqs);
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
    file.set_interface(gic.read_vmcr());
    irqs.sync(file, read_physical(gic, irqs.needs_phys(file)));
}

// Of exactly the PPIs that the vCPU before had or the next one has. `held` is the pCPU's own. The
// read comes after what a guest's end of interrupt did (the driver's barrier), and each write of an
// active bit is complete on return.
template <class Gic>
void apply_private(Gic& gic, const PrivateState& want, PrivateState& held) {
    const u32 mask = want.mask | held.mask;
    const u32 active = mask & (gic.private_active() ^ want.active);
    for (u32 rest = active; rest != 0; rest &= rest - 1) {
        const PIntid pintid{static_cast<u32>(__builtin_ctz(rest))};
        const bool on = (want.active & rest & -rest) != 0;
        apply_change(gic, on ? PhysChange::set_active : PhysChange::clear_active, pintid);
    }
    for (u32 rest = want.enabled ^ held.enabled; rest != 0; rest &= rest - 1) {
        const PIntid pintid{static_cast<u32>(__builtin_ctz(rest))};
        const bool on = (want.enabled & rest & -rest) != 0;
        apply_change(gic, on ? PhysChange::enable : PhysChange::disable, pintid);
    }
    held = want;
}

// A switch of vCPUs, in this order: sync_from() of the old one; its timers off, and ISB (caller);
// put_interrupts(); load_interrupts(); the timers of the new one (caller). So no list register is there before its
// physical active bit is complete, and no timer before its list register: either would be an
// interrupt that nobody ends, or one too many. `held` is the pCPU's: what its private words are.
// Active list registers and active priorities travel together (`interface`, the vCPU's).
//
// Afterwards nobody is loaded: list registers empty, control off. So it is after init_cpu(), too.
template <class Gic, class Interface>
void put_interrupts(Gic& gic, VcpuIrqs& irqs, Interface& interface, PrivateState& held) {
    gic.write_control(VirtControl{});
    clear_list_registers(gic, irqs.occupied_list_registers());
    apply_changes(gic, irqs);
    interface = gic.save_interface();
    held = irqs.put();
}

// While nobody is loaded. `lines`: see VcpuIrqs::load().
template <class Gic, class Interface>
void load_interrupts(Gic& gic, VcpuIrqs& irqs, u32 lines, const Interface& interface,
                     PrivateState& held) {
    apply_private(gic, irqs.load(lines), held);
    gic.load_interface(interface);
    apply(gic, irqs, irqs.flush());
}

} // namespace hyp
