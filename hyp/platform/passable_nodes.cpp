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
    const InterruptSource source{props.get(Prop::interrupts), stack.top().interrupt_parent};
    if (is_virtio) {
        add_virtio(frame, source, out);
    } else if (out.rtc.frame.size == 0) {
        out.rtc.frame = frame;
        rtc_ = source;
    }
    return true;
}

// QEMU's virt lists them upwards, its Versal downwards.
void PassableNodes::add_virtio(PaRange frame, const InterruptSource& source, Platform& out) {
    if (frame.size == 0 || out.virtio_count == Platform::max_virtio) {
        return;
    }
    u32 n = out.virtio_count++;
    for (; n != 0 && out.virtio[n - 1].frame.base > frame.base; --n) {
        out.virtio[n].frame = out.virtio[n - 1].frame;
        virtio_[n] = virtio_[n - 1];
    }
    out.virtio[n].frame = frame;
    virtio_[n] = source;
}

void PassableNodes::finish(const GicIdentity& gic, Platform& out) const {
    out.rtc.interrupt = wired_interrupt(rtc_, 0, gic);
    for (u32 n = 0; n < out.virtio_count; ++n) {
        out.virtio[n].interrupt = wired_interrupt(virtio_[n], 0, gic);
    }
}

} // namespace hyp
