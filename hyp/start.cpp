// SPDX-License-Identifier: Apache-2.0
#include "hyp/start.hpp"

#include "drivers/gic/reeval_test.hpp"
#include "drivers/gic/self_test.hpp"
#include "drivers/gic/state_test.hpp"
#include "hyp/arch/mapping.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/core/regs/spsr.hpp"
#include "hyp/el2_setup.hpp"
#include "hyp/irq.hpp"
#include "hyp/passthrough.hpp"
#include "hyp/self_crash.hpp"
#include "hyp/smp.hpp"

#include <optional>

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

// Empty until built, so that they take no room in the image.
constinit std::optional<Vm> vm_storage{};
constinit std::optional<Vcpu> vcpu_storage{};

void require(const Status& status, const char* what) {
    if (!status.ok()) {
        const char* where = status.error().where;
        refuse("%s: %s%s%s", what, where, where[0] != '\0' ? ": " : "", status.error().reason);
    }
}

[[nodiscard]] Manifest open_manifest(PackedImage image) {
    static constinit NodePath path{};
    const Result<Manifest> manifest = read_packed_manifest(image, path);
    require(manifest.ok() ? Status{Done{}} : Status{manifest.error()}, "manifest");
    return manifest.value();
}

// Runs the self-tests that this GIC needs and reports them.
[[nodiscard]] bool missing_reevaluation(PlainGicV2 gic, const Platform& platform) {
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
[[nodiscard]] bool missing_reevaluation(PlainGicV3 /*gic*/, const Platform& /*platform*/) {
    return false;
}

// What the self-tests of a GIC found.
struct SelfTests {
    bool hyp_timer;
    bool maintenance;
    bool missing_reevaluation;
    bool spi_stays_active = false;
    bool ppi_stays_idle = false;
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
    if (tests.spi_stays_active) {
        report_quirk("gicv2-spi-active-per-cpu", true, "EL2 ends SPIs that a guest made active");
    }
    if (tests.ppi_stays_idle) {
        report_quirk("gicv2-no-ppi-set-pending", true, "PPIs made pending are marked active");
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
            .quirk_spi_active_per_cpu = tests.spi_stays_active,
            .guest_group = generation == GicGeneration::v2 ? Group::group0 : Group::group1};
}

template <class G>
[[nodiscard]] VgicCaps examine(G gic, const Platform& platform, const Options& options) {
    const GicFacts facts = gic.facts();
    report_gic(platform, facts);
    SelfTests tests{.hyp_timer = hyp_timer_arrives(gic, TargetSysReg{}, platform.timer.hyp.intid),
                    .maintenance = maintenance_arrives(gic, TargetSysReg{}, baton.maintenance),
                    .missing_reevaluation = missing_reevaluation(gic, platform)};
    if constexpr (G::generation == GicGeneration::v2) {
        // No device has the last SPI, or its line is not looked at yet.
        tests.spi_stays_active = spi_stays_active(gic, TargetSysReg{}, PIntid{facts.intids - 1U});
        tests.ppi_stays_idle = ppi_stays_idle(gic, TargetSysReg{}, platform.timer.hyp.intid);
    }
    return judge_gic(platform.gic.generation, facts, tests, options);
}

[[nodiscard]] Vm& build_vm(const VmDescription& description, const VgicCaps& caps,
                           const Platform& platform, PackedImage image) {
    const u32 bits = ipa_bits(reg::read<reg::id_aa64mmfr0_el1>() & 0xf);
    Vm& vm = vm_storage.emplace(platform.gic.generation, caps);
    vm.label = description.label;
    const Result<PaRange> ram = take_ram(description, platform, image);
    if (!ram.ok()) {
        refuse("VM %s: %s (%lu MiB wanted)", description.label, ram.error().reason,
               description.memory / mib);
    }
    vm.ram = ram.value();
    const Pa tables = mapping::pa_in_image(stage2_storage.words);
    vm.stage2 = Stage2{{stage2_storage.words, tables, stage2_pages}, bits};
    require(map_guest(vm, platform), description.label);
    require(load_guest(vm, description, image, platform.gic.generation), description.label);
    read_id_registers(vm, platform.gic.generation, bits);
    baton.console.print("doctor: VM %s: %lu MiB at 0x%lx, entry 0x%lx, \"%s\"\n", description.label,
                        description.memory / mib, vm.ram.base.value(), description.entry.value(),
                        description.bootargs);
    if (description.dma_trusted) {
        baton.console.print("doctor: VM %s is dma-trusted: its devices reach all memory; isolation "
                            "does not hold for it\n",
                            description.label);
    }
    return vm;
}

[[nodiscard]] Vcpu& build_vcpu(Vm& vm, const VmDescription& description, const VgicCaps& caps,
                               const Platform& platform) {
    Vcpu& vcpu = vcpu_storage.emplace(vm, VcpuIndex{0}, caps);
    vcpu.irqs.map_hardware(guest_vtimer, platform.timer.vtimer.intid, Trigger::level);
    vcpu.irqs.map_hardware(guest_ptimer, platform.timer.ptimer.intid, Trigger::level);
    vm.distributor.attach(vcpu.irqs, vcpu.affinity);
    vcpu.frame.x[0] = place_guest(description).tree.base.value();
    reg::write<reg::elr_el2>(description.entry.value());
    reg::write<reg::spsr_el2>(spsr_vcpu_reset.raw());
    this_cpu().vcpu = &vcpu;
    return vcpu;
}

template <class G>
[[noreturn]] void start(G gic, const Platform& platform, PackedImage image, const char* vectors) {
    require(gic.init_distributor(), "GIC");
    require(gic.init_cpu(), "GIC");
    gic.set_priority(baton.maintenance, own_priority); // wherever the tree has them
    baton.hyp_timer = platform.timer.hyp.intid;
    gic.set_priority(baton.hyp_timer, own_priority);
    reg::write<reg::vbar_el2>(reinterpret_cast<u64>(vectors));
    barrier::isb(); // panics from here on by this table
    const Manifest manifest = open_manifest(image);
    if (manifest.options.trace || manifest.options.watchdog_ms != 0) {
        start_tracing();
    }
    const VgicCaps caps = examine(gic, platform, manifest.options);
    const VmDescription& description = manifest.vms[0];
    if constexpr (is_checked_build) {
        crash_on_purpose(manifest.options.self_crash);
    }
    Vm& vm = build_vm(description, caps, platform, image);
    Vcpu& vcpu = build_vcpu(vm, description, caps, platform);
    description.devices.for_each([&](DeviceId id) {
        const WiredInterrupt interrupt = give_device(vcpu, description, platform, id);
        gic.set_trigger(interrupt.intid, interrupt.trigger);
    });
    gic.set_enable(baton.maintenance, Enable::on); // the self-test left it disabled
    configure_el2(vm, caps.generation, caps.quirk_no_reevaluation ? WfiTrap::yes : WfiTrap::no);
    start_secondaries(platform);
    baton.console.print("doctor: entering the guest; Baton is silent from here\n");
    baton.console.flush();
    gic.set_enable(baton.hyp_timer, Enable::on); // silent until the watchdog arms it
    if (manifest.options.watchdog_ms != 0) {
        start_watchdog(vcpu, manifest.options.watchdog_ms);
    }
    resume_frame(&enter_guest(TracedGic<G, TraceSink>{gic}, vcpu));
}

} // namespace

void start_on_v2(const Platform& platform, PackedImage image) {
    start(PlainGicV2{{}, {}}, platform, image, vectors_v2);
}

void start_on_v3(const Platform& platform, PackedImage image) {
    start(PlainGicV3{{}, {}}, platform, image, vectors_v3);
}

} // namespace hyp
