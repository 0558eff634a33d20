// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/passable_nodes.hpp"

namespace hyp {

bool PassableNodes::add(const char* kind, const NodeStack& stack, const NodeProps& props,
                        Platform& out) {
    const bool is_virtio = same_string(kind, "virtio,mmio");
    if (!is_virtio && !same_string(kind, "arm,pl031")) {
        return false;
    }
    const PaRange frame = stack.reg(props.get(Prop::reg), 0);
    PlatformDevice* const devices = out.devices;
    u32 n = is_virtio ? out.virtio_count : static_cast<u32>(DeviceId::pl031);
    if (frame.size == 0 || n == virtio_slots || devices[n].frame.size != 0) {
        return true;
    }
    if (is_virtio) {
        ++out.virtio_count;
        // QEMU's virt lists them upwards, its Versal downwards.
        for (; n != 0 && devices[n - 1].frame.base > frame.base; --n) {
            devices[n] = devices[n - 1];
            sources_[n] = sources_[n - 1];
        }
    }
    devices[n].frame = frame;
    sources_[n] = {props.get(Prop::interrupts), stack.top().interrupt_parent};
    return true;
}

} // namespace hyp
