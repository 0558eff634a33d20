// SPDX-License-Identifier: Apache-2.0
// Trees of real machines, every field against what a person read in them (dtc -I dtb -O dts).
#include "hyp/platform/pcpus.hpp"
#include "tests/trees/tree_bytes.hpp"

#include <string_view>

using namespace hyp;
using namespace std::string_view_literals;

namespace {

constexpr Pa tree_at{0x4400'0000};

Platform platform_of(const trees::Bytes& bytes) {
    trees::Guarded guarded{bytes.size()};
    const Result<Platform> read =
        read_platform(guarded.hold(bytes.data(), bytes.size()), bytes.size(), tree_at);
    INFO(read.error().reason);
    REQUIRE(read.ok());
    return read.value();
}

void check_range(PaRange range, u64 base, u64 size) {
    CHECK(range.base.value() == base);
    CHECK(range.size == size);
}

void check_interrupt(const WiredInterrupt& interrupt, PIntid intid) {
    CHECK(interrupt.present);
    CHECK(interrupt.intid.value() == intid.value());
    CHECK(interrupt.trigger == Trigger::level);
}

// Every machine here has Arm's recommended PPIs.
void check_timer(const Platform& platform) {
    check_interrupt(platform.timer.secure, PIntid{29});
    check_interrupt(platform.timer.ptimer, PIntid{30});
    check_interrupt(platform.timer.vtimer, PIntid{27});
    check_interrupt(platform.timer.hyp, PIntid{26});
    check_interrupt(platform.gic.maintenance, PIntid{25});
}

void check_cpus(const Platform& platform, u32 count, CpuEnable enable) {
    REQUIRE(platform.cpu_count == count);
    for (u32 n = 0; n < count; ++n) {
        CHECK(platform.cpus[n].affinity == n);
        CHECK(platform.cpus[n].enable == enable);
    }
}

// CPU 0 boots; whom it can start.
void check_pcpus(Platform platform, u32 count) {
    choose_pcpus(platform, 0);
    REQUIRE(platform.pcpu_count == count);
    for (u32 n = 0; n < count; ++n) {
        CHECK(platform.pcpus[n].affinity == n);
        CHECK(platform.pcpus[n].release == (n == 0 ? Pa{} : platform.cpus[n].release));
    }
}

void check_no_v2(const PlatformGic& gic) {
    CHECK(gic.gicc.size == 0);
    CHECK(gic.gich.size == 0);
    CHECK(gic.gicv.size == 0);
}

// Transports of 0x200 bytes, in the order of their addresses, each with its own rising edge.
void check_virtio(const Platform& platform, u32 count, u64 base, PIntid first) {
    REQUIRE(platform.virtio_count == count);
    for (u32 n = 0; n < count; ++n) {
        check_range(platform.devices[n].frame, base + 0x200 * n, 0x200);
        CHECK(platform.devices[n].interrupt.present);
        CHECK(platform.devices[n].interrupt.intid.value() == first.value() + n);
        CHECK(platform.devices[n].interrupt.trigger == Trigger::edge);
    }
}

void check_virt(const Platform& platform, u32 cpus) {
    CHECK(platform.model == "linux,dummy-virt"sv);
    REQUIRE(platform.ram_count == 1);
    check_range(platform.ram[0], 0x4000'0000, 0x4000'0000);
    REQUIRE(platform.reserved_count == 1);
    CHECK(platform.reserved[0].base == tree_at);
    // QEMU names an enable-method only where there is a CPU to be enabled.
    check_cpus(platform, cpus, cpus == 1 ? CpuEnable::none : CpuEnable::psci);
    check_timer(platform);
    CHECK(platform.uart.kind == UartKind::pl011);
    CHECK(platform.uart.compatible == "arm,pl011"sv);
    check_range(platform.uart.frame, 0x0900'0000, 0x1000);
    check_interrupt(platform.uart.interrupt, PIntid{33});
    CHECK(platform.gic.present);
    check_range(platform.gic.gicd, 0x0800'0000, 0x1'0000);
    check_range(platform.devices[33].frame, 0x0901'0000, 0x1000);
    check_interrupt(platform.devices[33].interrupt, PIntid{34});
    check_virtio(platform, 32, 0x0a00'0000, PIntid{48});
}

} // namespace

TEST_CASE("QEMU virt with GICv2", "[platform]") {
    for (const u32 cpus : {1U, 4U}) {
        const Platform platform = platform_of(trees::machine("virt-v2-smp" + std::to_string(cpus)));
        check_virt(platform, cpus);
        CHECK(platform.gic.generation == GicGeneration::v2);
        check_range(platform.gic.gicc, 0x0801'0000, 0x2000);
        check_range(platform.gic.gich, 0x0803'0000, 0x1000);
        check_range(platform.gic.gicv, 0x0804'0000, 0x2000);
        CHECK(platform.gic.gicr_count == 0);
        CHECK(platform.conduit == Conduit::smc);
        check_pcpus(platform, cpus);
    }
}

TEST_CASE("QEMU virt with GICv3", "[platform]") {
    for (const u32 cpus : {1U, 4U}) {
        const Platform platform = platform_of(trees::machine("virt-v3-smp" + std::to_string(cpus)));
        check_virt(platform, cpus);
        CHECK(platform.gic.generation == GicGeneration::v3);
        check_no_v2(platform.gic);
        REQUIRE(platform.gic.gicr_count == 1);
        check_range(platform.gic.gicr[0], 0x080a'0000, 0xf6'0000);
        CHECK(platform.gic.gicr_stride == 0);
        CHECK(platform.conduit == Conduit::smc);
    }
}

TEST_CASE("QEMU virt with EL3: secure memory and the secure UART are not ours", "[platform]") {
    const Platform platform = platform_of(trees::machine("virt-secure"));
    check_virt(platform, 2);
    CHECK(platform.gic.generation == GicGeneration::v3);
    CHECK(platform.conduit == Conduit::none);
    check_pcpus(platform, 1);
}

TEST_CASE("QEMU xlnx-versal-virt", "[platform]") {
    const Platform platform = platform_of(trees::machine("versal-virt"));
    CHECK(platform.model == "Xilinx Versal Virtual development board"sv);
    REQUIRE(platform.ram_count == 1);
    check_range(platform.ram[0], 0, 0x800'0000);
    CHECK(platform.reserved_count == 1);
    check_cpus(platform, 2, CpuEnable::none);
    check_pcpus(platform, 1);
    CHECK(platform.gic.present);
    CHECK(platform.gic.generation == GicGeneration::v3);
    check_range(platform.gic.gicd, 0xf900'0000, 0x1'0000);
    check_no_v2(platform.gic);
    REQUIRE(platform.gic.gicr_count == 1);
    check_range(platform.gic.gicr[0], 0xf908'0000, 0x8'0000);
    check_timer(platform);
    CHECK(platform.uart.kind == UartKind::pl011);
    CHECK(platform.uart.compatible == "arm,pl011"sv);
    check_range(platform.uart.frame, 0xff00'0000, 0x1000);
    check_interrupt(platform.uart.interrupt, PIntid::spi(0x12));
    check_virtio(platform, 8, 0xa000'0000, PIntid::spi(0x6f));
    CHECK(platform.conduit == Conduit::none);
}

TEST_CASE("ZCU102: GIC pages mirrored over 64 KiB", "[platform]") {
    const Platform platform = platform_of(trees::machine("zynqmp-zcu102-rev1.0"));
    CHECK(platform.model == "ZynqMP ZCU102 Rev1.0"sv);
    REQUIRE(platform.ram_count == 2);
    check_range(platform.ram[0], 0, 0x8000'0000);
    check_range(platform.ram[1], 0x8'0000'0000, 0x8000'0000);
    CHECK(platform.reserved_count == 1);
    check_cpus(platform, 4, CpuEnable::psci);
    CHECK(platform.gic.present);
    CHECK(platform.gic.generation == GicGeneration::v2);
    check_range(platform.gic.gicd, 0xf901'0000, 0x1'0000);
    check_range(platform.gic.gicc, 0xf902'f000, 0x2000);
    check_range(platform.gic.gich, 0xf904'0000, 0x1000);
    check_range(platform.gic.gicv, 0xf906'f000, 0x2000);
    check_timer(platform);
    CHECK(platform.uart.kind == UartKind::other);
    CHECK(platform.devices[33].frame.size == 0);
    CHECK(platform.virtio_count == 0);
    CHECK(platform.uart.compatible == "xlnx,zynqmp-uart"sv);
    check_range(platform.uart.frame, 0xff00'0000, 0x1000);
    check_interrupt(platform.uart.interrupt, PIntid::spi(0x15));
    CHECK(platform.conduit == Conduit::smc);
}

TEST_CASE("Raspberry Pi 4: addresses behind a bus, CPUs in spin tables", "[platform]") {
    const Platform platform = platform_of(trees::machine("bcm2711-rpi-4-b"));
    CHECK(platform.model == "Raspberry Pi 4 Model B"sv);
    CHECK(platform.ram_count == 0); // its firmware fills that in
    REQUIRE(platform.reserved_count == 2);
    CHECK(platform.reserved[0].base == tree_at);
    check_range(platform.reserved[1], 0, 0x1000);
    check_cpus(platform, 4, CpuEnable::spin_table);
    check_pcpus(platform, 4);
    for (u32 n = 0; n < 4; ++n) {
        CHECK(platform.cpus[n].release.value() == 0xd8 + 8 * n);
    }
    CHECK(platform.gic.present);
    CHECK(platform.gic.generation == GicGeneration::v2);
    check_range(platform.gic.gicd, 0xff84'1000, 0x1000);
    check_range(platform.gic.gicc, 0xff84'2000, 0x2000);
    check_range(platform.gic.gich, 0xff84'4000, 0x1000);
    check_range(platform.gic.gicv, 0xff84'6000, 0x2000);
    check_timer(platform);
    // Its stdout is the mini UART; the PL011 is wired to the radio.
    CHECK(platform.uart.kind == UartKind::other);
    CHECK(platform.uart.compatible == "brcm,bcm2835-aux-uart"sv);
    check_range(platform.uart.frame, 0xfe21'5040, 0x40);
    check_interrupt(platform.uart.interrupt, PIntid::spi(0x5d));
    CHECK(platform.conduit == Conduit::none);
}

TEST_CASE("Raspberry Pi 4 told to use its PL011", "[platform]") {
    trees::Bytes bytes = trees::machine("bcm2711-rpi-4-b");
    const char* to = "serial0:115200n8";
    const int chosen = fdt_path_offset(bytes.data(), "/chosen");
    REQUIRE(fdt_setprop_inplace(bytes.data(), chosen, "stdout-path", to,
                                static_cast<int>(std::strlen(to) + 1)) == 0);
    const Platform platform = platform_of(bytes);
    CHECK(platform.uart.kind == UartKind::pl011);
    check_range(platform.uart.frame, 0xfe20'1000, 0x200);
    check_interrupt(platform.uart.interrupt, PIntid::spi(0x79));
}
