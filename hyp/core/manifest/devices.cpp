// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/manifest/devices.hpp"

#include "hyp/core/tree/tree_reader.hpp"

namespace hyp {

namespace {

// `text` is `number`, below 100, in decimal without a leading zero.
bool is_number(const char* text, u32 number) {
    if (number >= 10 && *text++ != static_cast<char>('0' + number / 10)) {
        return false;
    }
    return text[0] == static_cast<char>('0' + number % 10) && text[1] == '\0';
}

} // namespace

DeviceSet devices_named(const char* word) {
    DeviceSet named;
    if (same_string(word, "virtio-mmio")) {
        named = DeviceSet::all_virtio();
    }
    for (u32 n = 0; n < device_count; ++n) {
        const DeviceId id = static_cast<DeviceId>(n);
        const DeviceName name = device_name(id);
        const char* rest = word;
        const char* prefix = name.prefix;
        for (; *prefix != '\0' && *rest == *prefix; ++prefix) {
            ++rest;
        }
        if (*prefix == '\0' && is_number(rest, name.number)) {
            named.add(id);
        }
    }
    return named;
}

} // namespace hyp
