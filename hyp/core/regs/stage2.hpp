// SPDX-License-Identifier: Apache-2.0
// Stage 2 translation: VTCR_EL2, VTTBR_EL2 and descriptors for the 4 KiB granule (DDI 0487).
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

enum class Shareability : u8 { none = 0, outer = 2, inner = 3 };
// Of a table walk.
enum class Cacheability : u8 { non_cacheable = 0, write_back = 1, write_through = 2 };

struct VtcrEl2 : Register<VtcrEl2, u64> {
    using Register::Register;
    enum class Granule : u8 { kib4 = 0, kib64 = 1, kib16 = 2 };
    using T0sz = Field<5, 0>; // 64 - IPA bits
    using Sl0 = Field<7, 6>;  // 4 KiB granule: start at level 2 - SL0
    using Irgn0 = Field<9, 8, Cacheability>;
    using Orgn0 = Field<11, 10, Cacheability>;
    using Sh0 = Field<13, 12, Shareability>;
    using Tg0 = Field<15, 14, Granule>;
    using Ps = Field<18, 16>; // as ID_AA64MMFR0_EL1.PARange
    using Vs = Bit<19>;       // VMID of 16 bits
    using Res1 = Bit<31>;
};

// Walks inner shareable and write-back, 4 KiB granule. `start_level` is 0, 1 or 2.
[[nodiscard]] constexpr VtcrEl2 vtcr(u32 ipa_bits, u32 start_level, u32 pa_range) {
    return VtcrEl2{}
        .with<VtcrEl2::T0sz>(64 - ipa_bits)
        .with<VtcrEl2::Sl0>(2 - start_level)
        .with<VtcrEl2::Irgn0>(Cacheability::write_back)
        .with<VtcrEl2::Orgn0>(Cacheability::write_back)
        .with<VtcrEl2::Sh0>(Shareability::inner)
        .with<VtcrEl2::Ps>(pa_range)
        .with<VtcrEl2::Res1>(true);
}

struct VttbrEl2 : Register<VttbrEl2, u64> {
    using Register::Register;
    using CnP = Bit<0>;
    using Baddr = Field<47, 1, u64>;
    using Vmid = Field<63, 48, u16>;
};

struct Stage2Descriptor : Register<Stage2Descriptor, u64> {
    using Register::Register;
    enum class Memory : u8 { device_nGnRnE = 0, device_nGnRE = 1, normal_nc = 5, normal_wb = 15 };
    enum class Access : u8 { none = 0, read = 1, write = 2, read_write = 3 };
    enum class Execute : u8 { any = 0, none = 2 }; // 1 and 3 need FEAT_XNX
    using Valid = Bit<0>;
    using TableOrPage = Bit<1>; // 0: block
    using MemAttr = Field<5, 2, Memory>;
    using S2ap = Field<7, 6, Access>;
    using Sh = Field<9, 8, Shareability>;
    using Af = Bit<10>;
    using Address = Field<47, 12, u64>; // in units of 4 KiB
    using Contiguous = Bit<52>;
    using Xn = Field<54, 53, Execute>;
};

// The attributes of a leaf; add the address. `page`: level 3, else a block.
enum class LeafKind : u8 { block, page };
[[nodiscard]] constexpr Stage2Descriptor stage2_ram(Pa base, LeafKind kind) {
    return Stage2Descriptor{}
        .with<Stage2Descriptor::Valid>(true)
        .with<Stage2Descriptor::TableOrPage>(kind == LeafKind::page)
        .with<Stage2Descriptor::MemAttr>(Stage2Descriptor::Memory::normal_wb)
        .with<Stage2Descriptor::S2ap>(Stage2Descriptor::Access::read_write)
        .with<Stage2Descriptor::Sh>(Shareability::inner)
        .with<Stage2Descriptor::Af>(true)
        .with<Stage2Descriptor::Address>(base.value() >> 12U);
}
[[nodiscard]] constexpr Stage2Descriptor stage2_device(Pa base, LeafKind kind) {
    return Stage2Descriptor{}
        .with<Stage2Descriptor::Valid>(true)
        .with<Stage2Descriptor::TableOrPage>(kind == LeafKind::page)
        .with<Stage2Descriptor::MemAttr>(Stage2Descriptor::Memory::device_nGnRE)
        .with<Stage2Descriptor::S2ap>(Stage2Descriptor::Access::read_write)
        .with<Stage2Descriptor::Af>(true)
        .with<Stage2Descriptor::Address>(base.value() >> 12U)
        .with<Stage2Descriptor::Xn>(Stage2Descriptor::Execute::none);
}
[[nodiscard]] constexpr Stage2Descriptor stage2_table(Pa next) {
    return Stage2Descriptor{}
        .with<Stage2Descriptor::Valid>(true)
        .with<Stage2Descriptor::TableOrPage>(true)
        .with<Stage2Descriptor::Address>(next.value() >> 12U);
}

static_assert(vtcr(32, 1, 0).raw() == 0x80003560);
static_assert(vtcr(40, 1, 2).raw() == 0x80023558);
static_assert(stage2_ram(Pa{0x40000000}, LeafKind::block).raw() == 0x400007fd);
static_assert(stage2_ram(Pa{0x40001000}, LeafKind::page).raw() == 0x400017ff);
static_assert(stage2_device(Pa{0x08040000}, LeafKind::page).raw() == 0x0040'0000'0804'04c7);
static_assert(stage2_table(Pa{0x80002000}).raw() == 0x80002003);
static_assert(VttbrEl2{0x80002000}.with<VttbrEl2::Vmid>(3).raw() == 0x0003'0000'8000'2000);

} // namespace hyp
