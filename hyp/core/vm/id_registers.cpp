// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/vm/id_registers.hpp"

#include <array>

namespace hyp {

namespace {

struct Allowed {
    u8 crm;
    u8 op2;
    u64 mask;
};

[[nodiscard]] constexpr u64 field(unsigned lsb) {
    return u64{0xf} << lsb;
}

// CSV2_2 adds SCXTNUM registers, which are not switched.
constexpr unsigned csv2_lsb = 56;
constexpr u64 gic_field = field(24);     // ID_AA64PFR0_EL1.GIC
constexpr u64 pa_range_field = field(0); // ID_AA64MMFR0_EL1.PARange

// clang-format off
constexpr Allowed allowed[] = {
    // AArch32, for EL0: all but debug, trace, PMU and RAS
    {1, 0, 0x000f'ffff},                          // ID_PFR0_EL1: State0-3, CSV2
    {1, 1, ~u64{0}},                              // ID_PFR1_EL1
    {1, 2, field(0) | field(4) | field(8)},       // ID_DFR0_EL1: CopDbg, CopSDbg, MMapDbg
    {1, 4, ~u64{0}}, {1, 5, ~u64{0}}, {1, 6, ~u64{0}}, {1, 7, ~u64{0}}, // ID_MMFR0-3_EL1
    {2, 0, ~u64{0}}, {2, 1, ~u64{0}}, {2, 2, ~u64{0}}, {2, 3, ~u64{0}}, // ID_ISAR0-3_EL1
    {2, 4, ~u64{0}}, {2, 5, ~u64{0}}, {2, 6, ~u64{0}}, {2, 7, ~u64{0}}, // ID_ISAR4-5, MMFR4, ISAR6
    {3, 0, ~u64{0}}, {3, 1, ~u64{0}}, {3, 2, ~u64{0}},                  // MVFR0-2_EL1
    {3, 4, field(0) | field(4)},                                        // ID_PFR2_EL1: CSV3, SSBS
    // ID_AA64PFR0_EL1: EL0, EL1, FP, AdvSIMD, GIC, DIT, CSV2, CSV3. Not EL2, EL3, RAS, SVE, MPAM, AMU
    {4, 0, field(0) | field(4) | field(16) | field(20) | gic_field | field(48) | field(56) | field(60)},
    // ID_AA64PFR1_EL1: BT, SSBS. Not MTE, SME, RAS_frac, MPAM_frac, CSV2_frac, NMI
    {4, 1, field(0) | field(4)},
    // ID_AA64DFR0_EL1: DebugVer, BRPs, WRPs, CTX_CMPs, DoubleLock. Not PMU, trace, SPE, BRBE
    {5, 0, field(0) | field(12) | field(20) | field(28) | field(36)},
    {6, 0, ~field(24)},                           // ID_AA64ISAR0_EL1 without TME
    {6, 1, 0x00ff'ffff'ffff'ffff},                // ID_AA64ISAR1_EL1 without XS, LS64
    {6, 2, field(4) | field(8) | field(12) | field(20) | field(24)}, // RPRES, GPA3, APA3, BC, PAC_frac
    // ID_AA64MMFR0_EL1: sizes and granules of stage 1. Not FGT, ECV, stage-2 granules
    {7, 0, 0xffff'ffff},
    // ID_AA64MMFR1_EL1: HAFDBS, VMIDBits, HPDS, PAN, ETS, AFP. Not VH, LO, XNX, TWED, HCX
    {7, 1, field(0) | field(4) | field(12) | field(20) | field(36) | field(44)},
    // ID_AA64MMFR2_EL1: CnP, UAO, LSM, VARange, CCIDX, ST, AT, TTL, BBM, E0PD. Not IESB, NV, FWB, EVT
    {7, 2, field(0) | field(4) | field(8) | field(16) | field(20) | field(28) | field(32) | field(48) |
           field(52) | field(60)},
};
// clang-format on

// The table as it is stored: masks and places apart, for a row would be half padding.
constexpr usize row_count = std::size(allowed);
constexpr auto masks = [] {
    std::array<u64, row_count> result{};
    for (usize n = 0; n < row_count; ++n) {
        result[n] = allowed[n].mask;
    }
    return result;
}();
constexpr auto places = [] {
    std::array<u8, row_count> result{};
    for (usize n = 0; n < row_count; ++n) {
        result[n] = static_cast<u8>(id_register_index(allowed[n].crm, allowed[n].op2));
    }
    return result;
}();

// What of S3_0_C0_C<crm>_<op2> a guest may see.
[[nodiscard]] u64 mask_of(u32 crm, u32 op2) {
    for (usize n = 0; n < row_count; ++n) {
        if (places[n] == id_register_index(crm, op2)) {
            return masks[n];
        }
    }
    return 0;
}

[[nodiscard]] constexpr u64 pa_range_of(u32 bits) {
    return bits >= 40 ? 2 : (bits >= 36 ? 1 : 0);
}

} // namespace

u64 guest_id_register(u32 crm, u32 op2, u64 host, GicGeneration gic, u32 ipa_bits) {
    u64 value = host & mask_of(crm, op2);
    if (crm == 4 && op2 == 0) {
        value &= ~gic_field;
        value |= gic == GicGeneration::v3 ? u64{1} << 24 : 0;
        value &= ~field(csv2_lsb);
        value |= (host & field(csv2_lsb)) != 0 ? u64{1} << csv2_lsb : 0;
    }
    if (crm == 7 && op2 == 0 && (value & pa_range_field) > pa_range_of(ipa_bits)) {
        value = (value & ~pa_range_field) | pa_range_of(ipa_bits);
    }
    return value;
}

} // namespace hyp
