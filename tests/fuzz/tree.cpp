// SPDX-License-Identifier: Apache-2.0
// Fuzz target: the machine's device tree. Whatever the bytes are, read_platform() reads or refuses
// them, reads nothing else, and what it hands out is fit for use without further checks.
//
// The first byte: 0 a tree as it lies in memory, 1 a program for TreeMaker.
#include "hyp/platform/platform.hpp"
#include "tests/fuzz/tree_maker.hpp"

using namespace hyp;
using fuzz::require;

namespace {

// Properties and nodes that the reader looks for; index = place in a program.
constexpr const char* names[] = {
    "#address-cells", "#size-cells", "#interrupt-cells", "#redistributor-regions", "compatible",
    "cpu-release-addr", "device_type", "enable-method", "interrupt-parent", "interrupts", "method",
    "model", "phandle", "ranges", "redistributor-stride", "reg", "status", "stdout-path",
    // nodes
    "cpus", "reserved-memory", "chosen", "aliases", "soc", "memory@0", "cpu@0", "psci", "timer",
    "intc@8000000", "serial@9000000", "uart@1000", "serial0", "bus@1", "x"};

[[nodiscard]] bool is_sane(PaRange range) {
    return range.size == 0 || range.base.value() + (range.size - 1) >= range.base.value();
}

void check_interrupt(const WiredInterrupt& interrupt) {
    require(!interrupt.present || interrupt.intid.is_ppi() || interrupt.intid.is_spi(),
            "a wired interrupt is a PPI or an SPI");
}

void check_gic(const PlatformGic& gic) {
    require(gic.gicr_count <= PlatformGic::max_redistributor_regions, "count of GICR regions");
    for (const PaRange& range : {gic.gicd, gic.gicc, gic.gich, gic.gicv}) {
        require(is_sane(range), "a GIC frame that wraps");
    }
    for (u32 n = 0; n < gic.gicr_count; ++n) {
        require(is_sane(gic.gicr[n]), "a GICR region that wraps");
    }
    check_interrupt(gic.maintenance);
}

void check(const Platform& platform) {
    require(platform.ram_count <= Platform::max_ram, "count of RAM ranges");
    require(platform.reserved_count <= Platform::max_reserved, "count of reserved ranges");
    require(platform.cpu_count <= Platform::max_cpus, "count of CPUs");
    for (u32 n = 0; n < platform.ram_count; ++n) {
        require(platform.ram[n].size != 0 && is_sane(platform.ram[n]), "RAM that wraps");
    }
    for (u32 n = 0; n < platform.reserved_count; ++n) {
        require(platform.reserved[n].size != 0 && is_sane(platform.reserved[n]),
                "a reserved range that wraps");
    }
    for (u32 n = 0; n < platform.cpu_count; ++n) {
        require((platform.cpus[n].affinity & ~u64{0xff'00ff'ffff}) == 0, "affinity bits");
    }
    require(std::memchr(platform.model, 0, sizeof platform.model) != nullptr, "model ends");
    require(std::memchr(platform.uart.compatible, 0, sizeof platform.uart.compatible) != nullptr,
            "the UART's name ends");
    require(platform.uart.kind == UartKind::none ||
                (platform.uart.frame.size != 0 && is_sane(platform.uart.frame)),
            "a UART that was chosen has a frame");
    for (const WiredInterrupt& interrupt :
         {platform.timer.secure, platform.timer.ptimer, platform.timer.vtimer, platform.timer.hyp,
          platform.uart.interrupt}) {
        check_interrupt(interrupt);
    }
    check_gic(platform.gic);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fuzz::Input input{data, size};
    const bool made = (input.byte() & 1U) != 0;
    const fuzz::Bytes tree = made ? fuzz::TreeMaker{names}.make(input) : input.rest();
    if (tree.size() > fuzz::Places::limit) {
        return -1;
    }
    const fuzz::Places places{tree};
    const Pa at{0x4000'0000};
    const Result<Platform> first = read_platform(places.heap(), places.size(), at);
    const Result<Platform> second = read_platform(places.guarded(), places.size(), at);
    require(first.ok() == second.ok() &&
                (first.ok() || std::strcmp(first.error().reason, second.error().reason) == 0),
            "the verdict depends on where the tree lies");
    if (first.ok()) {
        check(first.value());
    }
    return 0;
}
