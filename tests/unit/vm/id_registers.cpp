// SPDX-License-Identifier: Apache-2.0
// What a guest learns of its CPU: nothing that Baton does not switch, whatever the machine has.
#include "hyp/core/vm/id_registers.hpp"

#include <catch2/catch.hpp>

using namespace hyp;

namespace {

constexpr u64 everything = ~u64{0};

[[nodiscard]] u64 field(u32 crm, u32 op2, unsigned lsb, GicGeneration gic = GicGeneration::v3) {
    return guest_id_register(crm, op2, everything, gic, 40) >> lsb & 0xf;
}

} // namespace

TEST_CASE("ID registers: hidden features read as zero on a CPU that has everything") {
    CHECK(field(4, 0, 8) == 0);  // ID_AA64PFR0_EL1.EL2
    CHECK(field(4, 0, 12) == 0); // EL3
    CHECK(field(4, 0, 28) == 0); // RAS
    CHECK(field(4, 0, 32) == 0); // SVE
    CHECK(field(4, 0, 40) == 0); // MPAM
    CHECK(field(4, 0, 44) == 0); // AMU
    CHECK(field(4, 1, 32) == 0); // ID_AA64PFR1_EL1.CSV2_frac
    CHECK(field(4, 0, 56) == 1); // CSV2, without SCXTNUM
    CHECK(field(4, 1, 8) == 0);  // ID_AA64PFR1_EL1.MTE
    CHECK(field(4, 1, 12) == 0); // RAS_frac
    CHECK(field(4, 1, 24) == 0); // SME
    CHECK(field(5, 0, 8) == 0);  // ID_AA64DFR0_EL1.PMUVer
    CHECK(field(5, 0, 32) == 0); // PMSVer
    CHECK(field(5, 0, 44) == 0); // TraceBuffer
    CHECK(field(7, 0, 60) == 0); // ID_AA64MMFR0_EL1.ECV
    CHECK(field(7, 1, 8) == 0);  // ID_AA64MMFR1_EL1.VH
    CHECK(field(7, 2, 24) == 0); // ID_AA64MMFR2_EL1.NV
    CHECK(field(6, 2, 0) == 0);  // ID_AA64ISAR2_EL1.WFxT
    CHECK(field(1, 2, 24) == 0); // ID_DFR0_EL1.PerfMon
    CHECK(guest_id_register(4, 4, everything, GicGeneration::v3, 40) == 0); // ID_AA64ZFR0_EL1
    CHECK(guest_id_register(4, 5, everything, GicGeneration::v3, 40) == 0); // ID_AA64SMFR0_EL1
    CHECK(guest_id_register(5, 1, everything, GicGeneration::v3, 40) == 0); // ID_AA64DFR1_EL1
}

TEST_CASE("ID registers: what a guest needs stays") {
    CHECK(field(4, 0, 4) == 0xf);  // EL1
    CHECK(field(4, 0, 16) == 0xf); // FP
    CHECK(field(5, 0, 0) == 0xf);  // debug architecture
    CHECK(field(6, 0, 20) == 0xf); // ID_AA64ISAR0_EL1.Atomic
    CHECK(field(6, 1, 4) == 0xf);  // ID_AA64ISAR1_EL1.APA
    CHECK(field(7, 0, 28) == 0xf); // TGran4
}

TEST_CASE("ID registers: the GIC field is the guest's GIC, PARange its address space") {
    CHECK(field(4, 0, 24, GicGeneration::v3) == 1);
    CHECK(field(4, 0, 24, GicGeneration::v2) == 0);
    for (u64 range = 0; range < 16; ++range) {
        const u64 seen = guest_id_register(7, 0, range, GicGeneration::v3, 40) & 0xf;
        CHECK(seen == (range < 2 ? range : 2));
    }
    CHECK((guest_id_register(7, 0, 1, GicGeneration::v3, 36) & 0xf) == 1);
}

TEST_CASE("ID registers: a register of the group that nobody knows yet is zero") {
    for (u32 crm = id_register_crm_first; crm <= id_register_crm_last; ++crm) {
        for (u32 op2 = 0; op2 < 8; ++op2) {
            const u64 seen = guest_id_register(crm, op2, everything, GicGeneration::v3, 40);
            CAPTURE(crm, op2);
            CHECK((seen != 0) == is_id_register_shown(crm, op2));
        }
    }
}
