// SPDX-License-Identifier: Apache-2.0
// Which frame and interrupt of a machine a VM gets for a device, and where large things can lie in
// its memory.
#include "hyp/platform/free_ram.hpp"
#include "hyp/platform/pass_device.hpp"
#include "tests/trees/tree_bytes.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace hyp;

namespace {

using Way = PassedDevice::Way;

PlatformDevice device(u64 base, u64 size, u32 spi, Trigger trigger = Trigger::edge) {
    return {{Pa{base}, size}, {true, PIntid::spi(spi), trigger}};
}

// Addresses unlike QEMU's virt: what is a guest's and what is the machine's must not be mixed up.
Platform machine() {
    Platform platform;
    platform.devices[32] = device(0x1c09'0000, 0x1000, 5, Trigger::level);
    platform.devices[33] = device(0x1c17'0400, 0x200, 4, Trigger::level);
    for (u32 n = 0; n < 16; ++n) {
        platform.devices[n] = device(0x1c20'0000 + 0x200 * u64{n}, 0x200, 100 + n);
    }
    platform.virtio_count = 16;
    return platform;
}

DeviceSet set(std::initializer_list<DeviceId> ids) {
    DeviceSet out;
    for (const DeviceId id : ids) {
        out.add(id);
    }
    return out;
}

std::string refusal(const Platform& platform, DeviceId id) {
    const Result<PassedDevice> passed = pass_device(platform, set({id}), id);
    return passed.ok() ? "" : passed.error().reason;
}

PassedDevice passed(const Platform& platform, DeviceSet owned, DeviceId id) {
    const Result<PassedDevice> result = pass_device(platform, owned, id);
    INFO(result.error().reason);
    REQUIRE(result.ok());
    return result.value();
}

} // namespace

TEST_CASE("a page of its own is mapped, less is forwarded", "[platform][devices]") {
    const Platform platform = machine();
    const DeviceSet both = set({DeviceId::pl011, DeviceId::pl031});
    const PassedDevice uart = passed(platform, both, DeviceId::pl011);
    CHECK(uart.way == Way::map);
    CHECK(uart.frame == PaRange{Pa{0x1c09'0000}, 0x1000});
    CHECK(uart.interrupt.intid == PIntid::spi(5));
    CHECK(uart.interrupt.trigger == Trigger::level);
    const PassedDevice rtc = passed(platform, both, DeviceId::pl031);
    CHECK(rtc.way == Way::forward);
    CHECK(rtc.frame == PaRange{Pa{0x1c17'0400}, 0x200});
    CHECK(rtc.interrupt.trigger == Trigger::level);
}

TEST_CASE("transports are mapped when a VM has all of their page", "[platform][devices]") {
    Platform platform = machine();
    const PassedDevice one = passed(platform, set({virtio_mmio(9)}), virtio_mmio(9));
    CHECK(one.way == Way::forward);
    CHECK(one.frame == PaRange{Pa{0x1c20'1200}, 0x200});
    CHECK(one.interrupt.intid == PIntid::spi(109));
    CHECK(one.interrupt.trigger == Trigger::edge);

    DeviceSet page;
    for (u32 slot = 8; slot < 16; ++slot) {
        page.add(virtio_mmio(slot));
    }
    CHECK(passed(platform, page, virtio_mmio(8)).way == Way::map);
    CHECK(passed(platform, page, virtio_mmio(15)).way == Way::map);
    page.add(virtio_mmio(7)); // of the page below, alone there
    CHECK(passed(platform, page, virtio_mmio(8)).way == Way::map);
    CHECK(passed(platform, page, virtio_mmio(7)).way == Way::forward);
    // One mate lies elsewhere, or in the wrong place, or is shorter than the guest believes.
    for (const PaRange other : {PaRange{Pa{0x1c20'0000}, 0x200}, PaRange{Pa{0x1c30'1400}, 0x200},
                                PaRange{Pa{0x1c20'1400}, 0x100}}) {
        platform.devices[10].frame = other;
        CHECK(passed(platform, page, virtio_mmio(8)).way == Way::forward);
        CHECK(passed(platform, page, virtio_mmio(10)).way == Way::forward);
    }
    // All in order, but not from a page's beginning on.
    platform = machine();
    for (u32 n = 0; n < 16; ++n) {
        platform.devices[n].frame.base = platform.devices[n].frame.base + 0x200;
    }
    CHECK(passed(platform, page, virtio_mmio(8)).way == Way::forward);
}

TEST_CASE("a frame longer than the guest's is cut", "[platform][devices]") {
    Platform platform = machine();
    platform.devices[3].frame = {Pa{0x1c40'0000}, 0x1000};
    CHECK(passed(platform, set({virtio_mmio(3)}), virtio_mmio(3)).frame ==
          PaRange{Pa{0x1c40'0000}, 0x200});
}

TEST_CASE("a forwarded access is one that the frame can answer", "[platform][devices]") {
    CHECK_FALSE(ForwardedFrame{}.answers(0, 1));
    const ForwardedFrame frame{0x3ff'ffe0'0e00, 0x200};
    for (const u8 size : {u8{1}, u8{2}, u8{4}, u8{8}}) {
        for (u64 offset = 0; offset < 0x210; ++offset) {
            INFO(+size << " bytes at " << offset);
            const bool fits = size <= 4 && offset % size == 0 && offset + size <= 0x200;
            REQUIRE(frame.answers(offset, size) == fits);
        }
        CHECK_FALSE(frame.answers(~u64{0}, size));
        CHECK_FALSE(frame.answers(0 - u64{size}, size));
    }
    // What is aligned for the guest is not where the machine has it.
    CHECK_FALSE(ForwardedFrame{0x3ff'ffe0'0e02, 0x200}.answers(4, 4));
    CHECK(ForwardedFrame{0x3ff'ffe0'0e02, 0x200}.answers(4, 2));
    CHECK_FALSE(ForwardedFrame{0x3ff'ffe0'0e00, 0x1ff}.answers(0x1fe, 2));
}

TEST_CASE("what the machine does not have is refused", "[platform][devices]") {
    Platform platform = machine();
    const std::string absent = "the machine has no such device";
    CHECK(refusal(platform, virtio_mmio(16)) == absent);
    CHECK(refusal(platform, virtio_mmio(31)) == absent);
    platform.devices[33] = {};
    CHECK(refusal(platform, DeviceId::pl031) == absent);
    platform.devices[2].frame.base = Pa{(u64{1} << 48) - 0x200};
    CHECK(refusal(platform, virtio_mmio(2)) == absent);
}

TEST_CASE("an interrupt has one owner", "[platform][devices]") {
    Platform platform = machine();
    const std::string none = "the machine's device tree gives it no SPI";
    platform.devices[0].interrupt.present = false;
    CHECK(refusal(platform, virtio_mmio(0)) == none);
    platform.devices[1].interrupt.intid = PIntid::ppi(4);
    CHECK(refusal(platform, virtio_mmio(1)) == none);
    const std::string shared = "its interrupt is another device's, too";
    platform.devices[2].interrupt.intid = PIntid::spi(5);
    CHECK(refusal(platform, virtio_mmio(2)) == shared);
    CHECK(refusal(platform, DeviceId::pl011) == shared);
    CHECK(refusal(platform, virtio_mmio(3)).empty());
}

TEST_CASE("the highest free memory", "[platform][ram]") {
    constexpr Pa no_limit{~u64{0}};
    Platform platform;
    CHECK(highest_free_ram(platform, {}, mib, no_limit).size == 0);
    platform.ram[0] = {Pa{0x4000'0000}, gib};
    platform.ram_count = 1;
    const auto place = [&](std::span<const PaRange> taken, u64 size) {
        const PaRange found = highest_free_ram(platform, taken, size, no_limit);
        CHECK((found.size == 0 || found.size == size));
        return found.size == 0 ? u64{0} : found.base.value();
    };
    CHECK(place({}, 1) == 0x7fe0'0000);
    CHECK(place({}, 2 * mib) == 0x7fe0'0000);
    CHECK(place({}, 2 * mib + 1) == 0x7fc0'0000);
    CHECK(place({}, gib) == 0x4000'0000);
    CHECK(place({}, gib + 1) == 0);
    const PaRange taken[] = {{Pa{0x7fff'f000}, 0x1000}, {Pa{0x4000'0000}, 0x3f00'0000}};
    CHECK(place(taken, 2 * mib) == 0x7fc0'0000);
    CHECK(place(taken, 16 * mib - 0x1000) == 0x7f00'0000);
    CHECK(place(taken, 16 * mib - 0xfff) == 0);
    platform.reserved[0] = {Pa{0x7f80'0000}, 1};
    platform.reserved_count = 1;
    CHECK(place(taken, 6 * mib) == 0x7f80'0000 - 6 * mib);
    platform.ram[1] = {Pa{0x10'0000'0000}, 8 * mib};
    platform.ram_count = 2;
    CHECK(place(taken, 6 * mib) == 0x10'0000'0000 + 2 * mib);
    CHECK(place(taken, 9 * mib) == 0);
    CHECK(highest_free_ram(platform, {}, 2 * mib, Pa{0x7000'0000}).base == Pa{0x6fe0'0000});
}

TEST_CASE("memory at the guest's own addresses", "[platform][ram]") {
    Platform platform;
    platform.ram[0] = {Pa{0x4000'0000}, 512 * mib};
    platform.ram_count = 1;
    platform.cpu_count = 1;
    platform.conduit = Conduit::none;
    const PaRange away{Pa{0x5f00'0000}, 8 * mib};
    const PaRange ram{Pa{0x4000'0000}, 256 * mib};
    const auto reason = [&](PaRange image, PaRange wanted) {
        const Status status = check_one_to_one(platform, image, wanted);
        return std::string{status.ok() ? "" : status.error().reason};
    };
    CHECK(reason(away, ram).empty());
    CHECK(reason(away, {ram.base, 513 * mib}).find("has not so much memory") != std::string::npos);
    CHECK(reason({Pa{0x4020'0000}, 8 * mib}, ram).find("Baton lies in") != std::string::npos);
    CHECK(reason({Pa{0x4fff'f000}, 8 * mib}, ram).find("Baton lies in") != std::string::npos);
    platform.reserved[0] = {Pa{0x4fff'ffff}, 1};
    platform.reserved_count = 1;
    CHECK(reason(away, ram).find("reserves a part") != std::string::npos);
    platform.reserved[0].base = Pa{0x5000'0000};
    CHECK(reason(away, ram).empty());
    platform.cpu_count = 2;
    CHECK(reason(away, ram).find("without PSCI other CPUs may sleep") == 0);
    platform.conduit = Conduit::smc;
    CHECK(reason(away, ram).empty());
}
