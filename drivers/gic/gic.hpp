// SPDX-License-Identifier: Apache-2.0
// What the rest of Baton asks of a GIC, the same for both generations. GicV2 and GicV3 satisfy
// GicBackend; code on an interrupt's path is a template over it and is instantiated once for each,
// so that no path holds a virtual call or a test of the version.
#pragma once

#include "hyp/core/base/gic_generation.hpp"
#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/vgic/list_reg.hpp"
#include "hyp/core/vgic/virt_control.hpp"

#include <concepts>

namespace hyp {

// An acknowledged physical interrupt: the whole IAR value, for GICv2 needs the source CPU of an SGI
// back in EOIR and DIR. Made only by acknowledge(); must reach drop_priority() once.
class Ack {
public:
    explicit constexpr Ack(u32 iar) : iar_{iar} {}
    [[nodiscard]] constexpr u32 raw() const { return iar_; }
    // GICC_IAR.INTID has 10 bits below the source CPU; ICC_IAR1_EL1 has 24 and no source.
    [[nodiscard]] constexpr PIntid intid() const {
        return PIntid{iar_ >= 8192 ? iar_ : iar_ & 0x3ffU};
    }
    // 1020..1023: nothing to acknowledge; neither EOIR nor DIR may follow.
    [[nodiscard]] constexpr bool is_spurious() const { return intid().is_special(); }

private:
    u32 iar_;
};

// The guest's CPU interface state that travels with a vCPU.
struct VirtInterface {
    u32 vmcr = 0;
    u32 apr[4] = {};  // GICv2's, for both groups; ICH_AP1R<n>_EL2
    u32 apr0[4] = {}; // ICH_AP0R<n>_EL2
    friend constexpr bool operator==(const VirtInterface&, const VirtInterface&) = default;
};

// What a boot-time look at the hardware found (ICH_VTR_EL2 / GICH_VTR, GICD_TYPER).
struct alignas(8) GicFacts {
    u8 list_registers = 0;
    u8 virtual_priority_bits = 0;
    u8 preemption_bits = 0;
    u8 physical_priority_bits = 0;
    u16 intids = 0;         // INTIDs of the distributor, SGIs and PPIs included
    u8 architecture = 0;    // PIDR2.ArchRev: 2, 3 or 4
    u32 distributor_id = 0; // GICD_IIDR
};

// A pCPU as this GIC addresses it, ready for the registers' words: ICC_SGI1R_EL1 or GICD_SGIR
// without an INTID, GICD_IROUTER<n> or a byte of GICD_ITARGETSR. Made by own_target() on that pCPU.
struct GicTarget {
    u64 sgi = 0;
    u64 route = 0;
    friend constexpr bool operator==(const GicTarget&, const GicTarget&) = default;
};

// What a distributor says of one INTID.
struct DistributorState {
    bool pending;
    bool active;
    bool enabled;
};

// Order of calls at boot: init_distributor() once, then init_cpu() on every pCPU. Physical priorities
// are as hyp/core/sched/slot.hpp says; an SPI has the least urgent rank's until its owner is known.
// EOImode=1 from the first moment, SGIs are enabled.
template <class G>
concept GicBackend = requires(G gic, Ack ack, LrIndex n, ListReg lr, PIntid pintid, Enable enable,
                              Trigger trigger, VirtControl control, VirtInterface interface,
                              GicTarget target, Priority priority, u8 mask) {
    gic.init_distributor();
    gic.init_cpu();
    { gic.facts() } -> std::same_as<GicFacts>;
    // Physical CPU interface
    { gic.acknowledge() } -> std::same_as<Ack>;
    gic.drop_priority(ack);
    gic.deactivate(ack);
    gic.set_priority_mask(mask); // PMR: what is below it gets through
    { gic.own_target() } -> std::same_as<GicTarget>;
    // What was stored before is seen by whoever takes the SGI (the driver has the DSB ISHST). It is
    // sent when the context synchronises next: by an ERET, or by an ISB before a WFI.
    gic.send_sgi(target, pintid);
    // Physical distributor. Writes of active bits are complete on return (DSB and read-back), for
    // a list register may follow only then.
    gic.set_enable(pintid, enable);
    gic.set_trigger(pintid, trigger);
    gic.set_priority(pintid, priority);
    gic.route(pintid, target); // an SPI, from its next time on
    gic.set_active(pintid);
    gic.clear_active(pintid);
    gic.set_pending(pintid);
    gic.clear_pending(pintid);
    { gic.private_pending() } -> std::same_as<u32>; // ISPENDR0, this pCPU
    { gic.private_active() } -> std::same_as<u32>;  // ISACTIVER0, this pCPU
    // Virtual interface
    { gic.read_lr(n) } -> std::same_as<ListReg>;
    gic.write_lr(n, lr);
    { gic.maintenance_status() } -> std::same_as<u32>; // MISR
    { gic.eoi_count() } -> std::same_as<u32>;          // HCR.EOIcount
    gic.write_control(control);
    { gic.read_vmcr() } -> std::same_as<u32>;
    { gic.save_interface() } -> std::same_as<VirtInterface>;
    gic.load_interface(interface);
};

} // namespace hyp
