// SPDX-License-Identifier: Apache-2.0
// Fuzz target: the packer's look at a kernel file. Whatever the file is, recognise_kernel() takes or
// refuses it; what it takes lies where it says, and passes the reader of manifests or is refused by
// it, never more. An ELF file's segments are looked up again here, byte by byte.
//
// The first byte: bits 1:0 the guest's memory (2, 4, 8, 64 MiB), bits 3:2 a kind of file whose magic
// number is put in front (none, ELF, Image, ELF with one program header).
#include "scripts/pack/image.hpp"
#include "scripts/pack/pack_error.hpp"
#include "tests/fuzz/input.hpp"

#include <algorithm>

using namespace hyp;
using fuzz::Bytes;
using fuzz::require;

namespace {

constexpr u64 memories[] = {2 * mib, 4 * mib, 8 * mib, 64 * mib};
constexpr u64 ram = 0x4000'0000;

enum class Kind : u8 { as_it_is, elf, image, one_segment };

// Writes the fields without which every file of the kind is refused at once.
void stamp(Bytes& file, Kind kind) {
    if (file.size() < 64) {
        return;
    }
    switch (kind) {
    case Kind::as_it_is: return;
    case Kind::image: pack::put_le(file, 56, 4, 0x644d'5241); return;
    case Kind::one_segment:
        pack::put_le(file, 32, 8, 64);
        pack::put_le(file, 54, 2, 56);
        pack::put_le(file, 56, 2, 1);
        [[fallthrough]];
    case Kind::elf:
        pack::put_le(file, 0, 8, 0x0001'0102'464c'457f);
        pack::put_le(file, 16, 4, 183U << 16U | 2U);
        return;
    }
}

[[nodiscard]] bool is_elf(const Bytes& file) {
    constexpr u8 magic[] = {0x7f, 'E', 'L', 'F'};
    return file.size() >= 4 && std::equal(std::begin(magic), std::end(magic), file.begin());
}

// Each byte of each segment that is loaded stands at its physical address.
void check_elf(const Bytes& file, const pack::Kernel& kernel) {
    const u64 table = pack::get_le(file, 32, 8);
    const u64 count = pack::get_le(file, 56, 2);
    for (u64 n = 0; n < count; ++n) {
        const u64 at = table + n * 56;
        const u64 length = pack::get_le(file, at + 32, 8);
        const u64 memory = pack::get_le(file, at + 40, 8);
        if (pack::get_le(file, at, 4) != 1 || memory == 0) {
            continue; // not loaded
        }
        const u64 from = pack::get_le(file, at + 8, 8);
        const u64 to = pack::get_le(file, at + 24, 8) - kernel.load.value();
        require(to <= kernel.memory_size && memory <= kernel.memory_size - to,
                "a segment leaves the kernel's memory");
        if (length == 0) {
            continue; // .bss alone
        }
        require(length <= kernel.bytes.size() && to <= kernel.bytes.size() - length,
                "a segment's bytes are missing");
        require(std::equal(file.begin() + static_cast<std::ptrdiff_t>(from),
                           file.begin() + static_cast<std::ptrdiff_t>(from + length),
                           kernel.bytes.begin() + static_cast<std::ptrdiff_t>(to)),
                "a segment's bytes are others");
    }
}

// The reader has the last word: with this kernel the image is packed and read, or refused.
void check_with_reader(const pack::Kernel& kernel, u64 memory) {
    Manifest source;
    source.vm_count = 1;
    VmDescription& vm = source.vms[0];
    vm.node = "vm0";
    vm.label = "x";
    vm.vcpus = 1;
    vm.memory = memory;
    std::vector<pack::PackedVm> files(1);
    files[0].kernel = {{}, kernel.load, kernel.entry, kernel.memory_size};
    files[0].kernel_at = {4 * mib, kernel.bytes.size(), 0, {}};
    const fuzz::Places packed{pack::packed_manifest(source, files)};
    NodePath path;
    const Result<Manifest> read =
        read_manifest(packed.heap(), packed.size(), ManifestForm::packed, 256 * mib, path);
    const u64 end = kernel.load.value() - ram + kernel.memory_size;
    const bool wraps = kernel.memory_size > memory;
    require(!read.ok() || (!wraps && end <= memory - guest_tree_limit),
            "the reader accepts a kernel outside its RAM");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fuzz::Input input{data, size};
    const u8 how = input.byte();
    const u64 memory = memories[how & 3U];
    Bytes file = input.rest();
    stamp(file, static_cast<Kind>(how >> 2U & 3U));
    pack::Kernel kernel;
    try {
        kernel = pack::recognise_kernel("file", file, memory);
    } catch (const pack::PackError&) {
        return 0;
    }
    require(!kernel.bytes.empty(), "an empty kernel");
    require(kernel.bytes.size() <= kernel.memory_size, "a kernel longer than its memory");
    require(kernel.load.value() >= ram, "a kernel below RAM");
    require(kernel.entry.value() - kernel.load.value() < kernel.memory_size,
            "the entry lies outside the kernel");
    if (is_elf(file)) {
        require(kernel.load.value() - ram <= memory - kernel.memory_size &&
                    kernel.memory_size <= memory,
                "an ELF kernel leaves RAM");
        check_elf(file, kernel);
    } else {
        require(kernel.bytes == file, "a file's bytes are others");
    }
    check_with_reader(kernel, memory);
    return 0;
}
