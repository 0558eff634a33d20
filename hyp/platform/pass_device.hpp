// SPDX-License-Identifier: Apache-2.0
// How a device of the machine becomes a guest's: its frame, its interrupt, and whether the frame is
// mapped or each access is forwarded. What cannot be given without giving more is refused.
#pragma once

#include "hyp/core/manifest/devices.hpp"
#include "hyp/platform/platform.hpp"

namespace hyp {

struct PassedDevice {
    // `map`: whole pages of the guest's own. `forward`: the page holds something else, too, so EL2
    // makes each access for the guest.
    enum class Way : u8 { map, forward };
    PaRange frame{};            // as long as the guest's, or shorter
    WiredInterrupt interrupt{}; // present, an SPI
    Way way = Way::forward;
};

// Where EL2 sees a device whose accesses it makes for a guest. Size 0: the guest has it not.
struct ForwardedFrame {
    u64 va = 0;
    u64 size = 0;
    // May the guest access `bytes` at `offset`? Aligned, for an unaligned access to a device would
    // fault at EL2 (DDI 0487, Device memory); at most 4 bytes, as virtio and Arm's PrimeCells define
    // their registers, since a bus may answer others with an abort; and within the frame.
    [[nodiscard]] constexpr bool answers(u64 offset, u8 bytes) const {
        return bytes <= 4 && (va + offset) % bytes == 0 && offset < size && bytes <= size - offset;
    }
};

// `id` of the machine, for a VM that has `owned`, `id` among them. Fails when the machine has no
// such device, or its interrupt is no SPI or serves another device, too.
[[nodiscard]] Result<PassedDevice> pass_device(const Platform& platform, DeviceSet owned,
                                               DeviceId id);

} // namespace hyp
