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
#include "hyp/life.hpp"
#include "hyp/passthrough.hpp"
#include "hyp/pcpu.hpp"
#include "hyp/run.hpp"
#include "hyp/self_crash.hpp"
#include "hyp/smp.hpp"

#include <new>

extern "C" {
extern const char vectors_v2[];
extern const char vectors_v3[];
[[noreturn]] void resume_frame(hyp::ExitFrame* frame);
}

namespace hyp {

namespace {

namespace reg = sysreg;

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

// Memory that VMs cannot have: the image, and what earlier VMs have got.
struct TakenRam {
    PaRange ranges[1 + max_vms]{};
    u32 count = 0;
    void add(PaRange range) { ranges[count++] = range; }
    [[nodiscard]] std::span<const PaRange> all() const { return {ranges, count}; }
};

void give_ram(Vm& vm, const Platform& platform, TakenRam& taken) {
    const VmDescription& description = *vm.description;
    const Result<PaRange> ram = take_ram(description, platform, taken.all());
    if (!ram.ok()) {
        refuse("VM %s: %s (%lu MiB wanted)", description.label, ram.error().reason,
               description.memory / mib);
    }
    vm.ram = ram.value();
    taken.add(vm.ram);
}

// The VM whose number is `n`, with its memory, payloads and devices, but without vCPUs.
[[nodiscard]] Vm& build_vm(u8 n, const VgicCaps& caps, const Platform& platform, PackedImage image,
                           TakenRam& taken) {
    const VmDescription& description = far_storage().manifest.vms[n];
    const u32 bits = ipa_bits(reg::read<reg::id_aa64mmfr0_el1>() & 0xf);
    Vm& vm = *new (far_storage().vms[n]) Vm{n, description, platform.gic.generation, caps};
    give_ram(vm, platform, taken);
    u64* tables = far_storage().stage2[n];
    vm.stage2 = Stage2{{tables, mapping::pa_in_image(tables), stage2_pages}, bits};
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

// Deals vCPUs out to pCPUs.
struct Homes {
    u32 running;              // pCPUs, bit each
    u32 next = 0;             // gets the next vCPU, if that may run there
    u8 may_have[max_pcpus]{}; // vCPUs of each pCPU

    [[nodiscard]] u32 choose(PcpuSet set) {
        const u32 allowed = set.is_empty() ? running : running & set.bits;
        if (allowed == 0) {
            refuse("a vCPU may only run on pCPUs (mask 0x%x) that did not start", set.bits);
        }
        while ((allowed >> next & 1U) == 0) {
            next = (next + 1) % max_pcpus;
        }
        const u32 home = next;
        next = (next + 1) % max_pcpus;
        return home;
    }
};

void build_vcpu(Vm& vm, u8 number, const VgicCaps& caps, const Platform& platform, Homes& homes) {
    const VcpuSlot slot{static_cast<u8>(machine.vcpu_count++)};
    Vcpu& vcpu = *new (far_storage().vcpus[slot.value]) Vcpu{vm, VcpuIndex{number}, slot, caps};
    vcpu.irqs.map_hardware(guest_vtimer, platform.timer.vtimer.intid, Trigger::level);
    vcpu.irqs.map_hardware(guest_ptimer, platform.timer.ptimer.intid, Trigger::level);
    vm.distributor.attach(vcpu.irqs, vcpu.affinity);
    vm.vcpus[number] = &vcpu;
    machine.vcpus[slot.value] = &vcpu;
    const u32 home = homes.choose(vm.description->pcpus[number]);
    vcpu.home.store(home);
    ++homes.may_have[home];
    const u64 slice =
        reg::read<static_cast<u32>(SysReg::cntfrq)>() * vm.description->slice_us / 1'000'000;
    pcpu(home).scheduler.attach(slot, vcpu.rank, slice);
}

// A lone vCPU waits in hardware; others must let the pCPU go.
void confine(Vm& vm, const VgicCaps& caps, const Homes& homes) {
    constexpr u16 first_vmid = 1;
    for (u32 n = 0; n < vm.irqs.vcpus(); ++n) {
        Vcpu& vcpu = *vm.vcpus[n];
        const bool lone = homes.may_have[vcpu.home.load()] == 1 && !caps.quirk_no_reevaluation;
        vcpu.confinement = confinement_of(vm, static_cast<u16>(first_vmid + vm.number),
                                          caps.generation, n, lone ? WfiTrap::no : WfiTrap::yes);
    }
}

template <class G>
void give_devices(G gic, Vm& vm, const Platform& platform) {
    vm.description->devices.for_each([&](DeviceId id) {
        const WiredInterrupt interrupt = give_device(*vm.vcpus[0], *vm.description, platform, id);
        gic.set_trigger(interrupt.intid, interrupt.trigger);
        gic.set_priority(interrupt.intid, Priority{priority_of(vm.description->rank)});
        machine.spi_owner[interrupt.intid.value() - 32] = &vm;
    });
}

template <class G>
void build_vms(G gic, const VgicCaps& caps, const Platform& platform, PackedImage image) {
    const Manifest& manifest = far_storage().manifest;
    Homes homes{running_pcpus()};
    TakenRam taken;
    taken.add({image.base, image.size});
    machine.vm_count = manifest.vm_count;
    for (u8 n = 0; n < manifest.vm_count; ++n) {
        Vm& vm = build_vm(n, caps, platform, image, taken);
        machine.vms[n] = &vm;
        for (u8 vcpu = 0; vcpu < vm.irqs.vcpus(); ++vcpu) {
            build_vcpu(vm, vcpu, caps, platform, homes);
        }
        give_devices(gic, vm, platform);
    }
    for (u32 n = 0; n < machine.vm_count; ++n) {
        confine(*machine.vms[n], caps, homes);
    }
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
    Manifest& manifest = *new (&far_storage().manifest) Manifest{open_manifest(image)};
    if (manifest.options.trace || manifest.options.watchdog_ms != 0) {
        start_tracing();
    }
    const VgicCaps caps = examine(gic, platform, manifest.options);
    if constexpr (is_checked_build) {
        crash_on_purpose(manifest.options.self_crash);
    }
    for (u8 n = 0; n < max_pcpus; ++n) {
        (new (&pcpu(n)) Pcpu{})->number = n;
    }
    static constinit NodePath path{};
    require(check_against_machine(manifest, platform.pcpu_count, path), "manifest");
    start_secondaries(platform);
    build_vms(gic, caps, platform, image);
    configure_pcpu();
    gic.set_enable(baton.maintenance, Enable::on); // the self-test left it disabled
    baton.console.print("doctor: entering the guest; Baton is silent from here\n");
    baton.console.flush();
    gic.set_enable(baton.hyp_timer, Enable::on); // silent until it is armed
    if (manifest.options.watchdog_ms != 0) {
        start_watchdog(manifest.options.watchdog_ms);
    }
    for (u32 n = 0; n < machine.vm_count; ++n) {
        if (machine.vms[n]->description->off) {
            static_cast<void>(machine.ended.fetch_or(1U << n));
        } else {
            begin_vm(*machine.vms[n]);
        }
    }
    machine.ready.store(1);
    asm volatile("dsb ishst\n\tsev" ::: "memory"); // the others see it when they wake
    resume_frame(&resume(TracedGic<G, TraceSink>{gic}));
}

template <class G>
[[noreturn]] void join(G gic) {
    while (machine.ready.load() == 0) {
        asm volatile("wfe" ::: "memory");
    }
    configure_pcpu();
    resume_frame(&resume(TracedGic<G, TraceSink>{gic}));
}

} // namespace

void start_on_v2(const Platform& platform, PackedImage image) {
    start(PlainGicV2{{}, {}}, platform, image, vectors_v2);
}

void start_on_v3(const Platform& platform, PackedImage image) {
    start(PlainGicV3{{}, {}}, platform, image, vectors_v3);
}

void run_secondary(GicGeneration generation) {
    if (generation == GicGeneration::v2) {
        join(PlainGicV2{{}, {}});
    }
    join(PlainGicV3{{}, {}});
}

} // namespace hyp
