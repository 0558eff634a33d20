// SPDX-License-Identifier: Apache-2.0
#include "hyp/el2_setup.hpp"

#include "hyp/arch/sysreg.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/core/regs/cnt.hpp"
#include "hyp/core/regs/hcr.hpp"
#include "hyp/core/regs/stage2.hpp"
#include "hyp/core/regs/traps.hpp"

#include <utility>

namespace hyp {

namespace {

namespace reg = sysreg;

// S3_0_C0_C<crm>_<op2> as the machine has it.
template <u32 Index>
void read_id_register(Vm& vm) {
    constexpr u32 crm = id_register_crm_first + Index / 8;
    constexpr u32 op2 = Index % 8;
    if constexpr (is_id_register_shown(crm, op2)) {
        vm.id_registers[Index] = reg::read<sysreg_encoding(3, 0, 0, crm, op2)>();
    }
}

[[nodiscard]] constexpr u64 id_field(u64 value, unsigned lsb) {
    return value >> lsb & 0xf;
}

// What this CPU has beyond the base set, opened or trapped accordingly.
[[nodiscard]] HcrEl2 hcr_for_this_cpu(WfiTrap wfi) {
    const u64 pfr0 = reg::read<reg::id_aa64pfr0_el1>();
    const u64 mmfr1 = reg::read<reg::id_aa64mmfr1_el1>();
    const u64 isar1 = reg::read<reg::id_aa64isar1_el1>();
    const bool pauth = (isar1 & 0xff00'0ff0) != 0; // APA, API, GPA, GPI
    return hcr_guest.with<HcrEl2::Twi>(wfi == WfiTrap::yes)
        .with<HcrEl2::Tlor>(id_field(mmfr1, 16) != 0)
        .with<HcrEl2::Terr>(id_field(pfr0, 28) != 0)
        .with<HcrEl2::Apk>(pauth)
        .with<HcrEl2::Api>(pauth);
}

// FP is open: there is one vCPU. What the ID registers hide is trapped where a CPU has it.
void trap_hidden_features() {
    const u64 dfr0 = reg::read<reg::id_aa64dfr0_el1>();
    const u64 pfr0 = reg::read<reg::id_aa64pfr0_el1>();
    const u64 pmu = id_field(dfr0, 8);
    const u64 counters = pmu != 0 && pmu != 0xf ? reg::read<reg::pmcr_el0>() >> 11 & 0x1f : 0;
    reg::write<reg::mdcr_el2>(MdcrEl2{}
                                  .with<MdcrEl2::Hpmn>(static_cast<u32>(counters))
                                  .with<MdcrEl2::Tpmcr>(true)
                                  .with<MdcrEl2::Tpm>(true)
                                  .with<MdcrEl2::Tpms>(id_field(dfr0, 32) != 0)
                                  .with<MdcrEl2::Ttrf>(id_field(dfr0, 40) != 0)
                                  .raw());
    reg::write<reg::cptr_el2>(cptr_res1.with<CptrEl2::Tz>(true)
                                  .with<CptrEl2::Tsm>(true)
                                  .with<CptrEl2::Tta>(true)
                                  .with<CptrEl2::Tam>(id_field(pfr0, 44) != 0)
                                  .raw());
    if (id_field(pfr0, 40) != 0) {              // FEAT_MPAM
        constexpr u64 trap_mpam = u64{3} << 48; // MPAM2_EL2.TRAPMPAM0EL1, TRAPMPAM1EL1
        reg::write<reg::mpam2_el2>(trap_mpam);
    }
    reg::write<reg::hstr_el2>(0);
}

// Traps that newer CPUs have and that are UNKNOWN at reset: none, the ID registers hide their use.
void clear_newer_traps() {
    if (id_field(reg::read<reg::id_aa64mmfr1_el1>(), 40) != 0) { // FEAT_HCX
        reg::write<reg::hcrx_el2>(0);
    }
    if (id_field(reg::read<reg::id_aa64mmfr0_el1>(), 56) != 0) { // FEAT_FGT
        reg::write<reg::hfgrtr_el2>(0);
        reg::write<reg::hfgwtr_el2>(0);
        reg::write<reg::hfgitr_el2>(0);
        reg::write<reg::hdfgrtr_el2>(0);
        reg::write<reg::hdfgwtr_el2>(0);
    }
}

// Both timers and the counter are the guest's; off, for their CTL is UNKNOWN at reset.
void give_timers() {
    reg::write<static_cast<u32>(SysReg::cnthctl)>(
        CnthctlEl2{}.with<CnthctlEl2::El1PctEn>(true).with<CnthctlEl2::El1PcEn>(true).raw());
    reg::write<static_cast<u32>(SysReg::cntvoff)>(0);
    reg::write<reg::cntkctl_el1>(0);
    reg::write<static_cast<u32>(SysReg::cntv_ctl)>(0);
    reg::write<static_cast<u32>(SysReg::cntp_ctl)>(0);
}

} // namespace

void read_id_registers(Vm& vm, GicGeneration gic, u32 address_bits) {
    [&]<u32... n>(std::integer_sequence<u32, n...>) {
        (read_id_register<n>(vm), ...);
    }
    (std::make_integer_sequence<u32, id_register_count>{});
    for (u32 n = 0; n < id_register_count; ++n) {
        vm.id_registers[n] = guest_id_register(id_register_crm_first + n / 8, n % 8,
                                               vm.id_registers[n], gic, address_bits);
    }
}

void configure_el2(const Vm& vm, GicGeneration gic, WfiTrap wfi) {
    trap_hidden_features();
    clear_newer_traps();
    give_timers();
    constexpr u64 mpidr_res1 = u64{1} << 31;
    reg::write<reg::vpidr_el2>(reg::read<reg::midr_el1>());
    reg::write<reg::vmpidr_el2>(mpidr_res1 | guest_affinity(gic, 0));
    constexpr u16 vmid = 1;
    reg::write<reg::vtcr_el2>(vtcr_for(reg::read<reg::id_aa64mmfr0_el1>() & 0xf));
    reg::write<reg::vttbr_el2>(VttbrEl2{vm.stage2.root().value()}.with<VttbrEl2::Vmid>(vmid).raw());
    constexpr u64 sctlr_el1_off =
        0x30d0'0800; // RES1; MMU and caches off, as the boot protocol says
    reg::write<reg::sctlr_el1>(sctlr_el1_off);
    reg::write<reg::hcr_el2>(hcr_for_this_cpu(wfi).raw());
    barrier::dsb_ish(); // the stage-2 tables are visible to the walker
    barrier::isb();     // VMID and VTTBR are in effect for the TLBI
    asm volatile("tlbi vmalls12e1" ::: "memory");
    barrier::dsb_nsh(); // nothing of a former life translates
    barrier::isb();     // nor is fetched by an older translation
}

} // namespace hyp
