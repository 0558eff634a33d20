// SPDX-License-Identifier: Apache-2.0
// What passes between a vCPU's vGIC and the hardware at an exit (LrFile, PhysWords) and before the
// next entry (Entry, PhysChange). Plain values: the vGIC reads and writes no register itself.
#pragma once

#include "hyp/core/base/gic_generation.hpp"
#include "hyp/core/base/intid.hpp"
#include "hyp/core/vgic/intid_set.hpp"
#include "hyp/core/vgic/list_reg.hpp"
#include "hyp/core/vgic/virt_control.hpp"

#include <array>

namespace hyp {

// What the vGIC must know of the machine, fixed at boot.
struct VgicCaps {
    GicGeneration generation = GicGeneration::v3;
    u8 list_registers = 4; // 1..16, after any clamp
    // GICv2 of QEMU 7.2: after a guest's deactivation through a list register the distributor does
    // not look at the line again. See VcpuIrqs::place_dummy().
    bool quirk_no_reevaluation = false;
    // GICv2 of QEMU 7.2: ISACTIVER of an SPI sets a bit for each CPU, of which a guest's deactivation
    // clears one. Such an interrupt is ended by EL2.
    bool quirk_spi_active_per_cpu = false;
    // Group of every interrupt until the guest says otherwise. GICv2 guests that know nothing of
    // groups expect Group 0: one of Group 1 reads as 1022 unless they set GICC_CTLR.AckCtl.
    Group guest_group = Group::group1;
    friend constexpr bool operator==(const VgicCaps&, const VgicCaps&) = default;
};

// The list registers after an exit.
struct LrFile {
    std::array<ListReg, max_list_registers> regs; // of those that are not live: anything
    u16 live = 0;           // VcpuIrqs::live_list_registers(): bit n, regs[n] was read
    u8 eoi_count = 0;       // EOIcount, read only if VcpuIrqs::needs_eoi_count()
    bool split_eoi = false; // VMCR.VEOIM: the guest drops priority and deactivates separately
    u8 open_groups = 3;     // VMCR.VENG0, VENG1: what the guest's CPU interface lets through

    // GICH_VMCR or ICH_VMCR_EL2.
    constexpr void set_interface(u32 vmcr) {
        constexpr u32 veoim = 1U << 9; // GICH_VMCR.VEM, ICH_VMCR_EL2.VEOIM
        constexpr u32 groups = 3;      // VMGrp0En and VMGrp1En, VENG0 and VENG1
        split_eoi = (vmcr & veoim) != 0;
        open_groups = static_cast<u8>(vmcr & groups);
    }
};

// Physical pending and active words (ISPENDR<n>, ISACTIVER<n>; n = 0 is this pCPU's own), by word of
// the pINTID. `known` has bit n set for the words that were read. For a level interrupt the pending
// bit is the line.
struct PhysWords {
    static constexpr unsigned words = 32;
    u32 known = 0;
    std::array<u32, words> pending; // of words that are not known: anything
    std::array<u32, words> active;

    [[nodiscard]] constexpr bool knows(PIntid p) const {
        return p.value() < words * 32 && (known >> (p.value() / 32) & 1U) != 0;
    }
    [[nodiscard]] constexpr bool is_pending(PIntid p) const { return bit(pending, p); }
    [[nodiscard]] constexpr bool is_active(PIntid p) const { return bit(active, p); }

    // The private words alone, which is all that a machine without forwarded SPIs needs.
    [[nodiscard]] static constexpr PhysWords only_private(u32 pending, u32 active) {
        PhysWords result;
        result.known = 1;
        result.pending[0] = pending;
        result.active[0] = active;
        return result;
    }

private:
    [[nodiscard]] static constexpr bool bit(const std::array<u32, words>& from, PIntid p) {
        return (from[p.value() / 32] >> (p.value() % 32) & 1U) != 0;
    }
};

// One change of the physical distributor, in the order in which Entry applies them.
enum class PhysChange : u8 {
    disable,
    level,
    edge,
    clear_pending,
    clear_active,
    set_active,
    set_pending,
    enable,
};

// Of the PPIs in `mask`, by their physical INTIDs: what a pCPU's private words are, or are to be.
// Nothing else of them is ever changed: no latch by ISPENDR, no trigger.
struct PrivateState {
    u32 mask = 0;
    u32 active = 0;
    u32 enabled = 0;
    friend constexpr bool operator==(const PrivateState&, const PrivateState&) = default;
};

// What to do before the next entry, in this order (apply.hpp does it):
// clear the list registers of `clear`; the physical changes; write those of `write`; the control.
// So a dropped level clears the list register before the physical active bit, and an interrupt that
// software marked is active before its list register is written.
struct alignas(8) Entry {
    u16 clear = 0;         // bit n: list register n becomes invalid
    u16 write = 0;         // bit n: list register n gets VcpuIrqs::list_register(n)
    bool physical = false; // there are physical changes
    bool control_changed = false;
    VirtControl control{};
};

} // namespace hyp
