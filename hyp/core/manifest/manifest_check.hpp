// SPDX-License-Identifier: Apache-2.0
// What a manifest must fulfil beyond the form of each property. Each check gives nullptr or the
// reason for refusal; whoever calls knows the node.
#pragma once

#include "hyp/core/manifest/manifest.hpp"

namespace hyp {

// One VM by itself: payloads inside the image, everything inside its memory, nothing overlapping.
[[nodiscard]] const char* check_vm(const VmDescription& vm, u64 image_size);

// Devices that move data by themselves are for dma-trusted VMs only.
[[nodiscard]] const char* check_devices(const VmDescription& vm);

// VM n against those before it: names, devices, consoles, payloads.
[[nodiscard]] const char* check_against_earlier(const Manifest& manifest, u32 n);

} // namespace hyp
