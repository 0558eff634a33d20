// SPDX-License-Identifier: Apache-2.0
// The rings, and the barriers between what driver and device write.

#include "virtqueue.hpp"

namespace guest {

std::uintptr_t VirtQueue::descriptors() const {
    return reinterpret_cast<std::uintptr_t>(&memory_[0]);
}

std::uintptr_t VirtQueue::available() const {
    return descriptors() + size_ * sizeof(Descriptor);
}

std::uintptr_t VirtQueue::used() const {
    return descriptors() + alignment;
}

void VirtQueue::clear(std::uint32_t limit) {
    // Flags, index, entries and the event word of the available ring end before the used ring.
    static_assert(largest * (sizeof(Descriptor) + 2) + 6 <= alignment);
    static_assert(largest * sizeof(UsedElement) + 6 <= alignment);
    for (unsigned char& byte : memory_) {
        byte = 0;
    }
    size_ = limit < largest ? limit : largest;
    next_available_ = 0;
    next_used_ = 0;
}

void VirtQueue::describe(std::uint16_t head, std::span<const Buffer> buffers) const {
    constexpr std::uint16_t next = 1;  // VIRTQ_DESC_F_NEXT
    constexpr std::uint16_t write = 2; // VIRTQ_DESC_F_WRITE: for the device
    auto* const table = reinterpret_cast<volatile Descriptor*>(descriptors());
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        const auto index = static_cast<std::uint16_t>(head + i);
        volatile Descriptor& d = table[index];
        const bool last = i + 1 == buffers.size();
        d.address = reinterpret_cast<std::uintptr_t>(buffers[i].address);
        d.length = buffers[i].length;
        d.flags = static_cast<std::uint16_t>(
            (last ? 0 : next) | (buffers[i].writer == Buffer::Writer::device ? write : 0));
        d.next = static_cast<std::uint16_t>(last ? 0 : index + 1);
    }
}

void VirtQueue::offer(std::uint16_t head) {
    const std::uintptr_t entry = next_available_ % size_;
    word(available() + ring_entries + 2 * entry) = head;
    ++next_available_;
    // 2.7.13.2: buffers, descriptors and ring entry before the index that makes them the device's.
    dma_write_barrier();
    word(available() + ring_index) = next_available_;
}

bool VirtQueue::has_used() const {
    return word(used() + ring_index) != next_used_;
}

bool VirtQueue::take(UsedChain& chain) {
    if (!has_used()) {
        return false;
    }
    // 2.7.14: the index before the entry and the buffers that it announces.
    dma_read_barrier();
    const auto* const ring = reinterpret_cast<const volatile UsedElement*>(used() + ring_entries);
    const volatile UsedElement& element = ring[next_used_ % size_];
    chain.head = static_cast<std::uint16_t>(element.head);
    chain.length = element.length;
    ++next_used_;
    return true;
}

} // namespace guest
