// SPDX-License-Identifier: Apache-2.0
// VcpuIrqs, before an entry: which event of the guest's interface must cause an exit, and what is
// different on a GICv2 that does not look at its lines again after a guest's deactivation.
#include "hyp/core/vgic/vcpu_irqs.hpp"

namespace hyp {

// Under the hardware fault no more than two list registers are used: see place_dummy().
u8 VcpuIrqs::usable() const {
    constexpr u8 two = 2;
    return caps_.quirk_no_reevaluation && caps_.list_registers > two ? two : caps_.list_registers;
}

// The fault with one list register leaves no room for the dummy. The interrupt is then listed by
// software with a maintenance request, and its physical active bit cleared on that.
bool VcpuIrqs::lists_hardware() const {
    return !caps_.quirk_no_reevaluation || caps_.list_registers > 1;
}

// QEMU 7.2's GICv2 looks at a line again after a deactivation only if something else moves: here
// the maintenance interrupt's line does. 'Underflow' says that fewer than two list registers are
// valid, so exactly two must be while a hardware interrupt is listed: it and another, or it and
// this dummy, whose priority no GICV_PMR lets through. A pending dummy would hide NPIE, but it
// stands beside one interrupt only, hence never while any waits outside.
void VcpuIrqs::place_dummy() {
    if (!caps_.quirk_no_reevaluation || caps_.list_registers < 2) {
        return;
    }
    const VIntid dummy{dummy_vintid};
    const u8 at = lr_of(dummy);
    const u8 real = real_count();
    if (real > 1 && at != no_lr) {
        wanted_[at] = ListReg{};
    }
    if (real == 1 && at == no_lr) {
        const u8 index = free_register(dummy);
        wanted_[index] = ListReg::software(dummy, Priority{dummy_priority}, caps_.guest_group);
    }
}

bool VcpuIrqs::is_empty(const IntidSet& set) {
    u32 members = 0;
    for (unsigned word = 0; word < guest_words; ++word) {
        members |= set.word(word);
    }
    return members == 0;
}

// Of the interrupts that wait for the guest to open their group; bit 0 Group 0, bit 1 Group 1.
u8 VcpuIrqs::groups_hidden() const {
    u32 groups = 0;
    for (unsigned word = 0; word < guest_words; ++word) {
        for_each_intid(word, hidden_.word(word),
                       [&](VIntid vintid) { groups |= 1U << static_cast<u8>(group(vintid)); });
    }
    return static_cast<u8>(groups);
}

u8 VcpuIrqs::groups_listed() const {
    u32 groups = 0;
    for (u8 i = 0; i < caps_.list_registers; ++i) {
        groups |=
            is_real(i) && wanted_[i].is_pending() ? 1U << static_cast<u8>(wanted_[i].group()) : 0;
    }
    return static_cast<u8>(groups);
}

// 'Closed' is asked for while an interrupt waits behind listed ones of a group that may close, and
// only while both are open: QEMU 7.2 has VGrp0DIE look at Group 1's enable, which would never end.
VirtControl VcpuIrqs::decide_control() const {
    VirtControl control;
    control.enable = true;
    control.watch_deactivate = vm_->vcpus() > 1 && caps_.generation == GicGeneration::v3;
    constexpr u8 both = 3;
    control.opened = open_groups_ == both ? u8{0} : groups_hidden();
    if (waiting_words_ != 0) {
        control.no_pending = !is_empty(deliverable_);
        control.closed = control.no_pending && open_groups_ == both ? groups_listed() : u8{0};
        control.entry_not_present = !is_empty(spilled_);
        const bool outside = control.no_pending || control.entry_not_present;
        control.underflow = outside && usable() > 1; // all of them are valid now
        control.trap_deactivate =
            control.entry_not_present && caps_.generation == GicGeneration::v3;
    }
    if (caps_.quirk_no_reevaluation) {
        for (u8 i = 0; i < caps_.list_registers; ++i) {
            control.underflow = control.underflow || (is_real(i) && wanted_[i].is_hardware());
        }
    }
    return control;
}

} // namespace hyp
