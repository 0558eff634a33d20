// SPDX-License-Identifier: Apache-2.0
#include "scripts/pack/image.hpp"

#include "scripts/pack/pack_error.hpp"

#include <algorithm>
#include <utility>

namespace pack {

using hyp::manifest_offset;
using hyp::payload_align;
using hyp::u64;
using hyp::usize;

namespace {

constexpr u64 page = 4 * hyp::kib;
constexpr u64 wrapper_address = 0x4020'0000;

u64 align_up(u64 value, u64 align) {
    return (value + align - 1) / align * align;
}

} // namespace

Image::Image(Bytes hypervisor) : bytes_{std::move(hypervisor)} {
    if (!is_arm64_image(bytes_)) {
        throw PackError{"", "the hypervisor's file is no arm64 Image"};
    }
    const u64 size = get_le(bytes_, image_size_at, 8);
    if (size == 0 || size > manifest_offset || bytes_.size() > manifest_offset) {
        throw PackError{"", "the hypervisor does not fit into the first 2 MiB of the image"};
    }
    bytes_.resize(manifest_offset + payload_align);
}

hyp::Payload Image::add(const Bytes& payload) {
    const u64 hash = hyp::payload_hash(payload.data(), payload.size());
    for (const hyp::Payload& earlier : payloads_) {
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(earlier.offset);
        if (earlier.hash == hash && earlier.length == payload.size() &&
            std::equal(payload.begin(), payload.end(), begin)) {
            return earlier;
        }
    }
    const u64 offset = align_up(bytes_.size(), payload_align);
    bytes_.resize(offset);
    bytes_.insert(bytes_.end(), payload.begin(), payload.end());
    return payloads_.emplace_back(hyp::Payload{offset, payload.size(), hash, {}});
}

void Image::finish(const Bytes& manifest) {
    if (manifest.size() > hyp::manifest_size_limit) {
        throw PackError{"/", "the compiled manifest is longer than 64 KiB"};
    }
    std::copy(manifest.begin(), manifest.end(),
              bytes_.begin() + static_cast<std::ptrdiff_t>(manifest_offset));
    bytes_.resize(align_up(bytes_.size(), page));
    put_le(bytes_, image_size_at, 8, bytes_.size());
}

Bytes elf_wrapper(u64 image_size) {
    Bytes header(page);
    constexpr hyp::u8 ident[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::copy(std::begin(ident), std::end(ident), header.begin());
    constexpr usize program_header = 64;
    put_le(header, 16, 2, 2);   // e_type: executable
    put_le(header, 18, 2, 183); // e_machine: AArch64
    put_le(header, 20, 4, 1);   // e_version
    put_le(header, 24, 8, wrapper_address);
    put_le(header, 32, 8, program_header);
    put_le(header, 52, 2, 64);                // e_ehsize
    put_le(header, 54, 2, 56);                // e_phentsize
    put_le(header, 56, 2, 1);                 // e_phnum
    put_le(header, program_header, 4, 1);     // p_type: load
    put_le(header, program_header + 4, 4, 7); // p_flags
    put_le(header, program_header + 8, 8, page);
    put_le(header, program_header + 16, 8, wrapper_address);
    put_le(header, program_header + 24, 8, wrapper_address);
    put_le(header, program_header + 32, 8, image_size);
    put_le(header, program_header + 40, 8, image_size);
    put_le(header, program_header + 48, 8, page);
    return header;
}

} // namespace pack
