// SPDX-License-Identifier: Apache-2.0
// Every ID register that a guest sees on a CPU that has everything, as a whole word put together by
// hand from DDI 0487: a field is all ones where the guest may know, zero where it may not.
#include "hyp/core/vm/id_registers.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

struct Word {
    u32 crm, op2;
    u64 seen;
};

constexpr u64 all = ~u64{0};
constexpr Word words[] = {
    {1, 0, 0x0000'0000'000f'ffff}, // ID_PFR0_EL1: CSV2, State3 to State0
    {1, 1, all},                   // ID_PFR1_EL1
    {1, 2, 0x0000'0000'0000'0fff}, // ID_DFR0_EL1: MMapDbg, CopSDbg, CopDbg
    {1, 4, all},                   // ID_MMFR0_EL1
    {1, 5, all},                   // ID_MMFR1_EL1
    {1, 6, all},                   // ID_MMFR2_EL1
    {1, 7, all},                   // ID_MMFR3_EL1
    {2, 0, all},                   // ID_ISAR0_EL1
    {2, 1, all},                   // ID_ISAR1_EL1
    {2, 2, all},                   // ID_ISAR2_EL1
    {2, 3, all},                   // ID_ISAR3_EL1
    {2, 4, all},                   // ID_ISAR4_EL1
    {2, 5, all},                   // ID_ISAR5_EL1
    {2, 6, all},                   // ID_MMFR4_EL1
    {2, 7, all},                   // ID_ISAR6_EL1
    {3, 0, all},                   // MVFR0_EL1
    {3, 1, all},                   // MVFR1_EL1
    {3, 2, all},                   // MVFR2_EL1
    {3, 4, 0x0000'0000'0000'00ff}, // ID_PFR2_EL1: SSBS, CSV3
    {4, 0, 0xf10f'0000'01ff'00ff}, // ID_AA64PFR0_EL1: CSV3 CSV2=1 DIT GIC=1 AdvSIMD FP EL1 EL0
    {4, 1, 0x0000'0000'0000'00ff}, // ID_AA64PFR1_EL1: SSBS BT
    {5, 0, 0x0000'00f0'f0f0'f00f}, // ID_AA64DFR0_EL1: DoubleLock CTX_CMPs WRPs BRPs DebugVer
    {6, 0, 0xffff'ffff'f0ff'ffff}, // ID_AA64ISAR0_EL1: all but TME
    {6, 1, 0x00ff'ffff'ffff'ffff}, // ID_AA64ISAR1_EL1: all but XS, LS64
    {6, 2, 0x0000'0000'0ff0'fff0}, // ID_AA64ISAR2_EL1: PAC_frac BC APA3 GPA3 RPRES
    {7, 0, 0x0000'0000'ffff'fff2}, // ID_AA64MMFR0_EL1: TGran4 to ASIDBits, PARange=40 bits
    {7, 1, 0x0000'f0f0'00f0'f0ff}, // ID_AA64MMFR1_EL1: AFP ETS PAN HPDS VMIDBits HAFDBS
    {7, 2, 0xf0ff'000f'f0ff'0fff}, // ID_AA64MMFR2_EL1: E0PD BBM TTL AT ST CCIDX VARange LSM UAO CnP
};

[[nodiscard]] u64 expected(u32 crm, u32 op2) {
    for (const Word& word : words) {
        if (word.crm == crm && word.op2 == op2) {
            return word.seen;
        }
    }
    return 0;
}

} // namespace

TEST_CASE("ID registers: each word on a CPU that has everything") {
    for (u32 crm = id_register_crm_first; crm <= id_register_crm_last; ++crm) {
        for (u32 op2 = 0; op2 < 8; ++op2) {
            CAPTURE(crm, op2);
            CHECK(guest_id_register(crm, op2, all, GicGeneration::v3, 40) == expected(crm, op2));
            const u64 gic = crm == 4 && op2 == 0 ? u64{1} << 24 : 0; // GIC: system registers
            CHECK(guest_id_register(crm, op2, all, GicGeneration::v2, 40) ==
                  (expected(crm, op2) & ~gic));
        }
    }
}

TEST_CASE("ID registers: nothing is shown that the CPU has not") {
    for (u32 crm = id_register_crm_first; crm <= id_register_crm_last; ++crm) {
        for (u32 op2 = 0; op2 < 8; ++op2) {
            CHECK(guest_id_register(crm, op2, 0, GicGeneration::v2, 40) == 0);
        }
    }
    CHECK(guest_id_register(4, 0, 0, GicGeneration::v3, 40) == u64{1} << 24);
}

TEST_CASE("ID registers: PARange by the guest's address bits") {
    const auto range = [](u32 bits) {
        return guest_id_register(7, 0, 0xf, GicGeneration::v3, bits);
    };
    CHECK(range(32) == 0);
    CHECK(range(35) == 0);
    CHECK(range(36) == 1);
    CHECK(range(39) == 1);
    CHECK(range(40) == 2);
    CHECK(range(48) == 2);
}
