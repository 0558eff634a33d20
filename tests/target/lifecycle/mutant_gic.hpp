// SPDX-License-Identifier: Apache-2.0
// The faults of the negative half, and the driver that has those of them that are in what is written
// to the hardware.
#pragma once

#include "drivers/gic/gic.hpp"

namespace hyp::lifecycle {

enum class Mutation : u8 {
    none,
    no_software_active, // N1: the timer is marked expired, the physical active bit is not set
    joint_end,          // N2: EOImode 0, so the priority drop deactivates too
    early_deactivate,   // N2: DIR right after EOIR
    no_hw_bit,          // N3
    wrong_pintid,       // N4: 30 instead of 27
    pending_active,     // N5: a hardware list register written pending and active
    keep_timer,         // N6: CNTV runs on when its vCPU is put
    lost_priorities,    // N7: active priorities do not travel with the vCPU
    keep_active,        // N9: the list register goes, its physical active bit stays
    keep_soft_timer,    // N10: the soft timer is not stopped before its DIR
    keep_underflow,     // N11: UIE stays when there is nothing left to fill a list register with
    keep_trigger,       // N12: the guest's trigger does not reach the distributor
    no_entry_request,   // N14: an active interrupt is spilled without LRENPIE
    adopt,              // N16: an interrupt that nobody owns is injected
};

// The driver, with faults in what it writes. apply() and fast_tick() take it for a GIC like any.
template <class G>
class MutantGic : public G {
public:
    using G::G;
    Mutation mutation = Mutation::none;

    void drop_priority(Ack ack) {
        G::drop_priority(ack);
        if (mutation == Mutation::early_deactivate) {
            G::deactivate(ack);
        }
    }
    void set_active(PIntid pintid) {
        if (mutation != Mutation::no_software_active) {
            G::set_active(pintid);
        }
    }
    void clear_active(PIntid pintid) {
        if (mutation != Mutation::keep_active) {
            G::clear_active(pintid);
        }
    }
    void set_trigger(PIntid pintid, Trigger trigger) {
        if (mutation != Mutation::keep_trigger) {
            G::set_trigger(pintid, trigger);
        }
    }
    void write_control(VirtControl control) {
        underflow_ = mutation == Mutation::keep_underflow && (underflow_ || control.underflow);
        control.underflow |= control.enable && underflow_;
        control.entry_not_present &= mutation != Mutation::no_entry_request;
        G::write_control(control);
    }
    void load_interface(VirtInterface interface) {
        if (mutation == Mutation::lost_priorities) {
            for (u32& word : interface.apr) {
                word = 0;
            }
        }
        G::load_interface(interface);
    }
    void write_lr(LrIndex n, ListReg lr) { G::write_lr(n, mutated(lr)); }

private:
    [[nodiscard]] ListReg mutated(ListReg lr) const {
        constexpr PIntid other{30};
        if (mutation == Mutation::no_hw_bit && lr.is_hardware()) {
            return ListReg::software(lr.vintid(), lr.priority(), lr.group()).in_state(lr.state());
        }
        if (mutation == Mutation::wrong_pintid && lr.is_hardware()) {
            return ListReg::hardware(lr.vintid(), other, lr.priority(), lr.group())
                .in_state(lr.state());
        }
        return lr;
    }

    bool underflow_ = false; // was once asked for
};

} // namespace hyp::lifecycle
