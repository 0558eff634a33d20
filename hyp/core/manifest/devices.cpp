// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/manifest/devices.hpp"

#include "hyp/core/tree/tree_reader.hpp"

namespace hyp {

namespace {

constexpr const char* transport = "virtio-mmio";
constexpr u32 unit_at = 11; // behind it

} // namespace

DeviceName device_name(DeviceId id) {
    DeviceName name{};
    if (!is_virtio_mmio(id)) {
        copy_text(name.text, sizeof name.text, id == DeviceId::pl011 ? "pl011" : "pl031");
        return name;
    }
    copy_text(name.text, sizeof name.text, transport);
    const u32 slot = static_cast<u32>(id);
    char* to = name.text + unit_at;
    *to++ = '@';
    if (slot >= 10) {
        *to++ = static_cast<char>('0' + slot / 10);
    }
    *to++ = static_cast<char>('0' + slot % 10);
    *to = '\0';
    return name;
}

DeviceSet devices_named(const char* word) {
    if (same_string(word, transport)) {
        return DeviceSet::all_virtio();
    }
    DeviceSet named;
    for (u32 n = 0; n < device_count; ++n) {
        const DeviceId id = static_cast<DeviceId>(n);
        if (same_string(word, device_name(id).text)) {
            named.add(id);
        }
    }
    return named;
}

} // namespace hyp
