// SPDX-License-Identifier: Apache-2.0
// Flattens an ELF file: its segments laid out at their physical addresses as one run of bytes, so
// that EL2 needs no ELF loader. Field offsets are those of the ELF-64 object file format.
#include "hyp/core/manifest/manifest.hpp"
#include "scripts/pack/kernel.hpp"
#include "scripts/pack/pack_error.hpp"

#include <algorithm>

namespace pack {

using hyp::guest_ram_base;
using hyp::Ipa;
using hyp::u64;
using hyp::usize;

namespace {

constexpr usize header_size = 64;
constexpr usize entry_at = 24;
constexpr usize program_headers_at = 32;
constexpr usize program_header_size = 56;
constexpr u64 machine_aarch64 = 183;
constexpr u64 type_executable = 2;
constexpr u64 type_shared = 3; // position independent
constexpr u64 segment_load = 1;
constexpr u64 page = 4 * hyp::kib;

struct Segment {
    u64 offset;
    u64 virtual_address;
    u64 physical_address;
    u64 file_size;
    u64 memory_size;
};

void check_header(const std::string& where, const Bytes& file) {
    constexpr hyp::u8 class_64 = 2;
    constexpr hyp::u8 little_endian = 1;
    if (file.size() < header_size) {
        throw PackError{where, "the ELF file is cut short"};
    }
    if (file[4] != class_64 || file[5] != little_endian || get_le(file, 18, 2) != machine_aarch64) {
        throw PackError{where, "the ELF file is not for 64-bit little-endian Arm"};
    }
    const u64 type = get_le(file, 16, 2);
    if (type != type_executable && type != type_shared) {
        throw PackError{where, "the ELF file is not an executable"};
    }
}

Segment read_segment(const Bytes& file, usize at) {
    return {get_le(file, at + 8, 8), get_le(file, at + 16, 8), get_le(file, at + 24, 8),
            get_le(file, at + 32, 8), get_le(file, at + 40, 8)};
}

void check_segment(const std::string& where, const Bytes& file, const Segment& segment,
                   u64 memory) {
    if (segment.offset > file.size() || segment.file_size > file.size() - segment.offset ||
        segment.file_size > segment.memory_size) {
        throw PackError{where, "the ELF file is cut short or its segments are broken"};
    }
    const u64 base = guest_ram_base.value();
    if (segment.physical_address < base || segment.memory_size > memory ||
        segment.physical_address - base > memory - segment.memory_size) {
        throw PackError{where, "the ELF file's segments do not lie in the guest's RAM, which "
                               "begins at 0x40000000"};
    }
}

// Sorted by physical address, not overlapping, all inside the guest's RAM.
std::vector<Segment> read_segments(const std::string& where, const Bytes& file, u64 memory) {
    const u64 table = get_le(file, program_headers_at, 8);
    const u64 count = get_le(file, 56, 2);
    if (get_le(file, 54, 2) != program_header_size || table > file.size() ||
        count * program_header_size > file.size() - table) {
        throw PackError{where, "the ELF file has no usable program headers"};
    }
    std::vector<Segment> segments;
    for (u64 n = 0; n < count; ++n) {
        const usize at = table + n * program_header_size;
        const Segment segment = read_segment(file, at);
        if (get_le(file, at, 4) == segment_load && segment.memory_size != 0) {
            check_segment(where, file, segment, memory);
            segments.push_back(segment);
        }
    }
    if (segments.empty()) {
        throw PackError{where, "the ELF file has nothing to load"};
    }
    std::sort(segments.begin(), segments.end(), [](const Segment& left, const Segment& right) {
        return left.physical_address < right.physical_address;
    });
    for (usize n = 1; n < segments.size(); ++n) {
        if (segments[n].physical_address - segments[n - 1].physical_address <
            segments[n - 1].memory_size) {
            throw PackError{where, "the ELF file's segments overlap"};
        }
    }
    return segments;
}

Ipa find_entry(const std::string& where, const std::vector<Segment>& segments, u64 entry) {
    for (const Segment& segment : segments) {
        if (entry - segment.virtual_address < segment.memory_size) {
            return Ipa{segment.physical_address + (entry - segment.virtual_address)};
        }
    }
    for (const Segment& segment : segments) {
        if (entry - segment.physical_address < segment.memory_size) {
            return Ipa{entry};
        }
    }
    throw PackError{where, "the ELF file's entry point lies in none of its segments"};
}

} // namespace

Kernel flatten_elf(const std::string& where, const Bytes& file, u64 memory) {
    check_header(where, file);
    const std::vector<Segment> segments = read_segments(where, file, memory);
    Kernel kernel;
    kernel.entry = find_entry(where, segments, get_le(file, entry_at, 8));
    kernel.load = Ipa{segments.front().physical_address}.align_down(page);
    for (const Segment& segment : segments) {
        const u64 at = segment.physical_address - kernel.load.value();
        kernel.memory_size = at + segment.memory_size;
        if (segment.file_size != 0) {
            kernel.bytes.resize(at + segment.file_size);
            std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(segment.offset),
                        segment.file_size, kernel.bytes.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
    if (kernel.bytes.empty()) {
        throw PackError{where, "the ELF file has nothing to load"};
    }
    return kernel;
}

} // namespace pack
