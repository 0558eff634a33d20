// SPDX-License-Identifier: Apache-2.0
#include "rows.hpp"

namespace guest::registers {
namespace {

constexpr std::uint64_t all = ~std::uint64_t{0};
constexpr std::uint64_t word = 0xffffffff;
constexpr std::uint64_t address = 0x00007ffffffff800;

// By the name that hyp/arch/README.md has, and the encoding for the assembler.
#define GUEST_ROW_BITS(name, encoding, flat, mapped, kept, compared)                               \
    {                                                                                              \
        name,                                                                                      \
            [] {                                                                                   \
                std::uint64_t value;                                                               \
                asm volatile("mrs %0, " encoding : "=r"(value) : : "memory");                      \
                return value;                                                                      \
            },                                                                                     \
            [](std::uint64_t value) {                                                              \
                asm volatile("msr " encoding ", %0" : : "r"(value) : "memory");                    \
            },                                                                                     \
            flat, mapped, kept, compared                                                           \
    }
#define GUEST_ROW(name, encoding, bits)                                                            \
    GUEST_ROW_BITS(name, encoding, (Bits{bits, 0}), (Bits{bits, 0}), Kept::always, all)
#define GUEST_LAZY(name, encoding)                                                                 \
    GUEST_ROW_BITS(name, encoding, (Bits{all, 0}), (Bits{all, 0}), Kept::lazily, all)
#define GUEST_HIDDEN(name, encoding)                                                               \
    GUEST_ROW_BITS(name, encoding, (Bits{all, 0}), (Bits{all, 0}), Kept::or_zero, all)

// CPACR_EL1: whether EL0 may trace. CNTP_CTL_EL0: masked. ICC_PMR_EL1: the timer's
// priority passes. TCR_EL1, mapped: 39 bits by TTBR0 alone. MAIR_EL1, mapped: attributes 0 and 1 are
// Device and uncached. SCTLR_EL1: what concerns EL0 alone.
constexpr Bits fp_open{0x10000000, cpacr_open};
constexpr Bits timer_masked{1, 2};
constexpr Bits priority_mask{0x38, 0xc0};
constexpr Bits asid_and_table{std::uint64_t{0xff} << 48, own_table};
constexpr Bits low_half{0x3f000000, 25 | 1U << 23 | 25U << 16 | 2U << 30};
constexpr Bits two_attributes{~std::uint64_t{0xffff}, 0x4400};
constexpr std::uint64_t for_el0 = 0x0505c380;
constexpr std::uint64_t res1 = 0x30d00800;

const Row the_rows[] = {
    GUEST_ROW("TTBR1_EL1", "ttbr1_el1", all),
    GUEST_ROW_BITS("TTBR0_EL1", "ttbr0_el1", (Bits{all, 0}), asid_and_table, Kept::always, all),
    GUEST_ROW_BITS("TCR_EL1", "tcr_el1", (Bits{0xffffffffff, 0}), low_half, Kept::always, all),
    GUEST_ROW_BITS("MAIR_EL1", "mair_el1", (Bits{all, 0}), two_attributes, Kept::always, all),
    GUEST_ROW("AMAIR_EL1", "amair_el1", all),
    GUEST_ROW("AFSR0_EL1", "afsr0_el1", word),
    GUEST_ROW("AFSR1_EL1", "afsr1_el1", word),
    GUEST_ROW("ACTLR_EL1", "actlr_el1", 0),
    GUEST_ROW("CONTEXTIDR_EL1", "contextidr_el1", word),
    GUEST_ROW("TPIDR_EL0", "tpidr_el0", all),
    GUEST_ROW("TPIDRRO_EL0", "tpidrro_el0", all),
    GUEST_ROW("TPIDR_EL1", "tpidr_el1", all),
    GUEST_ROW("PAR_EL1", "par_el1", all),
    GUEST_ROW("ELR_EL1", "elr_el1", all),
    GUEST_ROW("SPSR_EL1", "spsr_el1", word),
    GUEST_ROW("SP_EL0", "sp_el0", all),
    GUEST_ROW("ESR_EL1", "esr_el1", word),
    GUEST_ROW("FAR_EL1", "far_el1", all),
    GUEST_ROW("CSSELR_EL1", "csselr_el1", 7),
    GUEST_ROW("CNTKCTL_EL1", "cntkctl_el1", 0x3fb),
    GUEST_ROW_BITS("CPACR_EL1", "cpacr_el1", fp_open, fp_open, Kept::always, all),
    GUEST_ROW("CNTP_CVAL_EL0", "cntp_cval_el0", all),
    GUEST_ROW_BITS("CNTP_CTL_EL0", "cntp_ctl_el0", timer_masked, timer_masked, Kept::always, 3),
    GUEST_ROW_BITS("ICC_PMR_EL1", "s3_0_c4_c6_0", priority_mask, priority_mask, Kept::always, all),
    GUEST_ROW("ICC_BPR1_EL1", "s3_0_c12_c12_3", 7),
    GUEST_LAZY("APIAKeyLo_EL1", "s3_0_c2_c1_0"),
    GUEST_LAZY("APIAKeyHi_EL1", "s3_0_c2_c1_1"),
    GUEST_LAZY("APIBKeyLo_EL1", "s3_0_c2_c1_2"),
    GUEST_LAZY("APIBKeyHi_EL1", "s3_0_c2_c1_3"),
    GUEST_LAZY("APDAKeyLo_EL1", "s3_0_c2_c2_0"),
    GUEST_LAZY("APDAKeyHi_EL1", "s3_0_c2_c2_1"),
    GUEST_LAZY("APDBKeyLo_EL1", "s3_0_c2_c2_2"),
    GUEST_LAZY("APDBKeyHi_EL1", "s3_0_c2_c2_3"),
    GUEST_LAZY("APGAKeyLo_EL1", "s3_0_c2_c3_0"),
    GUEST_LAZY("APGAKeyHi_EL1", "s3_0_c2_c3_1"),
    GUEST_ROW("MDSCR_EL1", "mdscr_el1", 1 << 12),
    GUEST_ROW("DBGBVR0_EL1", "dbgbvr0_el1", all),
    GUEST_ROW("DBGWVR0_EL1", "dbgwvr0_el1", all),
    GUEST_ROW("PMUSERENR_EL0", "pmuserenr_el0", 0xf),
    GUEST_HIDDEN("DISR_EL1", "s3_0_c12_c1_1"),
    GUEST_HIDDEN("TPIDR2_EL0", "s3_3_c13_c0_5"),
    GUEST_HIDDEN("SCXTNUM_EL0", "s3_3_c13_c0_7"),
    GUEST_HIDDEN("SCXTNUM_EL1", "s3_0_c13_c0_7"),
    GUEST_HIDDEN("GCR_EL1", "s3_0_c1_c0_6"),
    GUEST_HIDDEN("RGSR_EL1", "s3_0_c1_c0_5"),
    GUEST_HIDDEN("ZCR_EL1", "s3_0_c1_c2_0"),
    GUEST_HIDDEN("SMCR_EL1", "s3_0_c1_c2_6"),
    GUEST_HIDDEN("TCR2_EL1", "s3_0_c2_c0_3"),
    GUEST_HIDDEN("PIR_EL1", "s3_0_c10_c2_3"),
    GUEST_HIDDEN("LORC_EL1", "s3_0_c10_c4_3"),
    GUEST_HIDDEN("MPAM1_EL1", "s3_0_c10_c5_0"),
    GUEST_ROW("VBAR_EL1", "vbar_el1", address),
    GUEST_ROW_BITS("SCTLR_EL1", "sctlr_el1", (Bits{for_el0, res1}), (Bits{for_el0, res1 | 1}),
                   Kept::always, all),
};

} // namespace

std::span<const Row> rows() {
    return the_rows;
}

} // namespace guest::registers
