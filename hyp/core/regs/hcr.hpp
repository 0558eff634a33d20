// SPDX-License-Identifier: Apache-2.0
// HCR_EL2, what EL2 takes from the guest (DDI 0487).
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

struct HcrEl2 : Register<HcrEl2, u64> {
    using Register::Register;
    enum class BarrierShareability : u8 { none, inner, outer, full };
    using Vm = Bit<0>;
    using Swio = Bit<1>;
    using Ptw = Bit<2>; // a walk through Device memory faults
    using Fmo = Bit<3>;
    using Imo = Bit<4>;
    using Amo = Bit<5>;
    using Vf = Bit<6>;
    using Vi = Bit<7>;
    using Vse = Bit<8>;
    using Fb = Bit<9>; // local TLB and I-cache maintenance is broadcast
    using Bsu = Field<11, 10, BarrierShareability>;
    using Dc = Bit<12>;
    using Twi = Bit<13>;
    using Twe = Bit<14>;
    using Tid0 = Bit<15>;
    using Tid1 = Bit<16>;
    using Tid2 = Bit<17>;
    using Tid3 = Bit<18>; // ID registers
    using Tsc = Bit<19>;  // SMC
    using Tidcp = Bit<20>;
    using Tacr = Bit<21>;
    using Tsw = Bit<22>; // cache maintenance by set/way
    using Tpcp = Bit<23>;
    using Tpu = Bit<24>;
    using Ttlb = Bit<25>;
    using Tvm = Bit<26>;
    using Tge = Bit<27>;
    using Tdz = Bit<28>;
    using Hcd = Bit<29>;
    using Trvm = Bit<30>;
    using Rw = Bit<31>; // EL1 is AArch64
    using Cd = Bit<32>;
    using Id = Bit<33>;
    using E2h = Bit<34>;
    using Tlor = Bit<35>;
    using Terr = Bit<36>;
    using Tea = Bit<37>;
    using Apk = Bit<40>; // 1: no trap of the PAuth keys
    using Api = Bit<41>; // 1: no trap of PAuth instructions
};

// For every guest. TLOR and TERR come on top where implemented, TWI where a core is shared, FB so
// that a guest's local TLBI leaves nothing behind on a core that it then moves away from.
inline constexpr HcrEl2 hcr_guest = HcrEl2{}
                                        .with<HcrEl2::Vm>(true)
                                        .with<HcrEl2::Swio>(true)
                                        .with<HcrEl2::Ptw>(true)
                                        .with<HcrEl2::Fmo>(true)
                                        .with<HcrEl2::Imo>(true)
                                        .with<HcrEl2::Amo>(true)
                                        .with<HcrEl2::Fb>(true)
                                        .with<HcrEl2::Bsu>(HcrEl2::BarrierShareability::inner)
                                        .with<HcrEl2::Tid3>(true)
                                        .with<HcrEl2::Tsc>(true)
                                        .with<HcrEl2::Tidcp>(true)
                                        .with<HcrEl2::Tacr>(true)
                                        .with<HcrEl2::Tsw>(true)
                                        .with<HcrEl2::Rw>(true);
static_assert(hcr_guest.raw() == 0x807c063f);
static_assert(hcr_guest.with<HcrEl2::Twi>(true).raw() == 0x807c263f);
static_assert(HcrEl2{}.with<HcrEl2::Tlor>(true).with<HcrEl2::Terr>(true).raw() == 0x18'0000'0000);

} // namespace hyp
