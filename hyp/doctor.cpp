// SPDX-License-Identifier: Apache-2.0
#include "hyp/doctor.hpp"

#include "hyp/arch/sysreg.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/mm/stage2.hpp"

namespace hyp {

namespace {

namespace reg = sysreg;

struct CpuName {
    u32 implementer_and_part; // MIDR_EL1.Implementer << 12 | PartNum
    char name[12];
};

constexpr CpuName cpu_names[] = {
    {0x41d03, "Cortex-A53"},  {0x41d04, "Cortex-A35"},  {0x41d05, "Cortex-A55"},
    {0x41d07, "Cortex-A57"},  {0x41d08, "Cortex-A72"},  {0x41d0b, "Cortex-A76"},
    {0x41d0c, "Neoverse-N1"}, {0x00051, "QEMU max"},    {0x46001, "A64FX"},
    {0x41d49, "Neoverse-N2"}, {0x41d40, "Neoverse-V1"}, {0x41d47, "Cortex-A710"},
};

[[nodiscard]] const char* cpu_name(u64 midr) {
    const u32 key = static_cast<u32>(midr >> 24 & 0xff) << 12 | (midr >> 4 & 0xfff);
    for (const CpuName& entry : cpu_names) {
        if (entry.implementer_and_part == key) {
            return entry.name;
        }
    }
    return "unknown CPU";
}

[[nodiscard]] const char* conduit_name(Conduit conduit) {
    switch (conduit) {
    case Conduit::none: return "no PSCI: no way to switch the machine off";
    case Conduit::smc: return "PSCI by SMC";
    case Conduit::hvc: return "PSCI by HVC";
    }
    __builtin_unreachable();
}

void print_frame(const char* name, PaRange frame) {
    baton.console.print(" %s 0x%lx", name, frame.base.value());
}

} // namespace

void report_boot(const BootFacts& boot, const Platform& platform) {
    baton.console.print(
        "Baton: an interrupt is handed over, never dropped\n"
        "doctor: machine %s, entered at EL%lu, image at 0x%lx, tree at 0x%lx (%s)\n",
        platform.model, boot.entry_el, boot.image.value(), boot.tree.base.value(),
        boot.tree_source);
}

void report_cpu(const Platform& platform) {
    const u64 midr = reg::read<reg::midr_el1>();
    const u32 range = reg::read<reg::id_aa64mmfr0_el1>() & 0xf;
    baton.console.print("doctor: %u x %s (MIDR 0x%08lx), PARange %u, guests get %u address bits\n",
                        platform.cpu_count, cpu_name(midr), midr, range, ipa_bits(range));
}

void report_machine(const Platform& platform) {
    for (u32 n = 0; n < platform.ram_count; ++n) {
        baton.console.print("doctor: memory 0x%lx, %lu MiB\n", platform.ram[n].base.value(),
                            platform.ram[n].size / mib);
    }
    baton.console.print("doctor: UART PL011 0x%lx; %s\n", platform.uart.frame.base.value(),
                        conduit_name(platform.conduit));
}

void report_gic(const Platform& platform, const GicFacts& gic) {
    const PlatformGic& frames = platform.gic;
    baton.console.print("doctor: GICv%u (IIDR 0x%x),", gic.architecture, gic.distributor_id);
    print_frame("GICD", frames.gicd);
    if (frames.generation == GicGeneration::v2) {
        print_frame("GICC", frames.gicc);
        print_frame("GICH", frames.gich);
        print_frame("GICV", frames.gicv);
    } else {
        print_frame("GICR", frames.gicr[0]);
    }
    baton.console.print("\ndoctor: %u INTIDs, priority bits %u physical %u virtual, "
                        "%u list registers\n",
                        gic.intids, gic.physical_priority_bits, gic.virtual_priority_bits,
                        gic.list_registers);
    baton.console.print("doctor: timer %lu Hz, INTID %u virtual %u physical %u hypervisor, "
                        "%u maintenance\n",
                        sysreg::read<SysReg::cntfrq>(), platform.timer.vtimer.intid.value(),
                        platform.timer.ptimer.intid.value(), platform.timer.hyp.intid.value(),
                        frames.maintenance.intid.value());
}

void report_quirk(const char* name, bool found, const char* action) {
    baton.console.print("doctor: quirk %s: %s; %s\n", name, found ? "found" : "absent", action);
}

} // namespace hyp
