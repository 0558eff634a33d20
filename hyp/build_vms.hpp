// SPDX-License-Identifier: Apache-2.0
// From the manifest to VMs that can be started: memory, address space, payloads, vCPUs and their homes,
// devices.
#pragma once

#include "hyp/loader.hpp"

namespace hyp {

// Once, at boot: FarStorage::manifest is read, its pCPUs run, Pcpu objects are made. Fills `machine`.
// Refuses to boot when something cannot be had.
void build_vms(const VgicCaps& caps, const Platform& platform, PackedImage image);

// At boot: refuses with the error's place and reason.
void require(const Status& status, const char* what);

} // namespace hyp
