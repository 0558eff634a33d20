// SPDX-License-Identifier: Apache-2.0
// The guest's tree, read back with libfdt's own look-ups, which the writer does not use.
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/core/manifest/manifest.hpp"
#include "hyp/platform/platform.hpp"
#include "tests/trees/tree_bytes.hpp"

#include <string_view>

using namespace hyp;
using namespace std::string_view_literals;

namespace {

class GuestTree {
public:
    explicit GuestTree(const GuestMachine& machine) : bytes_(64 * kib) {
        const Result<usize> size = write_guest_tree(bytes_.data(), bytes_.size(), machine);
        INFO(size.error().reason);
        REQUIRE(size.ok());
        bytes_.resize(size.value());
        REQUIRE(fdt_check_header(bytes_.data()) == 0);
        REQUIRE(fdt_totalsize(bytes_.data()) == size.value());
    }
    [[nodiscard]] bool has(const char* path) const {
        return fdt_path_offset(bytes_.data(), path) >= 0;
    }
    [[nodiscard]] std::string_view bytes(const char* path, const char* name) const {
        int length = 0;
        const int node = fdt_path_offset(bytes_.data(), path);
        const void* data = fdt_getprop(bytes_.data(), node, name, &length);
        return data == nullptr
                   ? "(absent)"sv
                   : std::string_view{static_cast<const char*>(data), static_cast<usize>(length)};
    }
    [[nodiscard]] std::vector<u32> cells(const char* path, const char* name) const {
        const std::string_view data = bytes(path, name);
        std::vector<u32> out;
        for (usize at = 0; at + 4 <= data.size(); at += 4) {
            u32 cell = 0;
            std::memcpy(&cell, data.data() + at, 4);
            out.push_back(__builtin_bswap32(cell));
        }
        return out;
    }
    [[nodiscard]] const trees::Bytes& raw() const { return bytes_; }

private:
    trees::Bytes bytes_;
};

using Cells = std::vector<u32>;

constexpr DeviceSet only(DeviceId id) {
    DeviceSet set;
    set.add(id);
    return set;
}

constexpr GuestMachine one_v3{.gic = GicGeneration::v3,
                              .vcpus = 1,
                              .ram = {Ipa{0x4000'0000}, 256 * mib},
                              .initrd = {Ipa{0x4f00'0000}, 0x1234},
                              .bootargs = "console=ttyAMA0 quiet",
                              .devices = only(DeviceId::pl011)};

} // namespace

TEST_CASE("guest tree: what both generations share", "[manifest][guest]") {
    for (const GicGeneration gic : {GicGeneration::v2, GicGeneration::v3}) {
        GuestMachine machine = one_v3;
        machine.gic = gic;
        const GuestTree tree{machine};
        CHECK(tree.cells("/", "#address-cells") == Cells{2});
        CHECK(tree.cells("/", "#size-cells") == Cells{2});
        CHECK(tree.bytes("/", "compatible") == "linux,dummy-virt\0"sv);
        CHECK(tree.cells("/", "interrupt-parent") == tree.cells("/intc@8000000", "phandle"));
        CHECK(tree.bytes("/memory@40000000", "device_type") == "memory\0"sv);
        CHECK(tree.cells("/memory@40000000", "reg") == Cells{0, 0x4000'0000, 0, 0x1000'0000});
        CHECK(tree.bytes("/psci", "compatible") == "arm,psci-1.0\0arm,psci-0.2\0"sv);
        CHECK(tree.bytes("/psci", "method") == "hvc\0"sv);
        CHECK(tree.bytes("/hypervisor", "compatible") == "baton,hypervisor\0"sv);
        CHECK(tree.bytes("/timer", "compatible") == "arm,armv8-timer\0arm,armv7-timer\0"sv);
        CHECK(tree.bytes("/timer", "always-on").empty());
        CHECK(tree.bytes("/pl011@9000000", "compatible") == "arm,pl011\0arm,primecell\0"sv);
        CHECK(tree.cells("/pl011@9000000", "reg") == Cells{0, 0x0900'0000, 0, 0x1000});
        CHECK(tree.cells("/pl011@9000000", "interrupts") == Cells{0, 1, 4});
        const u32 clock = tree.cells("/apb-pclk", "phandle").at(0);
        CHECK(tree.cells("/pl011@9000000", "clocks") == Cells{clock, clock});
        CHECK(tree.bytes("/apb-pclk", "compatible") == "fixed-clock\0"sv);
        CHECK(tree.cells("/apb-pclk", "#clock-cells") == Cells{0});
        CHECK(tree.cells("/apb-pclk", "clock-frequency") == Cells{24'000'000});
        CHECK(tree.bytes("/chosen", "bootargs") == "console=ttyAMA0 quiet\0"sv);
        CHECK(tree.bytes("/chosen", "stdout-path") == "/pl011@9000000\0"sv);
        CHECK(tree.cells("/chosen", "linux,initrd-start") == Cells{0, 0x4f00'0000});
        CHECK(tree.cells("/chosen", "linux,initrd-end") == Cells{0, 0x4f00'1234});
        CHECK(tree.cells("/intc@8000000", "#interrupt-cells") == Cells{3});
        CHECK(tree.bytes("/intc@8000000", "interrupt-controller").empty());
    }
}

TEST_CASE("guest tree: GICv2", "[manifest][guest]") {
    GuestMachine machine = one_v3;
    machine.gic = GicGeneration::v2;
    machine.vcpus = 2;
    const GuestTree tree{machine};
    CHECK(tree.bytes("/intc@8000000", "compatible") == "arm,cortex-a15-gic\0"sv);
    CHECK(tree.cells("/intc@8000000", "reg") ==
          Cells{0, 0x0800'0000, 0, 0x1'0000, 0, 0x0801'0000, 0, 0x2000});
}

TEST_CASE("guest tree: GICv3", "[manifest][guest]") {
    GuestMachine machine = one_v3;
    machine.vcpus = 8;
    const GuestTree tree{machine};
    CHECK(tree.bytes("/intc@8000000", "compatible") == "arm,gic-v3\0"sv);
    CHECK(tree.cells("/intc@8000000", "reg") ==
          Cells{0, 0x0800'0000, 0, 0x1'0000, 0, 0x080a'0000, 0, 0x10'0000});
}

TEST_CASE("guest tree: one to eight vCPUs on each generation", "[manifest][guest]") {
    for (const GicGeneration gic : {GicGeneration::v2, GicGeneration::v3}) {
        for (u32 vcpus = 1; vcpus <= 8; ++vcpus) {
            GuestMachine machine = one_v3;
            machine.gic = gic;
            machine.vcpus = vcpus;
            const GuestTree tree{machine};
            CHECK(tree.cells("/cpus", "#address-cells") == Cells{1});
            CHECK(tree.cells("/cpus", "#size-cells") == Cells{0});
            for (u32 n = 0; n < 9; ++n) {
                const std::string path = "/cpus/cpu@" + std::to_string(n);
                INFO(path << " of " << vcpus);
                REQUIRE(tree.has(path.c_str()) == (n < vcpus));
                if (n < vcpus) {
                    CHECK(tree.cells(path.c_str(), "reg") == Cells{n});
                    CHECK(tree.bytes(path.c_str(), "device_type") == "cpu\0"sv);
                    CHECK(tree.bytes(path.c_str(), "compatible") == "arm,armv8\0"sv);
                    CHECK(tree.bytes(path.c_str(), "enable-method") == "psci\0"sv);
                }
            }
            // arm,gic.yaml: one bit a CPU on GICv2, none on GICv3; a redistributor is 128 KiB.
            const bool v2 = gic == GicGeneration::v2;
            const u32 flags = v2 ? ((0x100U << vcpus) - 0x100) | 4 : 4;
            CHECK(tree.cells("/timer", "interrupts") ==
                  Cells{1, 13, flags, 1, 14, flags, 1, 11, flags, 1, 10, flags});
            CHECK(tree.cells("/intc@8000000", "reg").at(7) == (v2 ? 0x2000 : vcpus * 0x2'0000));
        }
    }
}

TEST_CASE("guest tree: a console is the PL011 that would be passed through", "[manifest][guest]") {
    VmDescription shared;
    shared.console = true;
    VmDescription whole;
    whole.devices.add(DeviceId::pl011);
    GuestMachine machine = one_v3;
    machine.devices = shared.guest_devices();
    const GuestTree first{machine};
    machine.devices = whole.guest_devices();
    const GuestTree second{machine};
    CHECK(first.raw() == second.raw());
    CHECK(first.bytes("/chosen", "stdout-path") == "/pl011@9000000\0"sv);
    shared.devices.add(DeviceId::pl031);
    machine.devices = shared.guest_devices();
    const GuestTree both{machine};
    CHECK(both.has("/pl011@9000000"));
    CHECK(both.has("/pl031@9010000"));
    CHECK(VmDescription{}.guest_devices().is_empty());
}

TEST_CASE("guest tree: dtc finds nothing to warn of", "[manifest][guest]") {
    for (const GicGeneration gic : {GicGeneration::v2, GicGeneration::v3}) {
        GuestMachine machine = one_v3;
        machine.gic = gic;
        machine.vcpus = 8;
        machine.devices.add(DeviceSet::all_virtio());
        machine.devices.add(DeviceId::pl031);
        const GuestTree tree{machine};
        std::FILE* dtc = popen("dtc -I dtb -O dts -o /dev/null 2>build/trees/said; "
                               "test ! -s build/trees/said",
                               "w");
        REQUIRE(dtc != nullptr);
        CHECK(std::fwrite(tree.raw().data(), tree.raw().size(), 1, dtc) == 1);
        CHECK(pclose(dtc) == 0);
    }
}

TEST_CASE("guest tree: what is not asked for is not there", "[manifest][guest]") {
    const GuestTree tree{{.gic = GicGeneration::v3,
                          .vcpus = 1,
                          .ram = {Ipa{0x4000'0000}, 5 * gib},
                          .initrd = {},
                          .bootargs = "",
                          .devices = {}}};
    CHECK_FALSE(tree.has("/pl011@9000000"));
    CHECK_FALSE(tree.has("/pl031@9010000"));
    CHECK_FALSE(tree.has("/apb-pclk"));
    CHECK_FALSE(tree.has("/virtio_mmio@a000000"));
    CHECK(tree.bytes("/chosen", "bootargs") == "(absent)"sv);
    CHECK(tree.bytes("/chosen", "stdout-path") == "(absent)"sv);
    CHECK(tree.bytes("/chosen", "linux,initrd-start") == "(absent)"sv);
    CHECK(tree.cells("/memory@40000000", "reg") == Cells{0, 0x4000'0000, 1, 0x4000'0000});
}

TEST_CASE("guest tree: every device that can be given", "[manifest][guest]") {
    GuestMachine machine = one_v3;
    machine.devices = DeviceSet::all_virtio();
    machine.devices.add(DeviceId::pl031);
    const GuestTree tree{machine};
    CHECK_FALSE(tree.has("/pl011@9000000"));
    CHECK(tree.bytes("/pl031@9010000", "compatible") == "arm,pl031\0arm,primecell\0"sv);
    CHECK(tree.cells("/pl031@9010000", "reg") == Cells{0, 0x0901'0000, 0, 0x1000});
    CHECK(tree.cells("/pl031@9010000", "interrupts") == Cells{0, 2, 4});
    CHECK(tree.cells("/pl031@9010000", "clocks") == tree.cells("/apb-pclk", "phandle"));
    CHECK(tree.bytes("/pl031@9010000", "clock-names") == "apb_pclk\0"sv);
    CHECK(tree.bytes("/virtio_mmio@a000000", "compatible") == "virtio,mmio\0"sv);
    CHECK(tree.bytes("/virtio_mmio@a003e00", "dma-coherent").empty());
    CHECK(tree.cells("/virtio_mmio@a003e00", "reg") == Cells{0, 0x0a00'3e00, 0, 0x200});
    CHECK(tree.cells("/virtio_mmio@a003e00", "interrupts") == Cells{0, 47, 1});
    CHECK_FALSE(tree.has("/virtio_mmio@a004000"));

    machine.devices = only(virtio_mmio(9));
    const GuestTree one{machine};
    CHECK(one.cells("/virtio_mmio@a001200", "interrupts") == Cells{0, 25, 1});
    CHECK_FALSE(one.has("/virtio_mmio@a001000"));
}

TEST_CASE("guest tree: devices lie as in QEMU's own tree", "[manifest][guest]") {
    GuestMachine machine = one_v3;
    machine.devices = DeviceSet::all_virtio();
    machine.devices.add(DeviceId::pl011);
    machine.devices.add(DeviceId::pl031);
    const GuestTree tree{machine};
    const trees::Bytes host = trees::machine("virt-v3-smp1");
    const Result<Platform> seen = read_platform(tree.raw().data(), tree.raw().size(), Pa{0});
    const Result<Platform> real = read_platform(host.data(), host.size(), Pa{0});
    REQUIRE((seen.ok() && real.ok()));
    const auto same = [](const PlatformDevice& left, const PlatformDevice& right) {
        return left.frame == right.frame && left.interrupt.present &&
               left.interrupt.intid == right.interrupt.intid &&
               left.interrupt.trigger == right.interrupt.trigger;
    };
    CHECK(same(seen.value().devices[32], real.value().devices[32]));
    CHECK(same(seen.value().devices[33], real.value().devices[33]));
    REQUIRE(seen.value().virtio_count == 32);
    REQUIRE(real.value().virtio_count == 32);
    for (u32 n = 0; n < 32; ++n) {
        CHECK(same(seen.value().devices[n], real.value().devices[n]));
    }
}

TEST_CASE("guest tree: vCPUs are numbered as QEMU numbers CPUs", "[manifest][guest]") {
    CHECK(guest_affinity(GicGeneration::v2, 7) == 7);
    CHECK(guest_affinity(GicGeneration::v2, 8) == 0x100);
    CHECK(guest_affinity(GicGeneration::v3, 15) == 15);
    CHECK(guest_affinity(GicGeneration::v3, 16) == 0x100);
    GuestMachine machine = one_v3;
    machine.vcpus = 33;
    const GuestTree tree{machine};
    CHECK(tree.cells("/cpus/cpu@f", "reg") == Cells{0xf});
    CHECK(tree.cells("/cpus/cpu@10f", "reg") == Cells{0x10f});
    CHECK(tree.cells("/cpus/cpu@200", "reg") == Cells{0x200});
}

TEST_CASE("guest tree: Baton's own reader understands it", "[manifest][guest]") {
    const GuestTree tree{one_v3};
    const Result<Platform> read = read_platform(tree.raw().data(), tree.raw().size(), Pa{0});
    REQUIRE(read.ok());
    const Platform& platform = read.value();
    CHECK(platform.gic.present);
    CHECK(platform.gic.gicr[0] == PaRange{Pa{0x080a'0000}, 0x2'0000});
    CHECK(platform.timer.vtimer.intid == PIntid{27});
    CHECK(platform.timer.ptimer.intid == PIntid{30});
    CHECK(platform.uart.kind == UartKind::pl011);
    CHECK(platform.uart.interrupt.intid == PIntid{33});
    CHECK(platform.conduit == Conduit::hvc);
    CHECK(platform.cpu_count == 1);
}

TEST_CASE("guest tree: fits for every size that a manifest allows, else says so",
          "[manifest][guest]") {
    const std::string longest(2047, 'x');
    for (const GicGeneration gic : {GicGeneration::v2, GicGeneration::v3}) {
        for (u32 vcpus = 1; vcpus <= 8; ++vcpus) {
            GuestMachine machine = one_v3;
            machine.gic = gic;
            machine.vcpus = vcpus;
            machine.bootargs = longest.c_str();
            const GuestTree tree{machine};
            CHECK(tree.bytes("/chosen", "bootargs").size() == longest.size() + 1);
        }
    }
    alignas(8) u8 small[1024];
    for (usize size = 0; size <= sizeof small; size += 8) {
        REQUIRE_FALSE(write_guest_tree(small, size, one_v3).ok());
    }
}
