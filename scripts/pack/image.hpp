// SPDX-License-Identifier: Apache-2.0
// The packed image: the hypervisor in its first 2 MiB, then the compiled manifest, then the
// payloads, each at a multiple of 2 MiB.
#pragma once

#include "hyp/core/manifest/manifest.hpp"
#include "scripts/pack/bytes.hpp"
#include "scripts/pack/kernel.hpp"

#include <string>
#include <vector>

namespace pack {

// What the packed manifest says of one VM's files.
struct PackedVm {
    Kernel kernel; // its bytes have moved into the image
    hyp::Payload kernel_at;
    hyp::Payload initrd_at; // length 0: none
};

class Image {
public:
    // `hypervisor` is an arm64 Image that with its .bss takes at most 2 MiB; else PackError.
    explicit Image(Bytes hypervisor);

    // Appends a payload, or finds the same bytes that were appended before.
    [[nodiscard]] hyp::Payload add(const Bytes& payload);

    // Places the compiled manifest and writes the size of the whole into the Image header.
    void finish(const Bytes& manifest);

    [[nodiscard]] const Bytes& bytes() const { return bytes_; }

private:
    Bytes bytes_;
    std::vector<hyp::Payload> payloads_;
};

// The manifest in its packed form.
[[nodiscard]] Bytes packed_manifest(const hyp::Manifest& source, const std::vector<PackedVm>& vms);

// An ELF header of 4 KiB for an image that follows it: one segment at 0x40200000, entered there.
[[nodiscard]] Bytes elf_wrapper(hyp::u64 image_size);

} // namespace pack
