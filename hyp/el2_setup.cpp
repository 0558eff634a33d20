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

// The base set, and what this CPU has beyond it. PAuth is closed: hyp/arch/pauth.hpp.
[[nodiscard]] HcrEl2 hcr_for_this_cpu(WfiTrap wfi) {
    const u64 pfr0 = reg::read<reg::id_aa64pfr0_el1>();
    const u64 mmfr1 = reg::read<reg::id_aa64mmfr1_el1>();
    return hcr_guest.with<HcrEl2::Twi>(wfi == WfiTrap::yes)
        .with<HcrEl2::Tlor>(id_field(mmfr1, 16) != 0)
        .with<HcrEl2::Terr>(id_field(pfr0, 28) != 0);
}

// What the ID registers hide is trapped where a CPU has it, debug registers everywhere: they are not
// switched. FP is closed: hyp/arch/fp.hpp.
void trap_hidden_features() {
    const u64 dfr0 = reg::read<reg::id_aa64dfr0_el1>();
    const u64 pfr0 = reg::read<reg::id_aa64pfr0_el1>();
    const u64 pmu = id_field(dfr0, 8);
    const u64 counters = pmu != 0 && pmu != 0xf ? reg::read<reg::pmcr_el0>() >> 11 & 0x1f : 0;
    reg::write<reg::mdcr_el2>(MdcrEl2{}
                                  .with<MdcrEl2::Hpmn>(static_cast<u32>(counters))
                                  .with<MdcrEl2::Tpmcr>(true)
                                  .with<MdcrEl2::Tpm>(true)
                                  .with<MdcrEl2::Tda>(true)
                                  .with<MdcrEl2::Tdosa>(true)
                                  .with<MdcrEl2::Tdra>(true)
                                  .with<MdcrEl2::Tpms>(id_field(dfr0, 32) != 0)
                                  .with<MdcrEl2::Ttrf>(id_field(dfr0, 40) != 0)
                                  .raw());
    reg::write<reg::mdscr_el1>(0); // no breakpoint, no step: enables are UNKNOWN at reset
    reg::write<reg::cptr_el2>(cptr_res1.with<CptrEl2::Tz>(true)
                                  .with<CptrEl2::Tfp>(true)
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

void configure_pcpu() {
    trap_hidden_features();
    clear_newer_traps();
    reg::write<SysReg::cntv_ctl>(0); // UNKNOWN at reset
    reg::write<SysReg::cntp_ctl>(0);
    reg::write<reg::vtcr_el2>(vtcr_for(reg::read<reg::id_aa64mmfr0_el1>() & 0xf));
    probe_world();
    forget_all_translations();
}

Confinement confinement_of(const Vm& vm, u16 vmid, GicGeneration gic, u32 number, WfiTrap wfi) {
    constexpr u64 mpidr_res1 = u64{1} << 31;
    // The timers and the counter are the guest's; but CNTPCT cannot be made to stand still.
    const bool real = vm.description->time == TimePolicy::real;
    const CnthctlEl2 timers =
        CnthctlEl2{}.with<CnthctlEl2::El1PctEn>(real).with<CnthctlEl2::El1PcEn>(real);
    return {.vttbr_el2 = VttbrEl2{vm.stage2.root().value()}.with<VttbrEl2::Vmid>(vmid).raw(),
            .hcr_el2 = hcr_for_this_cpu(wfi).raw(),
            .vpidr_el2 = reg::read<reg::midr_el1>(),
            .vmpidr_el2 = mpidr_res1 | guest_affinity(gic, number),
            .cntvoff_el2 = 0,
            .cnthctl_el2 = timers.raw()};
}

} // namespace hyp
