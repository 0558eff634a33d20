// SPDX-License-Identifier: Apache-2.0
// A software-generated interrupt as a guest asks for it: GICD_SGIR (IHI 0048B) and ICC_SGI1R_EL1,
// ICC_ASGI1R_EL1, ICC_SGI0R_EL1 (IHI 0069). Decoding only; who is a target is a pure function of
// the request and of a vCPU's place.
#pragma once

#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/regs/icc.hpp"

namespace hyp {

// MPIDR_EL1's affinity fields.
struct alignas(4) Affinity {
    u8 aff3 = 0;
    u8 aff2 = 0;
    u8 aff1 = 0;
    u8 aff0 = 0;
    [[nodiscard]] static constexpr Affinity of_mpidr(u64 mpidr) {
        return Affinity{static_cast<u8>(mpidr >> 32U), static_cast<u8>(mpidr >> 16U),
                        static_cast<u8>(mpidr >> 8U), static_cast<u8>(mpidr)};
    }
    [[nodiscard]] constexpr u32 packed() const {
        return u32{aff3} << 24U | u32{aff2} << 16U | u32{aff1} << 8U | aff0;
    }
    friend constexpr bool operator==(Affinity, Affinity) = default;
};

// ICC_SGI1R_EL1 with this target alone, INTID 0.
[[nodiscard]] constexpr u64 sgi_to(Affinity target) {
    return IccSgir{}
        .with<IccSgir::Aff3>(target.aff3)
        .with<IccSgir::Aff2>(target.aff2)
        .with<IccSgir::Aff1>(target.aff1)
        .with<IccSgir::Rs>(target.aff0 / 16U)
        .with<IccSgir::TargetList>(static_cast<u16>(1U << target.aff0 % 16U))
        .raw();
}

// Which of the three trapped registers was written: they differ in the group they ask for.
enum class SgiRegister : u8 { sgi1r, asgi1r, sgi0r };

// Does a write of `request` by the vCPU `self` reach the vCPU `target`?
[[nodiscard]] constexpr bool sgi_reaches(IccSgir request, Affinity self, Affinity target) {
    if (request.get<IccSgir::Irm>()) {
        return !(self == target);
    }
    const bool cluster = request.get<IccSgir::Aff3>() == target.aff3 &&
                         request.get<IccSgir::Aff2>() == target.aff2 &&
                         request.get<IccSgir::Aff1>() == target.aff1;
    const u32 first = u32{request.get<IccSgir::Rs>()} * 16;
    const u32 aff0 = target.aff0;
    return cluster && aff0 >= first && aff0 < first + 16 &&
           (request.get<IccSgir::TargetList>() >> (aff0 - first) & 1U) != 0;
}

// The CPU interfaces (bit per vCPU) that a write of GICD_SGIR by vCPU `self` reaches, of `existing`.
// The reserved filter 3 reaches none.
[[nodiscard]] constexpr u8 sgi_targets(GicdSgir request, u8 self, u8 existing) {
    const u8 own = static_cast<u8>(1U << self);
    switch (request.get<GicdSgir::TargetListFilter>()) {
    case GicdSgir::Filter::list:
        return static_cast<u8>(request.get<GicdSgir::CpuTargetList>() & existing);
    case GicdSgir::Filter::others: return static_cast<u8>(existing & ~own);
    case GicdSgir::Filter::self: return own;
    case GicdSgir::Filter::reserved: break;
    }
    return 0;
}

} // namespace hyp
