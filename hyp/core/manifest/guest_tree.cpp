// SPDX-License-Identifier: Apache-2.0
// Addresses, interrupt numbers and node names are those of QEMU's `virt`, for guests that know them
// by heart. libfdt's sequential writer is the cheapest way: no node is ever looked for.
#include "hyp/core/manifest/guest_tree.hpp"

#include <libfdt.h>

namespace hyp {

namespace {

constexpr u32 phandle_gic = 1;
constexpr u32 phandle_clock = 2;

// Linux bindings/interrupt-controller/arm,gic.yaml: kinds and flags of an interrupt.
constexpr u32 spi = 0;
constexpr u32 ppi = 1;
constexpr u32 level_high = 4;

constexpr u64 gicd = 0x0800'0000;
constexpr u64 gicc = 0x0801'0000;
constexpr u64 gicr = 0x080a'0000;
constexpr u64 uart = 0x0900'0000;
constexpr u64 gic_frame = 64 * kib;
constexpr u64 gicc_frame = 8 * kib; // two pages: GICC_DIR is in the second
constexpr u64 gicr_frame = 128 * kib;
constexpr u64 uart_frame = 4 * kib;
constexpr u32 uart_spi = 1;
constexpr u32 uart_clock_hz = 24'000'000;

// Longer values than these are strings, written by libfdt itself.
constexpr u32 max_cells = 16;

// Collects the first error, so that a tree can be written line by line.
class TreeWriter {
public:
    TreeWriter(void* buffer, usize size) : fdt_{buffer} {
        // Without the flag each property's name is compared with all strings so far.
        check(fdt_create_with_flags(buffer, static_cast<int>(size), FDT_CREATE_FLAG_NO_NAME_DEDUP));
        check(fdt_finish_reservemap(buffer));
    }
    void begin(const char* name) { check(fdt_begin_node(fdt_, name)); }
    void end() { check(fdt_end_node(fdt_)); }
    void empty(const char* name) { bytes(name, nullptr, 0); }
    void string(const char* name, const char* text) {
        u32 length = 1;
        for (const char* at = text; *at != '\0'; ++at) {
            ++length;
        }
        bytes(name, text, length);
    }
    // A list of strings, its separators written as \0 in the literal.
    template <usize N>
    void strings(const char* name, const char (&list)[N]) {
        bytes(name, list, N);
    }
    template <class... Cell>
    void cells(const char* name, Cell... cell) {
        static_assert(sizeof...(cell) <= max_cells);
        const u32 big_endian[] = {__builtin_bswap32(cell)...};
        bytes(name, big_endian, sizeof big_endian);
    }
    // `reg` with two cells each for address and size.
    void range(const char* name, u64 base, u64 size) {
        cells(name, high(base), low(base), high(size), low(size));
    }
    [[nodiscard]] bool finish() {
        check(fdt_finish(fdt_));
        return error_ == 0;
    }
    [[nodiscard]] static constexpr u32 high(u64 value) { return static_cast<u32>(value >> 32); }
    [[nodiscard]] static constexpr u32 low(u64 value) { return static_cast<u32>(value); }

private:
    void bytes(const char* name, const void* data, usize length) {
        check(fdt_property(fdt_, name, data, static_cast<int>(length)));
    }
    void check(int error) { error_ = error_ == 0 ? error : error_; }

    void* fdt_;
    int error_ = 0;
};

// A unit address: up to three hexadecimal digits without leading zeroes, as Aff1 and Aff0 need.
void write_hex(char* to, u32 value) {
    bool begun = false;
    for (u32 shift = 12; shift != 0;) {
        shift -= 4;
        const u32 digit = value >> shift & 0xf;
        begun = begun || digit != 0 || shift == 0;
        if (begun) {
            *to++ = "0123456789abcdef"[digit];
        }
    }
    *to = '\0';
}

void write_cpus(TreeWriter& tree, const GuestMachine& machine) {
    tree.begin("cpus");
    tree.cells("#address-cells", 1U);
    tree.cells("#size-cells", 0U);
    for (u32 n = 0; n < machine.vcpus; ++n) {
        const u64 affinity = guest_affinity(machine.gic, n);
        char name[] = "cpu@000";
        write_hex(name + 4, TreeWriter::low(affinity));
        tree.begin(name);
        tree.string("device_type", "cpu");
        tree.string("compatible", "arm,armv8");
        tree.cells("reg", TreeWriter::low(affinity));
        tree.string("enable-method", "psci");
        tree.end();
    }
    tree.end();
}

void write_gic(TreeWriter& tree, const GuestMachine& machine) {
    tree.begin("intc@8000000");
    switch (machine.gic) {
    case GicGeneration::v2:
        tree.string("compatible", "arm,cortex-a15-gic");
        tree.cells("reg", 0U, TreeWriter::low(gicd), 0U, TreeWriter::low(gic_frame), 0U,
                   TreeWriter::low(gicc), 0U, TreeWriter::low(gicc_frame));
        break;
    case GicGeneration::v3:
        tree.string("compatible", "arm,gic-v3");
        tree.cells("reg", 0U, TreeWriter::low(gicd), 0U, TreeWriter::low(gic_frame), 0U,
                   TreeWriter::low(gicr), 0U, TreeWriter::low(gicr_frame * machine.vcpus));
        break;
    }
    tree.cells("#interrupt-cells", 3U);
    tree.empty("interrupt-controller");
    tree.cells("phandle", phandle_gic);
    tree.end();
}

// Secure, physical, virtual and hypervisor timer; a guest at EL1 uses the middle two.
void write_timer(TreeWriter& tree, const GuestMachine& machine) {
    // arm,gic.yaml: GICv2 has a mask of the CPUs that get a PPI in bits 8 and up.
    const u32 cpus = machine.gic == GicGeneration::v2 ? ((1U << machine.vcpus) - 1) << 8 : 0;
    const u32 flags = cpus | level_high;
    tree.begin("timer");
    tree.strings("compatible", "arm,armv8-timer\0arm,armv7-timer");
    tree.empty("always-on");
    tree.cells("interrupts", ppi, 13U, flags, ppi, 14U, flags, ppi, 11U, flags, ppi, 10U, flags);
    tree.end();
}

void write_uart(TreeWriter& tree) {
    // Linux' PL011 driver does not start without its clock.
    tree.begin("apb-pclk");
    tree.string("compatible", "fixed-clock");
    tree.cells("#clock-cells", 0U);
    tree.cells("clock-frequency", uart_clock_hz);
    tree.string("clock-output-names", "clk24mhz");
    tree.cells("phandle", phandle_clock);
    tree.end();
    tree.begin("pl011@9000000");
    tree.strings("compatible", "arm,pl011\0arm,primecell");
    tree.range("reg", uart, uart_frame);
    tree.cells("interrupts", spi, uart_spi, level_high);
    tree.cells("clocks", phandle_clock, phandle_clock);
    tree.strings("clock-names", "uartclk\0apb_pclk");
    tree.end();
}

void write_platform(TreeWriter& tree) {
    tree.begin("psci");
    tree.strings("compatible", "arm,psci-1.0\0arm,psci-0.2");
    tree.string("method", "hvc");
    tree.end();
    tree.begin("hypervisor");
    tree.string("compatible", "baton,hypervisor");
    tree.end();
}

void write_chosen(TreeWriter& tree, const GuestMachine& machine) {
    tree.begin("chosen");
    if (machine.bootargs[0] != '\0') {
        tree.string("bootargs", machine.bootargs);
    }
    if (machine.pl011) {
        tree.string("stdout-path", "/pl011@9000000");
    }
    if (machine.initrd.size != 0) {
        const u64 start = machine.initrd.base.value();
        const u64 end = machine.initrd.end().value();
        tree.cells("linux,initrd-start", TreeWriter::high(start), TreeWriter::low(start));
        tree.cells("linux,initrd-end", TreeWriter::high(end), TreeWriter::low(end));
    }
    tree.end();
}

// libfdt clears all it is given: not more than the tree can need.
usize enough(const GuestMachine& machine) {
    constexpr usize fixed = 2048;
    constexpr usize per_vcpu = 192;
    usize bootargs = 0;
    while (machine.bootargs[bootargs] != '\0') {
        ++bootargs;
    }
    return (fixed + per_vcpu * machine.vcpus + bootargs) & ~usize{7};
}

} // namespace

Result<usize> write_guest_tree(void* buffer, usize size, const GuestMachine& machine) {
    const usize wanted = enough(machine);
    TreeWriter tree{buffer, size < wanted ? size : wanted};
    tree.begin("");
    tree.cells("#address-cells", 2U);
    tree.cells("#size-cells", 2U);
    tree.cells("interrupt-parent", phandle_gic);
    tree.string("compatible", "linux,dummy-virt");
    tree.string("model", "linux,dummy-virt");
    write_cpus(tree, machine);
    tree.begin("memory@40000000");
    tree.string("device_type", "memory");
    tree.range("reg", machine.ram.base.value(), machine.ram.size);
    tree.end();
    write_gic(tree, machine);
    write_timer(tree, machine);
    if (machine.pl011) {
        write_uart(tree);
    }
    write_platform(tree);
    write_chosen(tree, machine);
    tree.end();
    if (!tree.finish()) {
        return Error{"the guest's device tree does not fit into its buffer"};
    }
    return usize{fdt_totalsize(buffer)};
}

} // namespace hyp
