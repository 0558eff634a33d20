// SPDX-License-Identifier: Apache-2.0
// Bringing a device up, as VIRTIO 1.2, 3.1.1 (and 3.1.2, legacy) orders it.

#include "virtio_mmio.hpp"

namespace guest {
namespace {

constexpr std::uint32_t magic = 0x74726976; // "virt"

/** 2.1, device status. */
enum : std::uint32_t { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };

} // namespace

VirtioKind VirtioMmio::kind_at(std::uintptr_t base) {
    if (read32(base + MagicValue) != magic) {
        return VirtioKind::none;
    }
    return static_cast<VirtioKind>(read32(base + DeviceID));
}

const char* VirtioMmio::start(const DeviceNode& node, VirtQueue& queue) {
    base_ = node.base;
    const std::uint32_t version = read32(base_ + Version);
    if (version != 1 && version != 2) {
        return "a transport of an unknown version";
    }
    transport_ = static_cast<Transport>(version);
    write32(base_ + Status, 0); // reset
    add_status(ACKNOWLEDGE);
    add_status(DRIVER);
    if (const char* const why = agree_on_features(); why != nullptr) {
        return why;
    }
    if (const char* const why = give_queue(queue); why != nullptr) {
        return why;
    }
    add_status(DRIVER_OK);
    return nullptr;
}

void VirtioMmio::add_status(std::uint32_t bits) const {
    write32(base_ + Status, read32(base_ + Status) | bits);
}

/** None is wanted but the one that version 2 cannot do without. */
const char* VirtioMmio::agree_on_features() const {
    constexpr std::uint32_t version_1 = 1U << (32 - 32); // VIRTIO_F_VERSION_1, in the upper word
    write32(base_ + DriverFeaturesSel, 0);
    write32(base_ + DriverFeatures, 0);
    if (transport_ == Transport::legacy) {
        return nullptr;
    }
    write32(base_ + DeviceFeaturesSel, 1);
    if ((read32(base_ + DeviceFeatures) & version_1) == 0) {
        return "a device of version 2 does not offer VIRTIO_F_VERSION_1";
    }
    write32(base_ + DriverFeaturesSel, 1);
    write32(base_ + DriverFeatures, version_1);
    add_status(FEATURES_OK);
    return (read32(base_ + Status) & FEATURES_OK) != 0 ? nullptr : "the features were refused";
}

const char* VirtioMmio::give_queue(VirtQueue& queue) const {
    write32(base_ + QueueSel, 0);
    const bool legacy = transport_ == Transport::legacy;
    if (read32(base_ + (legacy ? QueuePFN : QueueReady)) != 0) {
        return "the queue is in use after a reset";
    }
    queue.clear(read32(base_ + QueueNumMax));
    if (queue.size() == 0) {
        return "the device has no queue 0";
    }
    write32(base_ + QueueNum, queue.size());
    if (legacy) {
        write32(base_ + GuestPageSize, VirtQueue::alignment);
        write32(base_ + QueueAlign, VirtQueue::alignment);
        dma_write_barrier(); // the empty queue before its address
        const std::uintptr_t page = queue.descriptors() / VirtQueue::alignment;
        write32(base_ + QueuePFN, static_cast<std::uint32_t>(page));
        return nullptr;
    }
    give_address(QueueDescLow, queue.descriptors());
    give_address(QueueDriverLow, queue.available());
    give_address(QueueDeviceLow, queue.used());
    dma_write_barrier(); // the empty queue before it is ready
    write32(base_ + QueueReady, 1);
    return nullptr;
}

void VirtioMmio::give_address(std::uintptr_t low, std::uintptr_t address) const {
    write32(base_ + low, static_cast<std::uint32_t>(address));
    write32(base_ + low + 4, static_cast<std::uint32_t>(address >> 32));
}

} // namespace guest
