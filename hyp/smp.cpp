// SPDX-License-Identifier: Apache-2.0
#include "hyp/smp.hpp"

#include "drivers/gic/self_test.hpp"
#include "hyp/arch/cache.hpp"
#include "hyp/arch/mapping.hpp"
#include "hyp/arch/tables.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/base/shared_word.hpp"
#include "hyp/core/regs/hcr.hpp"
#include "hyp/el2_setup.hpp"
#include "hyp/irq.hpp"
#include "hyp/self_crash.hpp"

#include <cstring>

extern "C" {
extern const char vectors_v2[];
extern const char vectors_v3[];
extern const char secondary_entry[];
extern const char _stack_top[];
extern const char _emergency_top[];
}

namespace hyp {

namespace {

namespace reg = sysreg;

// Pages of the others, not cleared at start; the boot pCPU's is main.cpp's.
[[gnu::section(".noinit")]] PerCpu pages[max_pcpus - 1];

// Written by each pCPU for itself before it sets its bit in `arrived`, read after that.
constinit GicTarget targets[max_pcpus]{};
constinit const char* faults[max_pcpus]{};

// Bit n: pCPU n has come this far; bit 16 + n: it cannot run, and faults[n] says why. `closed`: who has
// not come is not waited for any more, and may not run.
constexpr u32 everybody = (1U << max_pcpus) - 1;
constexpr u32 failed = 1U << 16;
constexpr u32 closed = 1U << 31;
constinit SharedWord arrived{}; // litmus: content-before-mark
constinit u32 running = 1;
constinit GicGeneration generation = GicGeneration::v2;

void prepare(u32 pcpu, const PlatformCpu& cpu) {
    PerCpu* const page = &pages[pcpu - 1];
    std::memset(static_cast<void*>(page), 0, sizeof *page); // which is how the boot pCPU's begins
    page->stack_top = reinterpret_cast<u64>(_stack_top) - u64{pcpu} * HYP_STACK_SLOT;
    page->emergency_top = reinterpret_cast<u64>(_emergency_top) - u64{pcpu} * HYP_STACK_SLOT;
    page->index = pcpu;
    mapping::make_map(pcpu, page, cpu.redistributor);
    boot_blocks[pcpu].affinity = cpu.affinity;
}

// PSCI CPU_ON (DEN 0022). False: refused.
[[nodiscard]] bool cpu_on(u64 affinity, Pa entry) {
    register u64 x0 asm("x0") = 0xc400'0003;
    register u64 x1 asm("x1") = affinity;
    register u64 x2 asm("x2") = entry.value();
    register u64 x3 asm("x3") = 0;
    // SMCCC 1.0 leaves nothing of x4 to x17 (DEN 0028).
    asm volatile("smc #0"
                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                 :
                 : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
                   "x16", "x17", "memory");
    return static_cast<u32>(x0) == 0;
}

// The boot protocol's spin table: a CPU sleeps by WFE until its word is an address to go to.
void release_from_table(Pa word, Pa entry) {
    u8* const view = mapping::map_window(mapping::WindowSlot::destination, word, sizeof(u64));
    std::memcpy(view, &entry, sizeof(u64));
    cache::clean_to_poc(view, sizeof(u64));
    mapping::unmap_window(mapping::WindowSlot::destination);
    asm volatile("sev" ::: "memory");
}

// False: it will not come.
[[nodiscard]] bool start(u32 pcpu, const PlatformCpu& cpu) {
    const Pa entry = mapping::pa_in_image(secondary_entry);
    if (generation == GicGeneration::v3 && cpu.redistributor.value() == 0) {
        faults[pcpu] = "it has no redistributor";
        return false;
    }
    if (cpu.enable == CpuEnable::spin_table) {
        release_from_table(cpu.release, entry);
    } else if (!cpu_on(cpu.affinity, entry)) {
        faults[pcpu] = "PSCI does not start it";
        return false;
    }
    return true;
}

// Gives the pCPUs that have come, of those expected, after a second at most.
[[nodiscard]] u32 await(u32 expected) {
    const u64 frequency = reg::read<SysReg::cntfrq>();
    const u64 begin = reg::read<SysReg::cntpct>();
    const auto is_complete = [expected] {
        const u32 now = arrived.load();
        return ((now | now / failed) & everybody) == expected;
    };
    while (!is_complete() && reg::read<SysReg::cntpct>() - begin < frequency) {
        TargetSysReg{}.relax();
    }
    return arrived.fetch_or(closed) & everybody;
}

void report(const Platform& platform) {
    u32 count = 0;
    for (u32 n = 0; n < platform.pcpu_count; ++n) {
        if ((running >> n & 1U) != 0) {
            ++count;
            continue;
        }
        baton.console.print("doctor: CPU 0x%lx stays off: %s\n", platform.pcpus[n].affinity,
                            faults[n] != nullptr ? faults[n] : "its start does not end");
    }
    baton.console.print(
        "doctor: %u of %u CPUs run%s\n", count, platform.cpu_count,
        platform.pcpu_count == platform.cpu_count ? "" : "; 8 at most, by PSCI or a spin table");
}

// EL2's own registers of a pCPU without a vCPU: interrupts are EL2's, timers off.
void set_el2_registers(const char* vectors) {
    reg::write<reg::vbar_el2>(reinterpret_cast<u64>(vectors));
    reg::write<reg::hcr_el2>(HcrEl2{}
                                 .with<HcrEl2::Rw>(true)
                                 .with<HcrEl2::Imo>(true)
                                 .with<HcrEl2::Fmo>(true)
                                 .with<HcrEl2::Amo>(true)
                                 .raw());
    reg::write<SysReg::cnthp_ctl>(0); // UNKNOWN at reset
    configure_pcpu();
}

// Nullptr, or why this pCPU cannot run.
template <class G>
[[nodiscard]] const char* set_interrupts(G gic, u32 pcpu) {
    const Status status = gic.init_cpu();
    if (!status.ok()) {
        return status.error().reason;
    }
    for (const PIntid own : {baton.maintenance, baton.hyp_timer}) { // wherever the tree has them
        gic.take_own(own);
    }
    targets[pcpu] = gic.own_target();
    constexpr PIntid test = PIntid::sgi(8); // kicks nobody
    gic.send_sgi(targets[pcpu], test);
    const Ack ack = await_interrupt(gic, TargetSysReg{}, test);
    if (ack.is_spurious()) {
        return "its SGI does not arrive";
    }
    gic.drop_priority(ack);
    gic.deactivate(ack);
    return nullptr;
}

[[noreturn]] void stay_away() {
    for (;;) {
        asm volatile("wfi" ::: "memory");
    }
}

} // namespace

u32 running_pcpus() {
    return running;
}

const GicTarget& gic_target(u32 pcpu) {
    return targets[pcpu];
}

void start_secondaries(const Platform& platform) {
    generation = platform.gic.generation;
    targets[0] = generation == GicGeneration::v2 ? PlainGicV2{{}, {}}.own_target()
                                                 : PlainGicV3{{}, {}}.own_target();
    if (platform.cpu_count < 2) {
        return;
    }
    std::memset(boot_blocks, 0xff, sizeof boot_blocks); // no CPU has that affinity
    for (u32 n = 1; n < platform.pcpu_count; ++n) {
        prepare(n, platform.pcpus[n]);
    }
    cache::clean_to_poc(boot_blocks, sizeof boot_blocks); // ends with a DSB. litmus: pcpu-start
    u32 expected = 0;
    for (u32 n = 1; n < platform.pcpu_count; ++n) {
        expected |= start(n, platform.pcpus[n]) ? 1U << n : 0;
    }
    running |= await(expected);
    report(platform);
}

extern "C" [[noreturn]] void secondary_main(u64 pcpu);

// From boot/start.S, MMU on, on its own stack.
extern "C" [[noreturn]] void secondary_main(u64 pcpu) {
    const u32 n = static_cast<u32>(pcpu);
    mapping::drop_own_identity(n);
    const bool is_v2 = generation == GicGeneration::v2;
    set_el2_registers(is_v2 ? vectors_v2 : vectors_v3);
    join_tracing();
    faults[n] =
        is_v2 ? set_interrupts(PlainGicV2{{}, {}}, n) : set_interrupts(PlainGicV3{{}, {}}, n);
    if constexpr (is_checked_build) {
        crash_on_pcpu();
    }
    const bool fails = faults[n] != nullptr;
    if ((arrived.fetch_or((fails ? failed : 1U) << n) & closed) != 0 || fails) {
        stay_away();
    }
    run_secondary(generation);
}

} // namespace hyp
