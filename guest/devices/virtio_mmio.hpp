// SPDX-License-Identifier: Apache-2.0
#pragma once
// The virtio-mmio transport (VIRTIO 1.2, 4.2), in its two forms: version 2, and the legacy
// interface of version 1 (4.2.4), which differs in how the queue is told to the device.

#include "common/mmio.hpp"
#include "find.hpp"
#include "virtqueue.hpp"

namespace guest {

/** 4.2.2, Version. */
enum class Transport : std::uint32_t { legacy = 1, modern = 2 };

[[nodiscard]] constexpr const char* name(Transport transport) {
    return transport == Transport::legacy ? "legacy" : "modern";
}

class VirtioMmio {
public:
    /** What lies at `base`: `none` also when it is no such transport. */
    [[nodiscard]] static VirtioKind kind_at(std::uintptr_t base);

    /** Resets the device at `node` and readies it with `queue` as its queue 0 (3.1.1, 3.1.2);
     * nullptr, or one sentence that says why not. */
    [[nodiscard]] const char* start(const DeviceNode& node, VirtQueue& queue);

    /** 4.2.3.3: tells the device that queue 0 holds new buffers. */
    void notify() const {
        // The queue's memory before the notification: both are stores, to different places.
        dma_write_barrier();
        write32(base_ + QueueNotify, 0);
    }

    /** InterruptStatus: bit 0 a used buffer, bit 1 a change of configuration. The device's line
     * is high while any bit is set. */
    [[nodiscard]] std::uint32_t interrupt_status() const { return read32(base_ + InterruptStatus); }

    /** InterruptACK, and the line is low on return unless the device has set the bit again. What
     * the device used before is visible to what follows: see the comment inside. */
    void acknowledge(std::uint32_t status) const {
        write32(base_ + InterruptACK, status);
        // The device stores the used index, then sets the bit; we clear the bit, then load the
        // used index. Were the load done before the store arrives, a buffer used in between would
        // be missed and its bit cleared: lost. Only completion of the store forbids that; a
        // device access is complete at its endpoint (nGnRnE: the guest's MMU is off).
        dsb();
    }

    /** A 64-bit field of the configuration space: two 32-bit accesses (4.2.2.2). */
    [[nodiscard]] std::uint64_t config64(std::uintptr_t offset) const {
        const std::uint64_t low = read32(base_ + Config + offset);
        return low | std::uint64_t{read32(base_ + Config + offset + 4)} << 32;
    }

    [[nodiscard]] Transport transport() const { return transport_; }

private:
    enum : std::uintptr_t {
        MagicValue = 0x000,
        Version = 0x004,
        DeviceID = 0x008,
        DeviceFeatures = 0x010,
        DeviceFeaturesSel = 0x014,
        DriverFeatures = 0x020,
        DriverFeaturesSel = 0x024,
        GuestPageSize = 0x028, // legacy
        QueueSel = 0x030,
        QueueNumMax = 0x034,
        QueueNum = 0x038,
        QueueAlign = 0x03c, // legacy
        QueuePFN = 0x040,   // legacy
        QueueReady = 0x044,
        QueueNotify = 0x050,
        InterruptStatus = 0x060,
        InterruptACK = 0x064,
        Status = 0x070,
        QueueDescLow = 0x080, // each followed by its High
        QueueDriverLow = 0x090,
        QueueDeviceLow = 0x0a0,
        Config = 0x100,
    };

    void add_status(std::uint32_t bits) const;
    [[nodiscard]] const char* agree_on_features() const;
    [[nodiscard]] const char* give_queue(VirtQueue& queue) const;
    void give_address(std::uintptr_t low, std::uintptr_t address) const;

    std::uintptr_t base_ = 0;
    Transport transport_{};
};

} // namespace guest
