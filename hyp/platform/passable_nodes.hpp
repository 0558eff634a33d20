// SPDX-License-Identifier: Apache-2.0
// The nodes of devices that a guest may have: the clock (PL031) and the virtio-mmio transports.
// Collected during the pass, wired to the GIC at its end.
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
    // After the whole tree: their interrupts, and the UART, if it is one that can be given.
    void finish(const GicIdentity& gic, Platform& out) const;

private:
    InterruptSource sources_[device_count];
};

} // namespace hyp
