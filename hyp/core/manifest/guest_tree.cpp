// SPDX-License-Identifier: Apache-2.0
// Addresses, interrupt numbers and node names are those of QEMU's `virt`, for guests that know them
// by heart. Written from the front to the back: no node is ever looked for.
#include "hyp/core/manifest/guest_tree.hpp"

#include "hyp/core/manifest/guest_tree_writer.hpp"
#include "hyp/core/tree/tree_reader.hpp"

#include <cstring>

namespace hyp {

namespace {

constexpr u32 phandle_gic = 1;
constexpr u32 phandle_clock = 2;

// Linux bindings/interrupt-controller/arm,gic.yaml: kinds and flags of an interrupt.
constexpr u32 spi = 0;
constexpr u32 ppi = 1;
constexpr u32 edge_rising = 1;
constexpr u32 level_high = 4;

constexpr u32 gicd = 0x0800'0000;
constexpr u32 gicc = 0x0801'0000;
constexpr u32 gicr = 0x080a'0000;
constexpr u32 gic_frame = 0x10000;
constexpr u32 gicc_frame = 0x2000; // two pages: GICC_DIR is in the second
constexpr u32 gicr_frame = 0x20000;
constexpr u32 clock_hz = 24'000'000;

[[nodiscard]] constexpr u32 high(u64 value) {
    return static_cast<u32>(value >> 32);
}
[[nodiscard]] constexpr u32 low(u64 value) {
    return static_cast<u32>(value);
}

// A unit address: hexadecimal digits without leading zeroes.
void write_hex(char* to, u32 value) {
    bool begun = false;
    for (u32 shift = 32; shift != 0;) {
        shift -= 4;
        const u32 digit = value >> shift & 0xf;
        begun = begun || digit != 0 || shift == 0;
        if (begun) {
            *to++ = "0123456789abcdef"[digit];
        }
    }
    *to = '\0';
}

void write_cpus(GuestTreeWriter& tree, const GuestMachine& machine) {
    tree.begin_node("cpus");
    tree.cells<1U>("#address-cells");
    tree.cells<0U>("#size-cells");
    for (u32 n = 0; n < machine.vcpus; ++n) {
        const u64 affinity = guest_affinity(machine.gic, n);
        char name[] = "cpu@00000000";
        write_hex(name + 4, low(affinity));
        tree.begin_node(name);
        tree.string("device_type", "cpu");
        tree.string("compatible", "arm,armv8");
        tree.cells("reg", low(affinity));
        tree.string("enable-method", "psci");
        tree.end_node();
    }
    tree.end_node();
}

void write_gic(GuestTreeWriter& tree, const GuestMachine& machine) {
    tree.begin_node("intc@8000000");
    switch (machine.gic) {
    case GicGeneration::v2:
        tree.string("compatible", "arm,cortex-a15-gic");
        tree.cells<0U, gicd, 0U, gic_frame, 0U, gicc, 0U, gicc_frame>("reg");
        break;
    case GicGeneration::v3:
        tree.string("compatible", "arm,gic-v3");
        tree.cells("reg", 0U, gicd, 0U, gic_frame, 0U, gicr, 0U, gicr_frame * machine.vcpus);
        break;
    }
    tree.cells<3U>("#interrupt-cells");
    tree.cells<0U>("#address-cells"); // who maps interrupts to it adds no unit address
    tree.empty("interrupt-controller");
    tree.cells<phandle_gic>("phandle");
    tree.end_node();
}

// Secure, physical, virtual and hypervisor timer; a guest at EL1 uses the middle two.
void write_timer(GuestTreeWriter& tree, const GuestMachine& machine) {
    // arm,gic.yaml: GICv2 has a mask of the CPUs that get a PPI in bits 8 and up.
    const u32 cpus = machine.gic == GicGeneration::v2 ? ((1U << machine.vcpus) - 1) << 8 : 0;
    const u32 flags = cpus | level_high;
    tree.begin_node("timer");
    tree.strings("compatible", "arm,armv8-timer\0arm,armv7-timer");
    tree.empty("always-on");
    tree.cells("interrupts", ppi, 13U, flags, ppi, 14U, flags, ppi, 11U, flags, ppi, 10U, flags);
    tree.end_node();
}

// Linux' drivers of PL011 and PL031 do not start without a clock.
void write_clock(GuestTreeWriter& tree) {
    tree.begin_node("apb-pclk");
    tree.string("compatible", "fixed-clock");
    tree.cells<0U>("#clock-cells");
    tree.cells<clock_hz>("clock-frequency");
    tree.string("clock-output-names", "clk24mhz");
    tree.cells<phandle_clock>("phandle");
    tree.end_node();
}

// Leaves the node open.
void begin_device(GuestTreeWriter& tree, const char* name, DeviceId id, u32 trigger) {
    const GuestDevice device = guest_device(id);
    const u64 base = device.frame.base.value();
    char unit[32];
    copy_text(unit, sizeof unit, name);
    write_hex(unit + std::strlen(unit), low(base));
    tree.begin_node(unit);
    tree.cells("reg", high(base), low(base), 0U, low(device.frame.size));
    tree.cells("interrupts", spi, device.vintid.value() - VIntid::spi(0).value(), trigger);
}

// Names, flags and clocks as in QEMU's tree of virt.
void write_device(GuestTreeWriter& tree, DeviceId id) {
    if (id == DeviceId::pl011) {
        begin_device(tree, "pl011@", id, level_high);
        tree.strings("compatible", "arm,pl011\0arm,primecell");
        tree.cells<phandle_clock, phandle_clock>("clocks");
        tree.strings("clock-names", "uartclk\0apb_pclk");
    } else if (id == DeviceId::pl031) {
        begin_device(tree, "pl031@", id, level_high);
        tree.strings("compatible", "arm,pl031\0arm,primecell");
        tree.cells<phandle_clock>("clocks");
        tree.string("clock-names", "apb_pclk");
    } else {
        begin_device(tree, "virtio_mmio@", id, edge_rising);
        tree.string("compatible", "virtio,mmio");
        tree.empty("dma-coherent");
    }
    tree.end_node();
}

void write_platform(GuestTreeWriter& tree) {
    tree.begin_node("psci");
    tree.strings("compatible", "arm,psci-1.0\0arm,psci-0.2");
    tree.string("method", "hvc");
    tree.end_node();
    tree.begin_node("hypervisor");
    tree.string("compatible", "baton,hypervisor");
    tree.end_node();
}

void write_chosen(GuestTreeWriter& tree, const GuestMachine& machine) {
    tree.begin_node("chosen");
    if (machine.bootargs[0] != '\0') {
        tree.string("bootargs", machine.bootargs);
    }
    if (machine.devices.has(DeviceId::pl011)) {
        tree.string("stdout-path", "/pl011@9000000");
    }
    if (machine.initrd.size != 0) {
        const u64 start = machine.initrd.base.value();
        const u64 end = machine.initrd.end().value();
        tree.cells("linux,initrd-start", high(start), low(start));
        tree.cells("linux,initrd-end", high(end), low(end));
    }
    tree.end_node();
}

} // namespace

Result<usize> write_guest_tree(void* buffer, usize size, const GuestMachine& machine) {
    GuestTreeWriter tree{buffer, size};
    tree.begin_node("");
    tree.cells<2U>("#address-cells");
    tree.cells<2U>("#size-cells");
    tree.cells<phandle_gic>("interrupt-parent");
    tree.string("compatible", "linux,dummy-virt");
    tree.string("model", "linux,dummy-virt");
    write_cpus(tree, machine);
    tree.begin_node("memory@40000000");
    tree.string("device_type", "memory");
    const u64 base = machine.ram.base.value();
    tree.cells("reg", high(base), low(base), high(machine.ram.size), low(machine.ram.size));
    tree.end_node();
    write_gic(tree, machine);
    write_timer(tree, machine);
    if (!machine.devices.is_empty()) {
        write_clock(tree);
    }
    machine.devices.for_each([&](DeviceId id) { write_device(tree, id); });
    write_platform(tree);
    write_chosen(tree, machine);
    tree.end_node();
    const usize written = tree.finish();
    if (written == 0) {
        return Error{"the guest's device tree does not fit into its buffer"};
    }
    return written;
}

} // namespace hyp
