// SPDX-License-Identifier: Apache-2.0
// The devices that a manifest can give: their names, their places, one owner for each.
#include "hyp/core/manifest/devices.hpp"
#include "tests/unit/manifest/manifest_text.hpp"

using namespace hyp;
using namespace manifests;

namespace {

const char* const one_vm = "{ label = \"%\"; memory-mib = <64>; vcpus = <1>; kernel = \"k\"; ";

// Two VMs with these lines.
std::string two_vms(const std::string& first, const std::string& second) {
    std::string vms;
    for (const auto& [name, lines] : {std::pair{"a", first}, std::pair{"b", second}}) {
        std::string vm = one_vm;
        vm.replace(vm.find('%'), 1, name);
        vms.append(name).append(" ").append(vm).append(lines).append(" };");
    }
    return verdict(manifest_of(vms), ManifestForm::source);
}

std::string spelled(DeviceId id) {
    const DeviceName name = device_name(id);
    return name.prefix + std::to_string(name.number);
}

} // namespace

TEST_CASE("every device has a name, which names it and no other", "[manifest][devices]") {
    DeviceSet all;
    for (u32 n = 0; n < device_count; ++n) {
        const DeviceId id = static_cast<DeviceId>(n);
        DeviceSet only;
        only.add(id);
        CHECK(devices_named(spelled(id).c_str()) == only);
        CHECK(only.has_bus_master() == (n < 32));
        CHECK(is_virtio_mmio(id) == (n < 32));
        all.add(id);
    }
    CHECK(spelled(virtio_mmio(0)) == "virtio-mmio@0");
    CHECK(spelled(virtio_mmio(10)) == "virtio-mmio@10");
    CHECK(spelled(virtio_mmio(31)) == "virtio-mmio@31");
    CHECK(spelled(DeviceId::pl011) == "pl011");
    CHECK(spelled(DeviceId::pl031) == "pl031");
    CHECK(devices_named("virtio-mmio") == DeviceSet::all_virtio());
    for (const char* word : {"", "pl01", "pl0111", "virtio-mmio@32", "virtio-mmio@-1",
                             "virtio-mmio@010", "virtio-mmio@01", "virtio-mmio@", "virtio-mmio@311",
                             "virtio-mmio@1 ", "virtio-mmi", "gpu"}) {
        CHECK(devices_named(word).is_empty());
    }
    u32 visited = 0;
    all.for_each([&](DeviceId id) { CHECK(static_cast<u32>(id) == visited++); });
    CHECK(visited == device_count);
}

TEST_CASE("a guest finds its devices where QEMU's virt has them", "[manifest][devices]") {
    CHECK(guest_device(DeviceId::pl011).frame == IpaRange{Ipa{0x0900'0000}, 0x1000});
    CHECK(guest_device(DeviceId::pl011).vintid == VIntid{33});
    CHECK(guest_device(DeviceId::pl031).frame == IpaRange{Ipa{0x0901'0000}, 0x1000});
    CHECK(guest_device(DeviceId::pl031).vintid == VIntid{34});
    for (u32 slot = 0; slot < virtio_slots; ++slot) {
        const GuestDevice device = guest_device(virtio_mmio(slot));
        CHECK(device.frame == IpaRange{Ipa{0x0a00'0000 + 0x200 * slot}, 0x200});
        CHECK(device.vintid == VIntid{48 + slot});
    }
    for (u32 n = 0; n < device_count; ++n) {
        const DeviceId id = static_cast<DeviceId>(n);
        const IpaRange frame = guest_device(id).frame;
        CHECK(device_near(frame.base) == id);
        CHECK(device_near(Ipa{frame.end().value() - 1}) == id);
    }
    // Outside of all frames any device may be named, if its frame does not hold the address.
    for (const u64 at : {u64{0}, u64{0x08ff'ffff}, u64{0x0900'1000}, u64{0x0902'0000},
                         u64{0x09ff'ffff}, u64{0x0a00'4000}, u64{0x4000'0000}, ~u64{0}}) {
        const DeviceId id = device_near(Ipa{at});
        CHECK(static_cast<u32>(id) < device_count);
        CHECK_FALSE(guest_device(id).frame.contains(Ipa{at}));
    }
}

TEST_CASE("a device has one owner", "[manifest][devices]") {
    CHECK(two_vms("devices = \"pl011\";", "devices = \"pl031\";") == "good");
    CHECK(two_vms("devices = \"pl031\";", "devices = \"pl011\", \"pl031\";") ==
          "/vms/b: one of its devices belongs to an earlier VM");
    CHECK(two_vms("devices = \"virtio-mmio@3\"; dma-trusted;",
                  "devices = \"virtio-mmio\"; dma-trusted;") ==
          "/vms/b: one of its devices belongs to an earlier VM");
}

TEST_CASE("the UART is one VM's, or is shared by consoles", "[manifest][devices]") {
    const std::string clash = ": a VM has the machine's pl011: then none can have console";
    CHECK(two_vms("console;", "console;") == "good");
    CHECK(two_vms("console;", "devices = \"pl031\";") == "good");
    CHECK(two_vms("devices = \"pl011\";", "") == "good");
    CHECK(two_vms("console; devices = \"pl011\";", "") == "/vms/a" + clash);
    CHECK(two_vms("console;", "devices = \"pl011\";") == "/vms/b" + clash);
    CHECK(two_vms("devices = \"pl011\";", "console;") == "/vms/b" + clash);
    CHECK(two_vms("", "devices = \"pl031\", \"pl011\"; console;") == "/vms/b" + clash);
}

TEST_CASE("one VM only has the memory at its own addresses", "[manifest][devices]") {
    CHECK(two_vms("dma-trusted;", "") == "good");
    CHECK(two_vms("", "dma-trusted; devices = \"virtio-mmio@0\";") == "good");
    CHECK(two_vms("dma-trusted;", "dma-trusted;") ==
          "/vms/b: an earlier VM is dma-trusted and has the same memory");
}

TEST_CASE("devices and dma-trusted are read in both forms", "[manifest][devices]") {
    const Read source = read(manifest_of(std::string{"vm0 "} + one_vm +
                                         "dma-trusted; devices = \"virtio-mmio\", \"pl031\"; };"),
                             ManifestForm::source);
    REQUIRE(source.manifest.ok());
    DeviceSet wanted = DeviceSet::all_virtio();
    wanted.add(DeviceId::pl031);
    CHECK(source.manifest.value().vms[0].devices == wanted);
    CHECK(source.manifest.value().vms[0].dma_trusted);
}
