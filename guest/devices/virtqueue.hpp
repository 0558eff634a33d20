// SPDX-License-Identifier: Apache-2.0
#pragma once
// A split virtqueue (VIRTIO 1.2, 2.7): descriptors, the available ring that the driver writes, and
// the used ring that the device writes. Its memory is laid out as the legacy interface wants it
// (2.7.2: one piece, used ring at a multiple of the alignment), which version 2 takes as well.
// The guest runs with its MMU off and every address is physical; the device sees the same ones.

#include "common/sysreg.hpp"

#include <span>

namespace guest {

/** A piece of memory in a chain. */
struct Buffer {
    const volatile void* address;
    std::uint32_t length;
    enum class Writer : std::uint8_t { driver, device } writer;
};

/** A chain that the device has used: its first descriptor, and how much the device wrote. */
struct UsedChain {
    std::uint16_t head;
    std::uint32_t length;
};

class VirtQueue {
public:
    static constexpr std::uint32_t alignment = 4096;
    static constexpr std::uint32_t largest = 32;

    /** Empties the queue; its size is `limit` or `largest`, whichever is less. */
    void clear(std::uint32_t limit);

    /** Links `buffers` from descriptor `head` on, where nothing may be under way. */
    void describe(std::uint16_t head, std::span<const Buffer> buffers) const;

    /** 2.7.13: the chain at `head` is the device's from now on; the device is not notified. */
    void offer(std::uint16_t head);

    /** 2.7.14: the next used chain, if there is one; its buffers may be read then. */
    [[nodiscard]] bool take(UsedChain& chain);

    /** Whether take() would find one. */
    [[nodiscard]] bool has_used() const;

    [[nodiscard]] std::uint32_t size() const { return size_; }
    [[nodiscard]] std::uintptr_t descriptors() const;
    [[nodiscard]] std::uintptr_t available() const;
    [[nodiscard]] std::uintptr_t used() const;

private:
    struct alignas(16) Descriptor { // 2.7.5
        std::uint64_t address;
        std::uint32_t length;
        std::uint16_t flags;
        std::uint16_t next;
    };
    struct alignas(4) UsedElement { // 2.7.8
        std::uint32_t head;
        std::uint32_t length;
    };
    static_assert(sizeof(Descriptor) == 16 && sizeof(UsedElement) == 8);

    /** Both rings begin with flags and an index. */
    enum : std::uintptr_t { ring_index = 2, ring_entries = 4 };

    [[nodiscard]] static volatile std::uint16_t& word(std::uintptr_t address) {
        return *reinterpret_cast<volatile std::uint16_t*>(address);
    }

    alignas(alignment) unsigned char memory_[2 * alignment] = {};
    std::uint32_t size_ = 0;
    std::uint16_t next_available_ = 0;
    std::uint16_t next_used_ = 0;
};

} // namespace guest
