// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/pass_device.hpp"

namespace hyp {

namespace {

constexpr u64 page = 4 * kib;

const PlatformDevice& find(const Platform& platform, DeviceId id) {
    return platform.devices[static_cast<u32>(id)];
}

// An INTID has one owner: a second device on the same line would signal into a guest that cannot
// quieten it.
bool is_shared(const Platform& platform, DeviceId id, PIntid pintid) {
    for (u32 n = 0; n < device_count; ++n) {
        const DeviceId other = static_cast<DeviceId>(n);
        const PlatformDevice& device = find(platform, other);
        if (other != id && device.interrupt.present && device.interrupt.intid == pintid) {
            return true;
        }
    }
    return false;
}

// The page of the guest around `id` holds nothing but devices of this guest, which lie on the
// machine as the guest sees them, in one page of their own.
bool fills_page(const Platform& platform, DeviceSet owned, DeviceId id) {
    const Ipa guest_page = guest_device(id).frame.base.align_down(page);
    const PaRange frame = find(platform, id).frame;
    const Pa own_page = frame.base.align_down(page);
    u64 filled = 0;
    for (u32 n = 0; n < device_count; ++n) {
        const DeviceId mate = static_cast<DeviceId>(n);
        const IpaRange seen = guest_device(mate).frame;
        if (seen.base.align_down(page) != guest_page || !owned.has(mate)) {
            continue;
        }
        const PaRange there = find(platform, mate).frame;
        const bool in_place = there.base - own_page == seen.base - guest_page;
        filled += in_place && there.size >= seen.size ? seen.size : 0;
    }
    return filled == page;
}

} // namespace

Result<PassedDevice> pass_device(const Platform& platform, DeviceSet owned, DeviceId id) {
    const PlatformDevice& device = find(platform, id);
    if (device.frame.size == 0 || device.frame.end().value() >> 48 != 0) {
        return Error{"the machine has no such device"};
    }
    if (!device.interrupt.present || !device.interrupt.intid.is_spi()) {
        return Error{"the machine's device tree gives it no SPI"};
    }
    if (is_shared(platform, id, device.interrupt.intid)) {
        return Error{"its interrupt is another device's, too"};
    }
    PassedDevice passed;
    const u64 seen = guest_device(id).frame.size;
    passed.frame = {device.frame.base, device.frame.size < seen ? device.frame.size : seen};
    passed.pintid = device.interrupt.intid;
    passed.trigger = device.interrupt.trigger;
    passed.way =
        fills_page(platform, owned, id) ? PassedDevice::Way::map : PassedDevice::Way::forward;
    return passed;
}

} // namespace hyp
