// SPDX-License-Identifier: Apache-2.0
// The nodes of devices that a guest may have and Baton has no use for: the clock (PL031) and the
// virtio-mmio transports.
#pragma once

#include "hyp/platform/interrupt.hpp"
#include "hyp/platform/node.hpp"

namespace hyp {

class PassableNodes {
public:
    // The innermost node of `stack` is enabled and compatible with `kind`. False: neither of these
    // devices. The first PL031 counts; transports are kept in the order of their addresses, whatever
    // the tree's is.
    [[nodiscard]] bool add(const char* kind, const NodeStack& stack, const NodeProps& props,
                           Platform& out);
    // As the tree names them; to be wired to the GIC after the whole tree.
    [[nodiscard]] const InterruptSource& interrupts(DeviceId id) const {
        return sources_[static_cast<u32>(id)];
    }

private:
    InterruptSource sources_[device_count];
};

} // namespace hyp
