// SPDX-License-Identifier: Apache-2.0
// Where one interrupt of a guest is between its source and a list register, as one 32-bit word, and
// the pure function that every change of it goes through. An SPI's word is shared by the vCPUs of a
// VM and changed by compare-and-swap of next(); an SGI's or PPI's belongs to the pCPU that has its
// vCPU loaded.
//
//     free --(raised, line high, acknowledged)--> pending --claim--> held --release--> free
//                                                    ^---put_back---'
//
// 'Held' means: in a list register of the holder, or active and spilled by it. Only the holder knows
// which, for only its list registers tell.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// A vCPU by its number in its VM.
struct VcpuIndex {
    u8 value = 0;
    friend constexpr bool operator==(VcpuIndex, VcpuIndex) = default;
};
inline constexpr unsigned max_vcpus = 8;
inline constexpr VcpuIndex nobody{15};

struct Delivery : Register<Delivery, u32> {
    using Register::Register;
    using Priority5 = Field<4, 0, u8>; // bits 7:3 of IPRIORITYR, which is what list registers keep
    using Target = Field<8, 5, u8>;    // the vCPU that is to get it, or nobody
    using Holder = Field<12, 9, u8>;   // the vCPU that has it, or nobody
    using Enabled = Bit<13>;
    using Grp = Bit<14, Group>;
    using Trig = Bit<15, Trigger>;
    using Hardware = Bit<16>;   // forwarded: the physical one is active while this is owed or held
    using Latch = Bit<17>;      // pending by software
    using Line = Bit<18>;       // a software source's level
    using Owed = Bit<19>;       // hardware: physically active, to be listed as pending
    using Forced = Bit<20>;     // a level that is pending by ISPENDR too: it stays without its line
    using BySoftware = Bit<21>; // hardware: EL2 ends it, not the guest's list register (a quirk)

    [[nodiscard]] constexpr bool is_level() const { return get<Trig>() == Trigger::level; }
    [[nodiscard]] constexpr bool is_held() const { return get<Holder>() != nobody.value; }
    [[nodiscard]] constexpr bool is_held_by(VcpuIndex v) const { return get<Holder>() == v.value; }
    [[nodiscard]] constexpr u8 priority() const { return static_cast<u8>(get<Priority5>() << 3U); }
    // Pending outside a list register.
    [[nodiscard]] constexpr bool is_pending() const {
        return get<Hardware>() ? get<Owed>() : get<Latch>() || (get<Line>() && is_level());
    }
    // Pending, enabled, sent to `v` and held by nobody. Whether its group is enabled is the VM's.
    [[nodiscard]] constexpr bool is_deliverable_to(VcpuIndex v) const {
        return get<Enabled>() && get<Target>() == v.value && !is_held() && is_pending();
    }

    // The vCPU that looks after it while it is owed: vCPU 0 if it is sent to nobody.
    [[nodiscard]] constexpr u8 keeper() const {
        return get<Target>() == nobody.value ? u8{0} : get<Target>();
    }

    // The longer ones of next()'s events.
    [[nodiscard]] constexpr Delivery held_by(VcpuIndex v) const {
        return with<Holder>(v.value).with<Owed>(false);
    }
    // It could be acknowledged, so it was not active: whoever still shows it is out of date.
    [[nodiscard]] constexpr Delivery acknowledged() const {
        return get<Hardware>() ? with<Owed>(true).with<Holder>(nobody.value).with<BySoftware>(false)
                               : *this;
    }
    [[nodiscard]] constexpr Delivery waiting_again() const {
        const Delivery d = with<Holder>(nobody.value);
        return get<Hardware>() ? d.with<Owed>(true)
                               : d.with<Latch>(get<Latch>() || !is_level() || get<Forced>())
                                     .with<Forced>(false);
    }
};

// What can happen to the word; `arg` of next() in parentheses.
enum class Event : u8 {
    enable,
    disable,
    prioritize, // (priority, 0..255)
    to_group0,
    to_group1,
    to_level,
    to_edge,
    route, // (vCPU or nobody)
    raise,
    clear,
    merge, // the latch is taken into the holder's list register
    line_up,
    line_down,
    force,
    unforce,
    by_software,
    acknowledge, // EL2 acknowledged the physical interrupt
    disown,      // its physical active bit was cleared instead of listing it
    claim,       // (vCPU): takes it if it is deliverable to that vCPU
    hold,        // (vCPU): it is active there, whatever it was
    put_back,    // (vCPU): the holder's pending one waits outside again
    release,     // (vCPU): the holder's is over
    count,
};

[[nodiscard]] constexpr Delivery next(Delivery d, Event event, u8 arg = 0) {
    using D = Delivery;
    const bool holds = d.get<D::Holder>() == arg && arg != nobody.value;
    switch (event) {
    case Event::enable: return d.with<D::Enabled>(true);
    case Event::disable: return d.with<D::Enabled>(false);
    case Event::prioritize: return d.with<D::Priority5>(static_cast<u8>(arg >> 3U));
    case Event::to_group0: return d.with<D::Grp>(Group::group0);
    case Event::to_group1: return d.with<D::Grp>(Group::group1);
    case Event::to_level: return d.with<D::Trig>(Trigger::level);
    case Event::to_edge: return d.with<D::Trig>(Trigger::edge);
    case Event::route: return d.with<D::Target>(arg);
    case Event::raise: return d.get<D::Hardware>() ? d : d.with<D::Latch>(true);
    case Event::clear:
        return d.with<D::Latch>(false).with<D::Forced>(d.get<D::Forced>() && d.get<D::Hardware>());
    case Event::merge:
        return d.with<D::Forced>(d.get<D::Forced>() || (d.get<D::Latch>() && d.is_level()))
            .with<D::Latch>(false);
    case Event::line_up: return d.get<D::Hardware>() ? d : d.with<D::Line>(true);
    case Event::line_down: return d.with<D::Line>(false);
    case Event::force: return d.with<D::Forced>(d.get<D::Hardware>());
    case Event::unforce: return d.with<D::Forced>(false);
    case Event::by_software: return d.with<D::BySoftware>(d.get<D::Hardware>());
    case Event::acknowledge: return d.acknowledged();
    case Event::disown: return d.with<D::Owed>(false);
    case Event::claim:
        return d.is_deliverable_to(VcpuIndex{arg}) ? next(d.held_by(VcpuIndex{arg}), Event::merge)
                                                   : d;
    case Event::hold: return d.is_held() ? d : d.held_by(VcpuIndex{arg});
    case Event::put_back: return holds ? d.waiting_again() : d;
    case Event::release:
        return holds ? d.with<D::Holder>(nobody.value).with<D::BySoftware>(false) : d;
    case Event::count: break;
    }
    return d;
}

// The word of an interrupt that nothing is known of yet.
[[nodiscard]] constexpr Delivery fresh_delivery(VcpuIndex target, Group group, Trigger trigger) {
    return Delivery{}
        .with<Delivery::Target>(target.value)
        .with<Delivery::Holder>(nobody.value)
        .with<Delivery::Grp>(group)
        .with<Delivery::Trig>(trigger);
}

} // namespace hyp
