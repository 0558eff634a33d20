// SPDX-License-Identifier: Apache-2.0
// A list register as the vGIC thinks of it, the same for GICv2 and GICv3. Only legal ones can be
// made: with the HW bit a list register is pending or active, never both, and has no end-of-
// interrupt maintenance request (in GICH_LR the bit belongs to the physical INTID).
// Encoding to GICH_LR<n> and ICH_LR<n>_EL2 is in hyp/core/regs/lr.hpp.
#pragma once

#include "hyp/core/base/field.hpp"
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
        const ListReg lr{vintid, priority, group};
        return ListReg{lr.vintid_,
                       lr.rest_.with<Rest::Hw>(true).with<Rest::Pintid>(pintid.value())};
    }

    // An interrupt that only software knows.
    [[nodiscard]] static constexpr ListReg software(VIntid vintid, Priority priority, Group group,
                                                    EoiNotify notify = EoiNotify::no) {
        const ListReg lr{vintid, priority, group};
        return ListReg{lr.vintid_, lr.rest_.with<Rest::Notify>(notify)};
    }

    // A GICv2 SGI: the guest reads `source` (a CPU interface number, 0..7) in GICV_IAR.CPUID.
    [[nodiscard]] static constexpr ListReg sgi(VIntid vintid, u8 source, Priority priority,
                                               Group group, EoiNotify notify) {
        const ListReg lr = software(vintid, priority, group, notify);
        return ListReg{lr.vintid_, lr.rest_.with<Rest::Source>(source)};
    }

    // The same interrupt in another state. Pending-and-active of a hardware one becomes active: the
    // second pending lives in the physical distributor (gic life cycle, never both with HW).
    [[nodiscard]] constexpr ListReg in_state(LrState state) const {
        const bool both = is_hardware() && state == LrState::pending_active;
        return ListReg{vintid_, rest_.with<Rest::State>(both ? LrState::active : state)};
    }

    // Inlined always: at -Os g++ would call them for a test of one bit.
    [[nodiscard, gnu::always_inline]] constexpr bool is_valid() const {
        return state() != LrState::invalid;
    }
    [[nodiscard, gnu::always_inline]] constexpr bool is_pending() const {
        return (static_cast<u8>(state()) & 1U) != 0;
    }
    [[nodiscard, gnu::always_inline]] constexpr bool is_active() const {
        return (static_cast<u8>(state()) & 2U) != 0;
    }
    [[nodiscard]] constexpr LrState state() const { return rest_.get<Rest::State>(); }
    [[nodiscard, gnu::always_inline]] constexpr bool is_hardware() const {
        return rest_.get<Rest::Hw>();
    }
    [[nodiscard]] constexpr VIntid vintid() const { return VIntid{vintid_}; }
    [[nodiscard]] constexpr PIntid pintid() const { return PIntid{rest_.get<Rest::Pintid>()}; }
    [[nodiscard]] constexpr Priority priority() const { return {rest_.get<Rest::Prio>()}; }
    [[nodiscard]] constexpr Group group() const { return rest_.get<Rest::Grp>(); }
    [[nodiscard]] constexpr EoiNotify notify() const { return rest_.get<Rest::Notify>(); }
    [[nodiscard]] constexpr u8 source() const { return rest_.get<Rest::Source>(); }

    friend constexpr bool operator==(const ListReg&, const ListReg&) = default;

private:
    // Two words, for list registers are copied and compared at every exit.
    struct Rest : Register<Rest, u32> {
        using Register::Register;
        using Pintid = Field<15, 0>;
        using Prio = Field<23, 16, u8>;
        using Grp = Bit<24, Group>;
        using State = Field<26, 25, LrState>;
        using Hw = Bit<27>;
        using Notify = Bit<28, EoiNotify>;
        using Source = Field<31, 29, u8>;
    };

    constexpr ListReg(u32 vintid, Rest rest) : vintid_{vintid}, rest_{rest} {}
    constexpr ListReg(VIntid vintid, Priority priority, Group group)
        : vintid_{vintid.value()},
          rest_{Rest{}
                    .with<Rest::Prio>(priority.value)
                    .with<Rest::Grp>(group)
                    .with<Rest::State>(LrState::pending)} {}

    u32 vintid_ = 0;
    Rest rest_{};
};

static_assert(!ListReg{}.is_valid());
static_assert(ListReg::hardware(VIntid{27}, PIntid{27}, Priority{0xa0}, Group::group1)
                  .in_state(LrState::pending_active)
                  .state() == LrState::active);

} // namespace hyp
