// SPDX-License-Identifier: Apache-2.0
// Part of machine.hpp: the pCPU changes its vCPU.
#pragma once

#include "tests/unit/vgic/machine.hpp"

namespace hyp::test {

// A vCPU that is not loaded, with its VM and its guest. The line of its timer, as its saved registers
// would have it, is ghost.timer.wanted.
struct Parked {
    Vgic vgic;
    Ghost ghost;
    VirtInterface interface {};
    bool masked = false;

    template <class Mix, class MixBytes>
    void visit(Mix mix, MixBytes mix_bytes) const {
        vgic.irqs.visit_bytes(mix_bytes);
        mix_bytes(&vgic.vm, sizeof(vgic.vm));
        ghost.visit(mix);
        mix(interface.vmcr | u64{masked} << 32U);
        for (u32 n = 0; n < 4; ++n) {
            mix(interface.apr[n] | u64{interface.apr0[n]} << 32U);
        }
    }
};

// The wire is short: the line has settled when EL2 goes on.
template <GicGeneration G, unsigned L>
void Machine<G, L>::set_line_at_once(bool level) {
    gic.set_line(0, timer, level);
    for (unsigned n = gic.deliverable(); n != 0 && gic.line(0, timer) != level; --n) {
        gic.deliver(n - 1);
    }
}

// The loaded one goes, without another.
template <GicGeneration G, unsigned L>
Parked Machine<G, L>::park(PrivateState& held) {
    auto hardware = driver();
    ++exits;
    observed([&] { gic.synchronize(0); }); // the driver's DSB, before it looks at active bits
    const bool was_active = gic.active(0, timer);
    sync_from(hardware, irqs);
    check_synced();
    set_line_at_once(false); // its timer off
    Parked gone;
    put_interrupts(hardware, irqs, gone.interface, held);
    for (unsigned i = 0; i < L; ++i) {
        require(gic.lr_state(0, i) == model::LrState::invalid, "put: a list register stays");
    }
    // Ended by EL2: the line would have outlasted it.
    ghost.timer.due =
        ghost.timer.due || (was_active && !gic.active(0, timer) && ghost.timer.wanted);
    gone.vgic = *this;
    gone.ghost = ghost;
    gone.masked = masked;
    return gone;
}

// `other` comes; nobody is loaded.
template <GicGeneration G, unsigned L>
void Machine<G, L>::unpark(const Parked& other, PrivateState& held) {
    auto hardware = driver();
    Vgic::operator=(other.vgic);
    ghost = other.ghost;
    masked = other.masked;
    const u32 lines = ghost.timer.wanted ? 1U << timer : 0;
    load_interrupts(hardware, irqs, lines, other.interface, held);
    require(gic.enabled(0, timer) == irqs.at(VIntid{timer}).template get<Delivery::Enabled>(),
            "load: the physical enable is not the guest's");
    plan = plan_for(irqs, setup.fast ? FastPath::allowed : FastPath::withdrawn);
    set_line_at_once(ghost.timer.wanted);
    check_entry();
}

} // namespace hyp::test
