// SPDX-License-Identifier: Apache-2.0
// The list register as hardware holds it, GICH_LR<n> (IHI 0048B) and ICH_LR<n>_EL2 (IHI 0069), and
// the translation from and to the vGIC's own (list_reg.hpp). With HW=1 the bit that asks for a
// maintenance interrupt belongs to the physical INTID; ListReg cannot express the mixture.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/vgic/list_reg.hpp"

namespace hyp {

struct GichLr : Register<GichLr, u32> {
    using Register::Register;
    using VirtualId = Field<9, 0>;
    using PhysicalId = Field<19, 10>;   // HW=1
    using CpuId = Field<12, 10, u8>;    // HW=0: source of an SGI
    using Eoi = Bit<19, EoiNotify>;     // HW=0
    using PriorityHigh = Field<27, 23>; // the upper five bits
    using State = Field<29, 28, LrState>;
    using Grp1 = Bit<30, hyp::Group>;
    using Hw = Bit<31>;
};

struct IchLr : Register<IchLr, u64> {
    using Register::Register;
    using VIntId = Field<31, 0>;
    using PIntId = Field<44, 32>;   // HW=1
    using Eoi = Bit<41, EoiNotify>; // HW=0
    using Priority = Field<55, 48, u8>;
    using Group = Bit<60, hyp::Group>;
    using Hw = Bit<61>;
    using State = Field<63, 62, LrState>;
};

// INTIDs above 1023 do not fit and must not get here.
[[nodiscard]] constexpr GichLr encode_gich(const ListReg& lr) {
    const GichLr common = GichLr{}
                              .with<GichLr::VirtualId>(lr.vintid().value())
                              .with<GichLr::PriorityHigh>(lr.priority().value >> 3U)
                              .with<GichLr::Grp1>(lr.group())
                              .with<GichLr::State>(lr.state());
    if (lr.is_hardware()) {
        return common.with<GichLr::Hw>(true).with<GichLr::PhysicalId>(lr.pintid().value());
    }
    return common.with<GichLr::CpuId>(lr.source()).with<GichLr::Eoi>(lr.notify());
}

// A hardware list register found pending and active, which EL2 never writes, reads as active.
[[nodiscard]] constexpr ListReg decode(GichLr word) {
    const VIntid vintid{word.get<GichLr::VirtualId>()};
    const Priority priority{static_cast<u8>(word.get<GichLr::PriorityHigh>() << 3U)};
    const Group group = word.get<GichLr::Grp1>();
    const LrState state = word.get<GichLr::State>();
    if (word.get<GichLr::Hw>()) {
        const PIntid pintid{word.get<GichLr::PhysicalId>()};
        return ListReg::hardware(vintid, pintid, priority, group).in_state(state);
    }
    return ListReg::sgi(vintid, word.get<GichLr::CpuId>(), priority, group, word.get<GichLr::Eoi>())
        .in_state(state);
}

// The source of a GICv2 SGI has no place here and is dropped.
[[nodiscard]] constexpr IchLr encode_ich(const ListReg& lr) {
    const IchLr common = IchLr{}
                             .with<IchLr::VIntId>(lr.vintid().value())
                             .with<IchLr::Priority>(lr.priority().value)
                             .with<IchLr::Group>(lr.group())
                             .with<IchLr::State>(lr.state());
    if (lr.is_hardware()) {
        return common.with<IchLr::Hw>(true).with<IchLr::PIntId>(lr.pintid().value());
    }
    return common.with<IchLr::Eoi>(lr.notify());
}

// As decode(GichLr).
[[nodiscard]] constexpr ListReg decode(IchLr word) {
    const VIntid vintid{word.get<IchLr::VIntId>()};
    const Priority priority{word.get<IchLr::Priority>()};
    const Group group = word.get<IchLr::Group>();
    const LrState state = word.get<IchLr::State>();
    if (word.get<IchLr::Hw>()) {
        const PIntid pintid{word.get<IchLr::PIntId>()};
        return ListReg::hardware(vintid, pintid, priority, group).in_state(state);
    }
    return ListReg::software(vintid, priority, group, word.get<IchLr::Eoi>()).in_state(state);
}

// The guest's virtual timer, forwarded: words worked out by hand and measured on QEMU 7.2.
inline constexpr ListReg vtimer_v2_example =
    ListReg::hardware(VIntid{27}, PIntid{27}, Priority{0xa0}, Group::group0);
inline constexpr ListReg vtimer_v3_example =
    ListReg::hardware(VIntid{27}, PIntid{27}, Priority{0xa0}, Group::group1);
static_assert(encode_gich(vtimer_v2_example).raw() == 0x9a006c1b);
static_assert(encode_gich(vtimer_v2_example.in_state(LrState::active)).raw() == 0xaa006c1b);
static_assert(encode_ich(vtimer_v3_example).raw() == 0x70a0'001b'0000'001b);
static_assert(encode_ich(vtimer_v3_example.in_state(LrState::active)).raw() ==
              0xb0a0'001b'0000'001b);
static_assert(encode_ich(vtimer_v3_example.in_state(LrState::invalid)).raw() ==
              0x30a0'001b'0000'001b);
static_assert(decode(GichLr{0xaa006c1b}) == vtimer_v2_example.in_state(LrState::active));
static_assert(decode(IchLr{0x70a0'001b'0000'001b}) == vtimer_v3_example);
static_assert(decode(GichLr{}) == ListReg{} && decode(IchLr{}) == ListReg{});

} // namespace hyp
