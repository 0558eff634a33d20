// SPDX-License-Identifier: Apache-2.0
// Puts a VM into memory: RAM taken from the machine's, stage-2 tables, kernel, initrd and device
// tree copied in and cleaned to the point of coherency, for the guest starts with its caches off.
#pragma once

#include "hyp/core/manifest/manifest.hpp"
#include "hyp/platform/platform.hpp"
#include "hyp/vm.hpp"

#include <span>

namespace hyp {

// The packed image as it lies in memory.
struct PackedImage {
    Pa base{};
    u64 size = 0; // with payloads; 0 when nothing is packed
};

// Reads the compiled manifest of a packed image, copied out of it first: its strings live on.
// On failure Error::where points into `path`.
[[nodiscard]] Result<Manifest> read_packed_manifest(PackedImage image, NodePath& path);

// Free, 2 MiB aligned, contiguous memory outside everything reserved and `taken` (the image first),
// as high as possible: what lies low may be a dma-trusted VM's, which gets what it sees. Fails if
// there is none.
[[nodiscard]] Result<PaRange> take_ram(const VmDescription& description, const Platform& platform,
                                       std::span<const PaRange> taken);

// Maps the guest's RAM and, on GICv2, the virtual CPU interface.
[[nodiscard]] Status map_guest(Vm& vm, const Platform& platform);

// At boot: writes the guest's tree into `tree_room`, which it stays in, and loads the VM whole; all of
// its RAM that neither kernel, initrd nor tree is to fill stays as it is.
[[nodiscard]] Status load_guest(Vm& vm, std::span<u8> tree_room, PackedImage image,
                                GicGeneration generation);

// One piece of vm.loading: `most` bytes at most, a multiple of 8 and 256 MiB at most. A payload of a
// wrong hash is refused when it has been copied. By one pCPU; no vCPU of the VM runs.
[[nodiscard]] Status load_piece(Vm& vm, u64 most);

} // namespace hyp
