// SPDX-License-Identifier: Apache-2.0
// The devices of the machine that a VM can be given, by the names of a manifest, and where a guest
// finds each of them: at the addresses and INTIDs of QEMU's `virt`, wherever the machine has it.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/intid.hpp"
#include "hyp/core/base/types.hpp"

namespace hyp {

inline constexpr u32 virtio_slots = 32; // virtio-mmio transports

// Below virtio_slots: a transport by its number.
enum class DeviceId : u8 { pl011 = virtio_slots, pl031 };
inline constexpr u32 device_count = virtio_slots + 2;

[[nodiscard]] constexpr DeviceId virtio_mmio(u32 slot) {
    return static_cast<DeviceId>(slot);
}
[[nodiscard]] constexpr bool is_virtio_mmio(DeviceId id) {
    return id < DeviceId::pl011;
}

class DeviceSet {
public:
    [[nodiscard]] constexpr bool has(DeviceId id) const { return (bits_ >> index(id) & 1) != 0; }
    constexpr void add(DeviceId id) { bits_ |= u64{1} << index(id); }
    constexpr void add(DeviceSet other) { bits_ |= other.bits_; }
    [[nodiscard]] constexpr DeviceSet shared_with(DeviceSet other) const {
        return DeviceSet{bits_ & other.bits_};
    }
    [[nodiscard]] constexpr bool is_empty() const { return bits_ == 0; }
    [[nodiscard]] static constexpr DeviceSet all_virtio() {
        return DeviceSet{(u64{1} << virtio_slots) - 1};
    }
    // Devices that read and write memory by themselves, past any VM's map.
    [[nodiscard]] constexpr bool has_bus_master() const {
        return !shared_with(all_virtio()).is_empty();
    }
    // Calls visit(id) for each, in the order of their numbers.
    template <class Visit>
    constexpr void for_each(Visit visit) const {
        for (u64 rest = bits_; rest != 0; rest &= rest - 1) {
            visit(static_cast<DeviceId>(__builtin_ctzll(rest)));
        }
    }
    constexpr DeviceSet() = default;
    friend constexpr bool operator==(DeviceSet, DeviceSet) = default;

private:
    explicit constexpr DeviceSet(u64 bits) : bits_{bits} {}
    [[nodiscard]] static constexpr u32 index(DeviceId id) { return static_cast<u32>(id); }
    u64 bits_ = 0;
};

// Where a guest finds a device.
struct GuestDevice {
    IpaRange frame;
    VIntid vintid;
};
[[nodiscard]] constexpr GuestDevice guest_device(DeviceId id) {
    const u32 slot = static_cast<u32>(id);
    if (!is_virtio_mmio(id)) {
        const u32 n = slot - virtio_slots;
        return {{Ipa{0x0900'0000 + u64{n} * 0x1'0000}, 0x1000}, VIntid::spi(1 + n)};
    }
    return {{Ipa{0x0a00'0000 + u64{slot} * 0x200}, 0x200}, VIntid::spi(16 + slot)};
}

// The device that would be at an address, if any is: its frame need not hold it.
[[nodiscard]] constexpr DeviceId device_near(Ipa ipa) {
    const u64 slot = (ipa - guest_device(virtio_mmio(0)).frame.base) / 0x200;
    const u64 other = ipa.value() >> 16 & 1;
    return static_cast<DeviceId>(slot < virtio_slots ? slot : virtio_slots + other);
}

// As a manifest spells it, the number in decimal: "pl011", "pl031", "virtio-mmio@7".
struct DeviceName {
    const char* prefix;
    u32 number;
};
[[nodiscard]] constexpr DeviceName device_name(DeviceId id) {
    const u32 n = static_cast<u32>(id);
    return is_virtio_mmio(id) ? DeviceName{"virtio-mmio@", n}
                              : DeviceName{"pl0", id == DeviceId::pl011 ? 11U : 31U};
}

// The devices that a word of a manifest's list names: one, or all transports for "virtio-mmio".
// Empty when it names none.
[[nodiscard]] DeviceSet devices_named(const char* word);

} // namespace hyp
