// SPDX-License-Identifier: Apache-2.0
// A list register as the vGIC thinks of it, the same for GICv2 and GICv3. Only legal ones can be
// made: with the HW bit a list register is pending or active, never both, and has no end-of-
// interrupt maintenance request (in GICH_LR the bit belongs to the physical INTID).
// Encoding to GICH_LR<n> and ICH_LR<n>_EL2 is in hyp/core/regs/lr.hpp.
#pragma once

#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// Index of a list register, 0..15.
struct LrIndex {
    u8 value;
    friend constexpr bool operator==(LrIndex, LrIndex) = default;
};

inline constexpr unsigned max_list_registers = 16;

// 0 is the highest. Guests see five bits of it; the rest reads as zero (gich and ich keep 5).
struct Priority {
    u8 value;
    friend constexpr auto operator<=>(Priority, Priority) = default;
};

enum class LrState : u8 { invalid = 0, pending = 1, active = 2, pending_active = 3 };

// Ask for a maintenance interrupt when the guest deactivates (software interrupts only).
enum class EoiNotify : u8 { no, yes };

class ListReg {
public:
    // No interrupt.
    constexpr ListReg() = default;

    // A forwarded physical interrupt. The physical one must be active and complete before this is
    // written to hardware (IHI 0069, ICH_LR<n>_EL2.HW).
    [[nodiscard]] static constexpr ListReg hardware(VIntid vintid, PIntid pintid, Priority priority,
                                                    Group group) {
        ListReg lr{vintid, priority, group, LrState::pending};
        lr.hw_ = true;
        lr.pintid_ = static_cast<u16>(pintid.value());
        return lr;
    }

    // An interrupt that only software knows.
    [[nodiscard]] static constexpr ListReg software(VIntid vintid, Priority priority, Group group,
                                                    EoiNotify notify = EoiNotify::no) {
        ListReg lr{vintid, priority, group, LrState::pending};
        lr.notify_ = notify;
        return lr;
    }

    // A GICv2 SGI: the guest reads `source` (a CPU interface number, 0..7) in GICV_IAR.CPUID.
    [[nodiscard]] static constexpr ListReg sgi(VIntid vintid, u8 source, Priority priority,
                                               Group group, EoiNotify notify) {
        ListReg lr = software(vintid, priority, group, notify);
        lr.source_ = source & 7U;
        return lr;
    }

    // The same interrupt in another state. Pending-and-active of a hardware one becomes active: the
    // second pending lives in the physical distributor (gic life cycle, never both with HW).
    [[nodiscard]] constexpr ListReg in_state(LrState state) const {
        ListReg lr = *this;
        lr.state_ = (hw_ && state == LrState::pending_active) ? LrState::active : state;
        return lr;
    }

    [[nodiscard]] constexpr bool is_valid() const { return state_ != LrState::invalid; }
    [[nodiscard]] constexpr bool is_pending() const { return (static_cast<u8>(state_) & 1U) != 0; }
    [[nodiscard]] constexpr bool is_active() const { return (static_cast<u8>(state_) & 2U) != 0; }
    [[nodiscard]] constexpr LrState state() const { return state_; }
    [[nodiscard]] constexpr bool is_hardware() const { return hw_; }
    [[nodiscard]] constexpr VIntid vintid() const { return VIntid{vintid_}; }
    [[nodiscard]] constexpr PIntid pintid() const { return PIntid{pintid_}; }
    [[nodiscard]] constexpr Priority priority() const { return priority_; }
    [[nodiscard]] constexpr Group group() const { return group_; }
    [[nodiscard]] constexpr EoiNotify notify() const { return notify_; }
    [[nodiscard]] constexpr u8 source() const { return source_; }

    friend constexpr bool operator==(const ListReg&, const ListReg&) = default;

private:
    constexpr ListReg(VIntid vintid, Priority priority, Group group, LrState state)
        : vintid_{vintid.value()}, priority_{priority}, group_{group}, state_{state} {}

    u32 vintid_ = 0;
    u16 pintid_ = 0;
    Priority priority_{0};
    Group group_ = Group::group0;
    LrState state_ = LrState::invalid;
    bool hw_ = false;
    EoiNotify notify_ = EoiNotify::no;
    u8 source_ = 0;
};

static_assert(!ListReg{}.is_valid());
static_assert(ListReg::hardware(VIntid{27}, PIntid{27}, Priority{0xa0}, Group::group1)
                  .in_state(LrState::pending_active)
                  .state() == LrState::active);

} // namespace hyp
