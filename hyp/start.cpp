// SPDX-License-Identifier: Apache-2.0
#include "hyp/start.hpp"

#include "drivers/gic/reeval_test.hpp"
#include "drivers/gic/self_test.hpp"
#include "hyp/arch/mapping.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/core/regs/hcr.hpp"
#include "hyp/irq.hpp"
#include "hyp/self_crash.hpp"

#include <utility>

extern "C" {
extern const char vectors_v2[];
extern const char vectors_v3[];
[[noreturn]] void resume_frame(hyp::ExitFrame* frame);
}

namespace hyp {

namespace {

namespace reg = sysreg;

constexpr u32 stage2_pages = 16;
struct alignas(8192) Stage2Pages {
    u64 words[stage2_pages * 512];
};
[[gnu::section(".noinit")]] Stage2Pages stage2_storage;

// Kept for as long as the manifest is read: its strings are.
struct alignas(8) ManifestBytes {
    u8 bytes[manifest_size_limit];
};
[[gnu::section(".noinit")]] ManifestBytes manifest_storage;

// Empty until built, so that they take no room in the image.
constinit std::optional<Vm> vm_storage{};
constinit std::optional<Vcpu> vcpu_storage{};

void require(const Status& status, const char* what) {
    if (!status.ok()) {
        const char* where = status.error().where;
        refuse("%s: %s%s%s", what, where, where[0] != '\0' ? ": " : "", status.error().reason);
    }
}

// Copies the compiled manifest out of the image, and reads it.
[[nodiscard]] Manifest open_manifest(PackedImage image) {
    if (image.size <= manifest_offset) {
        refuse("this image holds no guest: pack one with scripts/pack (make image)");
    }
    const u64 length = image.size - manifest_offset < manifest_size_limit
                           ? image.size - manifest_offset
                           : manifest_size_limit;
    const u8* source =
        mapping::map_window(mapping::WindowSlot::source, image.base + manifest_offset, length);
    const u8* size_bytes = source + 4; // totalsize of the flattened tree, big-endian
    u64 total = u64{size_bytes[0]} << 24 | u64{size_bytes[1]} << 16 | u64{size_bytes[2]} << 8 |
                size_bytes[3];
    total = total < length ? total : length;
    __builtin_memcpy(manifest_storage.bytes, source, total);
    mapping::unmap_window(mapping::WindowSlot::source);

    static constinit NodePath path{};
    const Result<Manifest> manifest =
        read_manifest(manifest_storage.bytes, total, ManifestForm::packed, image.size, path);
    if (!manifest.ok()) {
        refuse("manifest: %s: %s", manifest.error().where, manifest.error().reason);
    }
    if (manifest.value().vm_count != 1 || manifest.value().vms[0].vcpus != 1) {
        refuse("manifest: this version runs one VM with one vCPU");
    }
    return manifest.value();
}

// S3_0_C0_C<crm>_<op2> as the machine has it.
template <u32 Index>
void read_id_register(Vm& vm) {
    constexpr u32 crm = id_register_crm_first + Index / 8;
    constexpr u32 op2 = Index % 8;
    if constexpr (is_id_register_shown(crm, op2)) {
        vm.id_registers[Index] = reg::read<sysreg_encoding(3, 0, 0, crm, op2)>();
    }
}

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

[[nodiscard]] constexpr u64 id_field(u64 value, unsigned lsb) {
    return value >> lsb & 0xf;
}

// What this CPU has beyond the base set, opened or trapped accordingly.
[[nodiscard]] HcrEl2 hcr_for_this_cpu(bool trap_wfi) {
    HcrEl2 hcr = hcr_guest.with<HcrEl2::Twi>(trap_wfi);
    const u64 pfr0 = reg::read<reg::id_aa64pfr0_el1>();
    const u64 mmfr1 = reg::read<reg::id_aa64mmfr1_el1>();
    const u64 isar1 = reg::read<reg::id_aa64isar1_el1>();
    hcr = hcr.with<HcrEl2::Tlor>(id_field(mmfr1, 16) != 0);
    hcr = hcr.with<HcrEl2::Terr>(id_field(pfr0, 28) != 0);
    const bool pauth = (isar1 & 0xff00'0ff0) != 0; // APA, API, GPA, GPI
    return hcr.with<HcrEl2::Apk>(pauth).with<HcrEl2::Api>(pauth);
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

// Everything of EL2 that is fixed while this VM runs.
void configure_el2(const Vm& vm, GicGeneration gic, bool trap_wfi) {
    constexpr u64 cptr_traps = 0x33ff | u64{1} << 20; // RES1 with TZ and TSM, and TTA; FP is open
    constexpr u64 cptr_tam = u64{1} << 30;            // activity monitors
    constexpr u64 mdcr_tpms = u64{1} << 14;           // statistical profiling
    constexpr u64 mdcr_ttrf = u64{1} << 19;           // trace filter
    constexpr u64 mpam2_trap = u64{3} << 48;          // TRAPMPAM0EL1, TRAPMPAM1EL1
    constexpr u64 cnthctl_open = 3;                   // EL1PCTEN, EL1PCEN: counter and CNTP
    constexpr u64 mdcr_tpm = u64{1} << 6;             // PMU
    constexpr u64 mdcr_tpmcr = u64{1} << 5;
    const u64 dfr0 = reg::read<reg::id_aa64dfr0_el1>();
    const u64 pmu = id_field(dfr0, 8);
    const u64 counters = pmu != 0 && pmu != 0xf ? reg::read<reg::pmcr_el0>() >> 11 & 0x1f : 0;
    const u64 pfr0 = reg::read<reg::id_aa64pfr0_el1>();
    const u64 profiling = id_field(dfr0, 32) != 0 ? mdcr_tpms : 0;
    const u64 trace = id_field(dfr0, 40) != 0 ? mdcr_ttrf : 0;
    reg::write<reg::mdcr_el2>(counters | mdcr_tpm | mdcr_tpmcr | profiling | trace);
    reg::write<reg::cptr_el2>(cptr_traps | (id_field(pfr0, 44) != 0 ? cptr_tam : 0));
    if (id_field(pfr0, 40) != 0) { // FEAT_MPAM
        reg::write<reg::mpam2_el2>(mpam2_trap);
    }
    reg::write<reg::hstr_el2>(0);
    clear_newer_traps();
    reg::write<static_cast<u32>(SysReg::cnthctl)>(cnthctl_open);
    reg::write<static_cast<u32>(SysReg::cntvoff)>(0);
    reg::write<reg::cntkctl_el1>(0);
    reg::write<static_cast<u32>(SysReg::cntv_ctl)>(0); // UNKNOWN at reset
    reg::write<static_cast<u32>(SysReg::cntp_ctl)>(0);
    reg::write<reg::vpidr_el2>(reg::read<reg::midr_el1>());
    reg::write<reg::vmpidr_el2>(u64{1} << 31 | guest_affinity(gic, 0));
    reg::write<reg::vtcr_el2>(vtcr_for(reg::read<reg::id_aa64mmfr0_el1>() & 0xf));
    constexpr u64 vmid = 1;
    reg::write<reg::vttbr_el2>(vmid << 48 | vm.stage2.root().value());
    reg::write<reg::sctlr_el1>(0x30d0'0800); // RES1, MMU and caches off, as the boot protocol says
    reg::write<reg::hcr_el2>(hcr_for_this_cpu(trap_wfi).raw());
    barrier::dsb_ish(); // the stage-2 tables are visible to the walker
    barrier::isb();     // VMID and VTTBR are in effect for the TLBI
    asm volatile("tlbi vmalls12e1" ::: "memory");
    barrier::dsb_nsh(); // nothing of a former life translates
    barrier::isb();
}

// Runs the self-tests that this GIC needs and reports them.
[[nodiscard]] bool missing_reevaluation(HostGicV2 gic, const Platform& platform) {
    switch (
        ReevaluationTest<TargetMmio, TargetSysReg>{{}, {}, gic, platform.timer.hyp.intid}.run()) {
    case Reevaluation::works: return false;
    case Reevaluation::missing: return true;
    case Reevaluation::unknown: break;
    }
    baton.console.print("doctor: quirk gicv2-no-reevaluation: the self-test got no answer from the "
                        "virtual interface; taken as found\n");
    return true;
}
[[nodiscard]] bool missing_reevaluation(HostGicV3 /*gic*/, const Platform& /*platform*/) {
    return false;
}

// What the self-tests of a GIC found.
struct SelfTests {
    bool hyp_timer;
    bool maintenance;
    bool missing_reevaluation;
};

// What the vGIC may count on; the doctor's word on it.
[[nodiscard]] VgicCaps judge_gic(GicGeneration generation, const GicFacts& facts,
                                 const SelfTests& tests, const Options& options) {
    baton.console.print("doctor: self-test: hypervisor timer interrupt %s, maintenance interrupt "
                        "%s\n",
                        tests.hyp_timer ? "arrives" : "DOES NOT ARRIVE",
                        tests.maintenance ? "arrives" : "DOES NOT ARRIVE");
    const bool handled = tests.missing_reevaluation && !options.ignore_quirks;
    if (generation == GicGeneration::v2) {
        report_quirk("gicv2-no-reevaluation", tests.missing_reevaluation,
                     !tests.missing_reevaluation ? "a guest's end of interrupt costs no exit"
                     : handled ? "a second exit per interrupt looks at the line again; WFI traps"
                               : "ignored as the manifest asks: level interrupts may be lost");
    }
    const u32 clamp = options.list_registers;
    u32 list_registers = facts.list_registers;
    list_registers = clamp != 0 && clamp < list_registers ? clamp : list_registers;
    list_registers = list_registers < max_list_registers ? list_registers : max_list_registers;
    if (list_registers != facts.list_registers) {
        baton.console.print("doctor: using %u list registers, as the manifest asks\n",
                            list_registers);
    }
    return {.generation = generation,
            .list_registers = static_cast<u8>(list_registers),
            .quirk_no_reevaluation = handled,
            .deactivate_trap = facts.deactivate_trap,
            .guest_group = generation == GicGeneration::v2 ? Group::group0 : Group::group1};
}

template <class G>
[[nodiscard]] VgicCaps examine(G gic, const Platform& platform, const Options& options) {
    const GicFacts facts = gic.facts();
    report_gic(platform, facts);
    const SelfTests tests{
        .hyp_timer = hyp_timer_arrives(gic, TargetSysReg{}, platform.timer.hyp.intid),
        .maintenance = maintenance_arrives(gic, TargetSysReg{}, baton.maintenance),
        .missing_reevaluation = missing_reevaluation(gic, platform)};
    return judge_gic(platform.gic.generation, facts, tests, options);
}

[[nodiscard]] Vm& build_vm(const VmDescription& description, const Platform& platform,
                           PackedImage image) {
    const u32 bits = ipa_bits(reg::read<reg::id_aa64mmfr0_el1>() & 0xf);
    Vm& vm = vm_storage.emplace();
    vm.label = description.label;
    const Result<PaRange> ram = find_free_ram(platform, image, description.memory);
    if (!ram.ok()) {
        refuse("VM %s: %s (%lu MiB wanted)", description.label, ram.error().reason,
               description.memory / mib);
    }
    vm.ram = ram.value();
    const Pa tables{reinterpret_cast<u64>(stage2_storage.words) - HYP_IMAGE_VA +
                    mapping::image_pa().value()};
    vm.stage2 = Stage2{{stage2_storage.words, tables, stage2_pages}, bits};
    require(map_guest(vm, description, platform), description.label);
    require(load_guest(vm, description, image, platform.gic.generation), description.label);
    read_id_registers(vm, platform.gic.generation, bits);
    baton.console.print("doctor: VM %s: %lu MiB at 0x%lx, entry 0x%lx, \"%s\"\n", description.label,
                        description.memory / mib, vm.ram.base.value(), description.entry.value(),
                        description.bootargs);
    return vm;
}

[[nodiscard]] Vcpu& build_vcpu(Vm& vm, const VmDescription& description, const VgicCaps& caps,
                               const Platform& platform) {
    Vcpu& vcpu = vcpu_storage.emplace(vm, caps);
    vcpu.irqs.map_hardware(guest_vtimer, platform.timer.vtimer.intid, Trigger::level);
    vcpu.irqs.map_hardware(guest_ptimer, platform.timer.ptimer.intid, Trigger::level);
    vcpu.distributor.emplace(vcpu.irqs, caps.generation,
                             Affinity::of_mpidr(guest_affinity(caps.generation, 0)));
    vcpu.frame.x[0] = place_guest(description).tree.base.value();
    reg::write<reg::elr_el2>(description.entry.value());
    constexpr u64 el1h_masked = 0x3c5;
    reg::write<reg::spsr_el2>(el1h_masked);
    this_cpu().vcpu = &vcpu;
    return vcpu;
}

template <class G>
[[noreturn]] void start(G gic, const Platform& platform, PackedImage image, const char* vectors) {
    require(gic.init_distributor(), "GIC");
    require(gic.init_cpu(), "GIC");
    reg::write<reg::vbar_el2>(reinterpret_cast<u64>(vectors));
    barrier::isb(); // panics from here on by this table
    const Manifest manifest = open_manifest(image);
    const VgicCaps caps = examine(gic, platform, manifest.options);
    const VmDescription& description = manifest.vms[0];
    if constexpr (is_checked_build) {
        crash_on_purpose(manifest.options.self_crash);
    }
    Vm& vm = build_vm(description, platform, image);
    Vcpu& vcpu = build_vcpu(vm, description, caps, platform);
    gic.set_enable(baton.maintenance, Enable::on); // the self-test left it disabled
    configure_el2(vm, caps.generation, caps.quirk_no_reevaluation);
    baton.console.print("doctor: entering the guest; Baton is silent from here\n");
    baton.console.flush();
    resume_frame(&enter_guest(gic, vcpu));
}

} // namespace

void start_on_v2(const Platform& platform, PackedImage image) {
    start(HostGicV2{{}, {}}, platform, image, vectors_v2);
}

void start_on_v3(const Platform& platform, PackedImage image) {
    start(HostGicV3{{}, {}}, platform, image, vectors_v3);
}

} // namespace hyp
