// SPDX-License-Identifier: Apache-2.0
// The GIC distributor's registers (IHI 0048B for GICv2, IHI 0069 for GICv3): offsets in the frame,
// and value classes for those with fields. The arrays from IGROUPR to ICFGR lie at the same offsets
// in the second frame of a GICv3 redistributor, for the private INTIDs 0-31.
#pragma once

#include "hyp/core/base/field.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

// Single 32-bit registers.
enum class GicdReg : u32 {
    ctlr = 0x0000,     // v2 v3  rw  Distributor Control
    typer = 0x0004,    // v2 v3  ro  Interrupt Controller Type
    iidr = 0x0008,     // v2 v3  ro  Implementer Identification
    typer2 = 0x000c,   //    v3  ro  Interrupt Controller Type 2
    sgir = 0x0f00,     // v2     wo  Software Generated Interrupt
    pidr2_v2 = 0x0fe8, // v2     ro  Peripheral ID 2 (4 KiB frame)
    pidr2_v3 = 0xffe8, //    v3  ro  Peripheral ID 2 (64 KiB frame)
};

// One bit for each INTID, 32 INTIDs a word.
enum class GicdBits : u32 {
    igroupr = 0x0080,   // v2 v3  rw  Interrupt Group; to a non-secure access RAZ/WI
    isenabler = 0x0100, // v2 v3  rw  Interrupt Set-Enable
    icenabler = 0x0180, // v2 v3  rw  Interrupt Clear-Enable
    ispendr = 0x0200,   // v2 v3  rw  Interrupt Set-Pending; reads latch or (level and line)
    icpendr = 0x0280,   // v2 v3  rw  Interrupt Clear-Pending
    isactiver = 0x0300, // v2 v3  rw  Interrupt Set-Active
    icactiver = 0x0380, // v2 v3  rw  Interrupt Clear-Active
    igrpmodr = 0x0d00,  //    v3  rw  Interrupt Group Modifier; two security states only
};

// One byte for each INTID; byte access is allowed.
enum class GicdBytes : u32 {
    ipriorityr = 0x0400, // v2 v3  rw  Interrupt Priority, 0 the highest
    itargetsr = 0x0800,  // v2     rw  Interrupt Processor Targets; bytes 0-31 read this CPU's mask
    cpendsgir = 0x0f10,  // v2     rw  SGI Clear-Pending; one bit for each source CPU
    spendsgir = 0x0f20,  // v2     rw  SGI Set-Pending; one bit for each source CPU
};

// Two bits for each INTID, 16 INTIDs a word; the upper bit says edge.
enum class GicdPairs : u32 {
    icfgr = 0x0c00, // v2 v3  rw  Interrupt Configuration
};

// 64 bits for each INTID from 32 up.
enum class GicdDwords : u32 {
    irouter = 0x6000, //    v3  rw  Interrupt Routing
};

// Offsets in bytes. `word` counts 32-bit words, `intid` INTIDs.
[[nodiscard]] constexpr u32 offset(GicdReg reg) {
    return static_cast<u32>(reg);
}
[[nodiscard]] constexpr u32 word_offset(GicdBits array, u32 word) {
    return static_cast<u32>(array) + 4 * word;
}
[[nodiscard]] constexpr u32 word_offset(GicdPairs array, u32 word) {
    return static_cast<u32>(array) + 4 * word;
}
[[nodiscard]] constexpr u32 word_offset(GicdBytes array, u32 word) {
    return static_cast<u32>(array) + 4 * word;
}
[[nodiscard]] constexpr u32 byte_offset(GicdBytes array, u32 intid) {
    return static_cast<u32>(array) + intid;
}
[[nodiscard]] constexpr u32 dword_offset(GicdDwords array, u32 intid) {
    return static_cast<u32>(array) + 8 * intid;
}

// GICD_CTLR as EL2 of GICv2 sees it: with the Security Extensions a non-secure access sees the
// enable of Group 1 in bit 0, without them bit 0 is Group 0, where every INTID then is.
struct GicdCtlrV2 : Register<GicdCtlrV2, u32> {
    using Register::Register;
    using Enable = Bit<0>;
};

// GICD_CTLR of GICv3, non-secure view and single-security view (DS=1): in both, bit 1 enables Group
// 1 under affinity routing and bit 4 is affinity routing.
struct GicdCtlrV3 : Register<GicdCtlrV3, u32> {
    using Register::Register;
    using EnableGrp0 = Bit<0>; // DS=1 only; non-secure view: Group 1 without affinity routing
    using EnableGrp1 = Bit<1>;
    using Are = Bit<4>;
    using Ds = Bit<6>;
    using Rwp = Bit<31>;
};

struct GicdTyper : Register<GicdTyper, u32> {
    using Register::Register;
    using ItLinesNumber = Field<4, 0>;
    using CpuNumber = Field<7, 5>; // v2: CPU interfaces - 1
    using SecurityExtn = Bit<10>;  // two security states
    using Lpis = Bit<17>;          // v3
    using IdBits = Field<23, 19>;  // v3: INTID bits - 1
    [[nodiscard]] constexpr u32 intids() const { return 32 * (get<ItLinesNumber>() + 1); }
};

struct GicdPidr2 : Register<GicdPidr2, u32> {
    using Register::Register;
    using ArchRev = Field<7, 4, u8>;
};

// GICD_SGIR (v2).
struct GicdSgir : Register<GicdSgir, u32> {
    using Register::Register;
    enum class Filter : u8 { list, others, self, reserved };
    using Intid = Field<3, 0>;
    using NsAtt = Bit<15>;
    using CpuTargetList = Field<23, 16>;
    using TargetListFilter = Field<25, 24, Filter>;
};

// GICD_IROUTER<n> (v3).
struct GicdIrouter : Register<GicdIrouter, u64> {
    using Register::Register;
    using Aff0 = Field<7, 0>;
    using Aff1 = Field<15, 8>;
    using Aff2 = Field<23, 16>;
    using InterruptRoutingMode = Bit<31>; // 1: any participating PE
    using Aff3 = Field<39, 32>;
};

static_assert(GicdTyper{0x28}.intids() == 288 && GicdTyper{0x28}.get<GicdTyper::CpuNumber>() == 1);
static_assert(GicdTyper{0x037a0007}.intids() == 256 &&
              GicdTyper{0x037a0007}.get<GicdTyper::Lpis>());
static_assert(GicdTyper{0x037a0007}.get<GicdTyper::IdBits>() == 15);
static_assert(GicdPidr2{0x2b}.get<GicdPidr2::ArchRev>() == 2);
static_assert(GicdPidr2{0x3b}.get<GicdPidr2::ArchRev>() == 3);
static_assert(GicdCtlrV3{}.with<GicdCtlrV3::Are>(true).with<GicdCtlrV3::EnableGrp1>(true).raw() ==
              0x12);
static_assert(GicdSgir{}
                  .with<GicdSgir::TargetListFilter>(GicdSgir::Filter::self)
                  .with<GicdSgir::Intid>(5)
                  .raw() == 0x02000005);
static_assert(GicdIrouter{}.with<GicdIrouter::Aff3>(1).with<GicdIrouter::Aff1>(2).raw() ==
              0x1'0000'0200);
static_assert(word_offset(GicdBits::icactiver, 1) == 0x384);
static_assert(byte_offset(GicdBytes::ipriorityr, 27) == 0x41b);
static_assert(dword_offset(GicdDwords::irouter, 32) == 0x6100);

} // namespace hyp
