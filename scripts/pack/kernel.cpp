// SPDX-License-Identifier: Apache-2.0
#include "scripts/pack/kernel.hpp"

#include "hyp/core/manifest/manifest.hpp"
#include "scripts/pack/pack_error.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace pack {

using hyp::guest_ram_base;
using hyp::u64;
using hyp::usize;

namespace {

constexpr usize image_magic_at = 56;
constexpr u64 image_align = 2 * hyp::mib;
constexpr u64 flat_offset = 512 * hyp::kib;
// Images older than Linux 3.17 have image_size 0 and are meant for this offset.
constexpr u64 old_text_offset = 0x80000;
constexpr u64 flag_big_endian = 1;

bool begins_with(const Bytes& file, std::string_view magic) {
    return file.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), file.begin(),
                      [](char left, hyp::u8 right) { return static_cast<hyp::u8>(left) == right; });
}

// Files that somebody may take for a kernel, and that would run into nothing as flat binaries.
void refuse_wrapped(const std::string& where, const Bytes& file) {
    using namespace std::string_view_literals;
    constexpr std::pair<std::string_view, const char*> wrapped[] = {
        {"\x1f\x8b"sv, "the file is compressed by gzip: unpack it first"},
        {"\xfd\x37zXZ\0"sv, "the file is compressed by xz: unpack it first"},
        {"\x28\xb5\x2f\xfd"sv, "the file is compressed by zstd: unpack it first"},
        {"MZ\0\0zimg"sv, "the file is a compressed EFI image: unpack it first"},
        {"\xd0\x0d\xfe\xed"sv, "the file is a device tree, not a kernel"},
        {"\x27\x05\x19\x56"sv, "the file is a U-Boot image: take the kernel out of it first"},
        {"!<arch>\n"sv, "the file is a package or library, not a kernel"},
    };
    for (const auto& [magic, reason] : wrapped) {
        if (begins_with(file, magic)) {
            throw PackError{where, reason};
        }
    }
}

Kernel from_image(const std::string& where, Bytes file) {
    const u64 size = get_le(file, image_size_at, 8);
    const u64 text_offset = size == 0 ? old_text_offset : get_le(file, image_text_offset_at, 8);
    if ((get_le(file, image_flags_at, 8) & flag_big_endian) != 0) {
        throw PackError{where, "the kernel is big-endian"};
    }
    if (text_offset >= image_align) {
        throw PackError{where, "the kernel's Image header is broken: text_offset is too large"};
    }
    Kernel kernel;
    kernel.load = guest_ram_base + image_align + text_offset;
    kernel.entry = kernel.load;
    kernel.memory_size = std::max<u64>(size, file.size());
    kernel.bytes = std::move(file);
    return kernel;
}

} // namespace

bool is_arm64_image(const Bytes& file) {
    return file.size() >= image_header_size &&
           get_le(file, image_magic_at, 4) == 0x644d'5241; // "ARM\x64"
}

Kernel recognise_kernel(const std::string& where, Bytes file, u64 memory) {
    if (file.empty()) {
        throw PackError{where, "the file is empty"};
    }
    if (begins_with(file, "\x7f"
                          "ELF")) {
        return flatten_elf(where, file, memory);
    }
    if (is_arm64_image(file)) {
        return from_image(where, std::move(file));
    }
    refuse_wrapped(where, file);
    Kernel kernel;
    kernel.load = guest_ram_base + flat_offset;
    kernel.entry = kernel.load;
    kernel.memory_size = file.size();
    kernel.bytes = std::move(file);
    return kernel;
}

} // namespace pack
