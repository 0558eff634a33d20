// SPDX-License-Identifier: Apache-2.0
#include "hyp/start.hpp"

#include "drivers/gic/reeval_test.hpp"
#include "drivers/gic/self_test.hpp"
#include "drivers/gic/state_test.hpp"
#include "hyp/baton.hpp"
#include "hyp/build_vms.hpp"
#include "hyp/el2_setup.hpp"
#include "hyp/irq.hpp"
#include "hyp/life.hpp"
#include "hyp/pcpu.hpp"
#include "hyp/run.hpp"
#include "hyp/self_crash.hpp"
#include "hyp/smp.hpp"
#include "hyp/terminal.hpp"

#include <new>

extern "C" {
extern const char vectors_v2[];
extern const char vectors_v3[];
[[noreturn]] void resume_frame(hyp::ExitFrame* frame);
}

namespace hyp {

namespace {

namespace reg = sysreg;

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

// Their SPIs: triggered as the tree says, as urgent as the VM, sent to where its vCPU 0 is.
template <class G>
void prepare_devices(G gic) {
    for (u32 n = 0; n < machine.vm_count; ++n) {
        Vm& vm = *machine.vms[n];
        for (unsigned word = 1; word < guest_words; ++word) {
            for_each_intid(word, vm.irqs.hardware_word(word), [&](VIntid vintid) {
                const PIntid pintid = vm.irqs.pintid_of(vintid);
                gic.set_trigger(pintid, vm.irqs.word(vintid).template get<Delivery::Trig>());
                gic.set_priority(pintid, Priority{priority_of(vm.description->rank)});
                gic.route(pintid, gic_target(vm.vcpus[0]->home.load()));
            });
        }
    }
}

[[nodiscard]] const Options& read_options(PackedImage image) {
    const Manifest& manifest = *new (&far_storage().manifest) Manifest{open_manifest(image)};
    if (manifest.options.trace || manifest.options.watchdog_ms != 0) {
        start_tracing();
    }
    return manifest.options;
}

// And the other pCPUs, on which they are to run.
void make_vms(const GicFacts& facts, const VgicCaps& caps, const Platform& platform,
              PackedImage image) {
    for (u8 n = 0; n < max_pcpus; ++n) {
        (new (&pcpu(n)) Pcpu{})->number = n;
    }
    this_cpu().pcpu = &pcpu(0);
    static constinit NodePath path{};
    require(check_against_machine(far_storage().manifest, platform.pcpu_count, path), "manifest");
    start_secondaries(platform);
    constexpr u32 one_word = 5; // of active priorities
    machine.can_park =
        facts.list_registers >= parked_list_registers && facts.preemption_bits <= one_word;
    build_vms(caps, platform, image);
}

// The last step: from here on other pCPUs run, too.
void begin_all(u32 watchdog_ms) {
    if (watchdog_ms != 0) {
        start_watchdog(watchdog_ms);
    }
    for (u32 n = 0; n < machine.vm_count; ++n) {
        if (machine.vms[n]->description->off) {
            static_cast<void>(machine.ended.fetch_or(1U << n));
            machine.vms[n]->state.store(static_cast<u32>(VmState::off));
        } else {
            begin_vm(*machine.vms[n]);
        }
    }
    machine.ready.store(1);
    asm volatile("dsb ishst\n\tsev" ::: "memory"); // the others see it. litmus: pcpu-start
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
    const Options& options = read_options(image);
    const VgicCaps caps = examine(gic, platform, options);
    if constexpr (is_checked_build) {
        crash_on_purpose(options.self_crash);
    }
    make_vms(gic.facts(), caps, platform, image);
    prepare_devices(gic);
    configure_pcpu();
    gic.set_enable(baton.maintenance, Enable::on); // the self-test left it disabled
    baton.console.print("doctor: entering the guest; Baton is silent from here\n");
    baton.console.flush();
    if (const Vcpu* host = open_terminal(platform.uart, options.hot_key)) {
        const WiredInterrupt& wired = platform.uart.interrupt;
        gic.set_trigger(wired.intid, wired.trigger);
        gic.set_priority(wired.intid, Priority{priority_of(host->rank)});
        gic.route(wired.intid, gic_target(host->home.load()));
        gic.set_enable(wired.intid, Enable::on);
        baton.console.share();
    }
    gic.set_enable(baton.hyp_timer, Enable::on); // silent until it is armed
    begin_all(options.watchdog_ms);
    resume_frame(&resume(TracedGic<G, TraceSink>{gic}));
}

template <class G>
[[noreturn]] void join(G gic) {
    while (machine.ready.load() == 0) {
        asm volatile("wfe" ::: "memory");
    }
    this_cpu().pcpu = &pcpu(this_cpu().index);
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
