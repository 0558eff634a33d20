// SPDX-License-Identifier: Apache-2.0
// A guest's kernel file as the bytes that go to one place in its RAM. Three formats are known: the
// arm64 Image, 64-bit ELF, and anything else as a flat binary.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "scripts/pack/bytes.hpp"

namespace pack {

struct Kernel {
    Bytes bytes;
    hyp::Ipa load{};
    hyp::Ipa entry{};
    hyp::u64 memory_size = 0; // with .bss; at least bytes.size()
};

// Recognises `file`. `memory` is the size of the guest's RAM. `where` names the property for the
// PackError that wrong files get.
//  Image: 2 MiB + text_offset above the start of RAM (Linux Documentation/arm64/booting.rst).
//  ELF: at its physical addresses; a virtual entry point is entered at its physical counterpart.
//  flat: 512 KiB above the start of RAM, as QEMU does.
[[nodiscard]] Kernel recognise_kernel(const std::string& where, Bytes file, hyp::u64 memory);

// recognise_kernel for a file that begins as an ELF file does.
[[nodiscard]] Kernel flatten_elf(const std::string& where, const Bytes& file, hyp::u64 memory);

// Header of an arm64 Image: is there one, and its fields' offsets.
inline constexpr hyp::usize image_header_size = 64;
inline constexpr hyp::usize image_text_offset_at = 8;
inline constexpr hyp::usize image_size_at = 16;
inline constexpr hyp::usize image_flags_at = 24;
[[nodiscard]] bool is_arm64_image(const Bytes& file);

} // namespace pack
