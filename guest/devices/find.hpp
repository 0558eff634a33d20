// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the devices are: addresses, INTIDs and triggers out of the guest's device tree. Nothing
// else knows them.

#include "common/tree.hpp"

namespace guest {

/** A device as its node describes it. */
struct DeviceNode {
    std::uintptr_t base = 0;
    Wire wire{};

    [[nodiscard]] bool found() const { return base != 0 && wire.intid != Intid{0}; }
};

/** VIRTIO 1.2, 5 "Device Types"; `none` is a transport without a device (4.2.2, DeviceID). */
enum class VirtioKind : std::uint32_t { none = 0, block = 2, entropy = 4 };

/** The first device that is compatible with `name`. */
[[nodiscard]] DeviceNode find_device(const char* name);

/** The `nth` (from 0) virtio-mmio transport that holds a device of this kind. */
[[nodiscard]] DeviceNode find_virtio(VirtioKind kind, unsigned nth = 0);

} // namespace guest
