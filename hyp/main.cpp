// SPDX-License-Identifier: Apache-2.0
// The composition root: what is known of the machine is put together here, in the order in which it
// becomes known, and handed to start.cpp. Silence is the one failure that is not allowed: whatever
// is missing is said on the console as soon as there is one.
#include "boot/el3.h"
#include "hyp/arch/mapping.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/regs/gicr.hpp"
#include "hyp/doctor.hpp"
#include "hyp/move.hpp"
#include "hyp/platform/pcpus.hpp"
#include "hyp/start.hpp"
#include "hyp/tree_search.hpp"

#include <cstring>

extern "C" {
extern const char _image_start[];
extern const char _stack_top[];
extern const char _emergency_top[];
}

namespace hyp {

constinit Baton baton{};

namespace {

constinit PerCpu boot_percpu{};

// The arm64 Image header's image_size: rewritten by the packer to cover what follows.
[[nodiscard]] u64 image_size_from_header() {
    constexpr u64 image_size_offset = 16;
    u64 size = 0;
    std::memcpy(&size, _image_start + image_size_offset, sizeof size);
    return size;
}

void set_up_percpu() {
    mapping::map_percpu(&boot_percpu);
    PerCpu& cpu = this_cpu();
    cpu.stack_top = reinterpret_cast<u64>(_stack_top);
    cpu.emergency_top = reinterpret_cast<u64>(_emergency_top);
}

void open_console(Pa uart) {
    mapping::map_device_page(HYP_UART_VA, uart);
    baton.console.open();
}

// A voice for the sentence that there is no tree to read; the way off is what such machines have.
void open_fallback_console() {
    if (find_fallback_console().machine != nullptr) {
        baton.console.open();
        baton.conduit = Conduit::smc;
    }
}

[[noreturn]] void refuse_without_tree(const FoundTree& found, u64 x0) {
    open_fallback_console();
    refuse(
        "%s device tree (x0 was 0x%lx): boot the flat image with a tree in x0, e.g. QEMU -kernel "
        "NAME.img or U-Boot booti",
        found.broken_seen ? "only a broken" : "no", x0);
}

[[nodiscard]] Platform read_machine(u64 x0, Pa image, FoundTree& found) {
    found = find_tree(x0, image);
    if (found.bytes == nullptr) {
        refuse_without_tree(found, x0);
    }
    const Result<Platform> platform = read_platform(found.bytes, found.limit, found.range.base);
    mapping::unmap_window(mapping::WindowSlot::source);
    if (!platform.ok()) {
        open_fallback_console();
        refuse("broken device tree at 0x%lx: %s", found.range.base.value(),
               platform.error().reason);
    }
    return platform.value();
}

// Frames become descriptors of EL2's map: an address that is no page's would change their rights.
void check_frames(const Platform& platform) {
    const PlatformGic& gic = platform.gic;
    u64 all = gic.gicd.base.value() | gic.gicc.base.value() | gic.gich.base.value() |
              gic.gicv.base.value();
    for (u32 region = 0; region < gic.gicr_count; ++region) {
        all |= gic.gicr[region].base.value();
    }
    if (all >> 48 != 0 || all % stage1::page_size != 0) {
        refuse("the device tree gives a GIC frame that is no page below 2^48");
    }
}

void check_machine(const Platform& platform) {
    constexpr u64 e2h = u64{1} << 34;
    if ((sysreg::read<sysreg::hcr_el2>() & e2h) != 0) {
        refuse("this CPU's HCR_EL2.E2H cannot be cleared, and Baton knows only E2H=0");
    }
    const PlatformGic& gic = platform.gic;
    if (!gic.present) {
        refuse("the device tree names no GICv2 or GICv3, and Baton knows no other controller");
    }
    check_frames(platform);
    if (gic.generation == GicGeneration::v2 && gic.gicv.size == 0) {
        refuse("the GICv2 in the device tree has no virtual CPU interface (GICH and GICV regions)");
    }
    const bool timers = platform.timer.hyp.present && platform.timer.ptimer.present;
    if (!gic.maintenance.present || !timers) {
        refuse("the device tree gives no interrupt for %s",
               timers ? "GIC maintenance" : "the hypervisor or physical timer");
    }
    if (!platform.timer.vtimer.present || platform.timer.vtimer.intid != host_vtimer) {
        refuse("the virtual timer's interrupt is not PPI 11 (INTID 27)");
    }
    if (platform.ram_count == 0) {
        refuse("the device tree names no memory");
    }
}

void find_pcpus(Platform& platform, u64 exception_level) {
    choose_pcpus(platform, sysreg::read<sysreg::mpidr_el1>() & mpidr_affinity);
    if (exception_level == 3) {
        platform.pcpu_count = 1; // the others sleep in boot/el3.S
    }
}

// GICR_TYPER of the redistributor at `frame`.
[[nodiscard]] GicrTyper ask_redistributor(Pa frame) {
    mapping::map_device_page(HYP_GICR_VA, frame);
    const GicrTyper typer{TargetMmio{}.read64<Frame::gicr_rd>(offset(GicrReg::typer))};
    mapping::unmap_device_page(HYP_GICR_VA);
    return typer;
}

// The redistributor at `frame` belongs to the pCPU of this affinity. True when it was the last one
// that any pCPU still lacked.
[[nodiscard]] bool give_redistributor(Platform& platform, Pa frame, u32 affinity) {
    bool complete = true;
    for (u32 n = 0; n < platform.pcpu_count; ++n) {
        PlatformCpu& cpu = platform.pcpus[n];
        const u64 own = (cpu.affinity >> 8 & 0xff00'0000) | (cpu.affinity & 0xff'ffff);
        if (own == affinity) {
            cpu.redistributor = frame;
        }
        complete = complete && cpu.redistributor.value() != 0;
    }
    return complete;
}

// The RD_base frames of all pCPUs: those whose GICR_TYPER holds their affinity (IHI 0069). Frames of
// a region follow each other up to the one marked Last.
void find_redistributors(Platform& platform) {
    const PlatformGic& gic = platform.gic;
    for (u32 region = 0; region < gic.gicr_count; ++region) {
        u64 stride = gic.gicr_stride;
        for (Pa frame = gic.gicr[region].base; frame < gic.gicr[region].end();
             frame = frame + stride) {
            const GicrTyper typer = ask_redistributor(frame);
            if (give_redistributor(platform, frame, typer.get<GicrTyper::Affinity>())) {
                return;
            }
            if (typer.get<GicrTyper::Last>()) {
                break;
            }
            if (gic.gicr_stride == 0) {
                stride = typer.get<GicrTyper::Vlpis>() ? 256 * kib : 128 * kib;
            }
        }
    }
}

// Gives the boot pCPU's redistributor's physical address, or none on GICv2.
[[nodiscard]] Pa map_gic(Platform& platform) {
    const PlatformGic& gic = platform.gic;
    constexpr u64 page = stage1::page_size;
    mapping::map_device(HYP_GICD_VA, gic.gicd.base, gic.gicd.size < 64 * kib ? page : 64 * kib);
    if (gic.generation == GicGeneration::v2) {
        mapping::map_device(HYP_GICC_VA, gic.gicc.base, 2 * page);
        mapping::map_device(HYP_GICH_VA, gic.gich.base, page);
        mapping::map_device(HYP_GICV_VA, gic.gicv.base, 2 * page);
        return Pa{};
    }
    find_redistributors(platform);
    const Pa redistributor = platform.pcpus[0].redistributor;
    if (redistributor.value() == 0) {
        refuse("no GIC redistributor answers for this CPU (affinity 0x%lx)",
               platform.pcpus[0].affinity);
    }
    mapping::map_device(HYP_GICR_VA, redistributor, HYP_GICR_SIZE);
    return redistributor;
}

// Entered at EL3: the resident code there opens the GIC's secure half (boot/el3.S).
void open_secure_gic(const PlatformGic& gic, Pa redistributor, Pa image) {
    register u64 x0 asm("x0") = EL3_OPEN_GIC;
    register u64 x1 asm("x1") = gic.gicd.base.value();
    register u64 x2 asm("x2") = redistributor.value();
    register u64 x3 asm("x3") = gic.gicc.base.value();
    register u64 x4 asm("x4") = image.value();
    asm volatile("smc #0"
                 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4)
                 :
                 : "x5", "x6", "x7", "x8", "x9", "memory");
    if (x0 != 0) {
        refuse("the resident EL3 code did not open the GIC");
    }
}

} // namespace

extern "C" void hyp_main(u64 x0, u64 entry_word, u64 image);

// From boot/start.S, at the virtual address, MMU on, .bss clear. `x0` is what firmware left there,
// `entry_word` an EntryWord (hyp/move.hpp), `image` the physical address of the image.
extern "C" void hyp_main(u64 x0, u64 entry_word, u64 image) {
    const EntryWord entry{entry_word};
    const u64 exception_level = entry.level();
    mapping::set_image_pa(Pa{image});
    mapping::set_regime(exception_level == 1 ? Regime::el1 : Regime::el2);
    set_up_percpu();
    mapping::drop_identity();
    FoundTree found;
    Platform platform = read_machine(x0, Pa{image}, found);
    const PackedImage packed{Pa{image}, image_size_from_header()};
    if (exception_level != 1) {
        move_out_of_the_way(platform, packed, found.range, entry);
        forget_old_image(entry);
    }
    baton.conduit = platform.conduit;
    baton.maintenance = platform.gic.maintenance.intid;
    const Pa uart = platform.uart.frame.base;
    if (platform.uart.kind == UartKind::pl011 && uart.is_aligned(stage1::page_size) &&
        uart.value() >> 48 == 0) {
        open_console(uart);
    }
    if (exception_level == 1) {
        refuse("entered at EL1, but a hypervisor needs EL2: start QEMU with -M "
               "virt,virtualization=on; in U-Boot use booti, not go");
    }
    report_boot({exception_level, Pa{image}, found.range, found.source}, platform);
    report_cpu(platform);
    report_machine(platform);
    check_machine(platform);
    find_pcpus(platform, exception_level);
    const Pa redistributor = map_gic(platform);
    if (exception_level == 3) {
        open_secure_gic(platform.gic, redistributor, Pa{image});
    }
    if (platform.gic.generation == GicGeneration::v2) {
        start_on_v2(platform, packed);
    }
    start_on_v3(platform, packed);
}

} // namespace hyp
