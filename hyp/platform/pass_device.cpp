// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/pass_device.hpp"

namespace hyp {

namespace {

constexpr u64 page = 4 * kib;

// An INTID has one owner: a second device on the same line would signal into a guest that cannot
// quieten it.
bool is_shared(const Platform& platform, const PlatformDevice& device) {
    u32 users = 0;
    for (const PlatformDevice& other : platform.devices) {
        users +=
            other.interrupt.present && other.interrupt.intid == device.interrupt.intid ? 1U : 0U;
    }
    return users != 1;
}

// A page of the guest holds one device or eight transports. Are all of them its own, and do they fill
// a page of the machine in the same way?
bool fills_page(const Platform& platform, DeviceSet owned, u32 n, u64 size) {
    const u32 count = static_cast<u32>(page / size);
    const u32 first = n / count * count;
    const Pa base = platform.devices[first].frame.base;
    bool fills = base.is_aligned(page);
    for (u32 i = 0; i < count; ++i) {
        const PaRange frame = platform.devices[first + i].frame;
        fills = fills && owned.has(static_cast<DeviceId>(first + i)) && frame.size >= size &&
                frame.base.value() == base.value() + i * size;
    }
    return fills;
}

} // namespace

Result<PassedDevice> pass_device(const Platform& platform, DeviceSet owned, DeviceId id) {
    const u32 n = static_cast<u32>(id);
    const PlatformDevice& device = platform.devices[n];
    if (device.frame.size == 0 || device.frame.end().value() >> 48 != 0) {
        return Error{"the machine has no such device"};
    }
    if (!device.interrupt.present || !device.interrupt.intid.is_spi()) {
        return Error{"the machine's device tree gives it no SPI"};
    }
    if (is_shared(platform, device)) {
        return Error{"its interrupt is another device's, too"};
    }
    const u64 size = guest_device(id).frame.size;
    PassedDevice passed;
    passed.frame = {device.frame.base, device.frame.size < size ? device.frame.size : size};
    passed.interrupt = device.interrupt;
    passed.way =
        fills_page(platform, owned, n, size) ? PassedDevice::Way::map : PassedDevice::Way::forward;
    return passed;
}

} // namespace hyp
