// SPDX-License-Identifier: Apache-2.0
// The interrupt of a virtio device. VIRTIO 1.2, 4.2.3.4: read the status, acknowledge it, then look
// at the used ring.

#include "channel.hpp"

namespace guest {
namespace {

/** Interrupts of a line that is held high after which the handler gives in. */
constexpr std::uint64_t hold_limit = 100;

} // namespace

const char* Channel::open(const DeviceNode& node, Service service, void (*used)(UsedChain chain)) {
    if (!node.found()) {
        return "no such device in the device tree";
    }
    wire = node.wire;
    on_used = used;
    on_drained = nullptr;
    completions = 0;
    empty = 0;
    odd = 0;
    hold = false;
    if (const char* const why = device.start(node, queue); why != nullptr) {
        return why;
    }
    connect_spi(wire, service);
    return nullptr;
}

After Channel::serve() {
    if (hold && taken(wire.intid) < hold_limit) {
        return After::end_it;
    }
    drain();
    if (on_drained != nullptr) {
        on_drained();
    }
    return After::end_it;
}

void Channel::drain() {
    constexpr std::uint32_t used_buffer = 1;
    const std::uint32_t status = device.interrupt_status();
    if (status == 0) {
        empty = empty + 1;
    }
    if ((status & ~used_buffer) != 0) {
        odd = odd + 1;
    }
    device.acknowledge(status);
    UsedChain chain{};
    while (queue.take(chain)) {
        completions = completions + 1;
        on_used(chain);
    }
}

Outcome Channel::interrupts_were(std::uint64_t count) const {
    GUEST_REQUIRE(taken(wire.intid) == count, "wrong number of interrupts", taken(wire.intid));
    GUEST_REQUIRE(empty == 0, "interrupts without a cause", empty);
    GUEST_REQUIRE(odd == 0, "interrupts for another cause", odd);
    return passed;
}

} // namespace guest
