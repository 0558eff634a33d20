// SPDX-License-Identifier: Apache-2.0
#pragma once
// One virtio device with its one queue and its interrupt: what the drivers of disk and entropy
// have in common, and the counts that must add up.

#include "switchboard.hpp"
#include "virtio_mmio.hpp"

namespace guest {

struct Channel {
    VirtioMmio device;
    VirtQueue queue;
    Wire wire;
    /** Called in the handler for each used chain. */
    void (*on_used)(UsedChain chain);
    /** Called in the handler behind the last used chain, before the end of the interrupt. */
    void (*on_drained)();
    volatile std::uint64_t completions; // used chains, all taken by the handler
    volatile std::uint64_t empty;       // interrupts with InterruptStatus 0
    volatile std::uint64_t odd;         // interrupts for anything but a used buffer
    /** The handler leaves the line high (but not for ever). */
    volatile bool hold;

    /** Brings the device up afresh and connects its interrupt; counters 0. One sentence if not. */
    [[nodiscard]] const char* open(const DeviceNode& node, Service service,
                                   void (*used)(UsedChain chain));

    /** The body of the interrupt's service. */
    After serve();

    /** Acknowledges the device and takes what it used. */
    void drain();

    /** Hands the chain at `head` to the device and notifies it. */
    void submit(std::uint16_t head) {
        queue.offer(head);
        device.notify();
    }

    /** `count` interrupts, each for something. */
    [[nodiscard]] Outcome interrupts_were(std::uint64_t count) const;
};

} // namespace guest
