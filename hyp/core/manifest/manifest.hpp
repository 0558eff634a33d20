// SPDX-License-Identifier: Apache-2.0
// The manifest: what virtual machines an image holds. Written as a device-tree source, packed by
// scripts/pack into a tree whose payloads are given by offset, length and hash; both forms are
// checked by the one reader here, on the host when packing and at EL2 at boot. README.md in this
// folder describes every property.
#pragma once

#include "hyp/core/base/addr.hpp"
#include "hyp/core/base/result.hpp"
#include "hyp/core/base/types.hpp"
#include "hyp/core/manifest/devices.hpp"

namespace hyp {

// The compiled manifest lies at this offset of an image; payloads follow, each aligned so.
inline constexpr u64 manifest_offset = 2 * mib;
inline constexpr u64 payload_align = 2 * mib;
inline constexpr u64 manifest_size_limit = 64 * kib;

// Guest RAM starts where QEMU's virt has it; more than this cannot be described.
inline constexpr Ipa guest_ram_base{0x4000'0000};
inline constexpr u64 guest_memory_limit = 255 * gib;
inline constexpr u64 guest_memory_granule = 2 * mib;
// The guest's tree gets this much at the end of low RAM, an initrd lies below it.
inline constexpr u64 guest_tree_limit = 64 * kib;
// The watchdog's time: ten minutes at most.
inline constexpr u32 watchdog_ms_limit = 600'000;

// A file inside the image. `load` is where its first byte goes (kernel only).
struct Payload {
    u64 offset = 0; // from the first byte of the image, a multiple of payload_align
    u64 length = 0;
    u64 hash = 0; // payload_hash of its bytes
    Ipa load{};
};

enum class OnCrash : u8 { stop };

// Strings point into the manifest's tree and live as long as it does.
struct VmDescription {
    const char* node = "";        // name of its node below /vms
    const char* label = "";       // 1 to 31 printable characters
    const char* bootargs = "";    // up to 2047 characters
    const char* kernel_file = ""; // source form only
    const char* initrd_file = ""; // source form only
    u64 memory = 0;               // bytes
    u32 vcpus = 0;                // 1 to 8
    bool has_initrd = false;
    // Its devices may read and write all memory. Its RAM lies at the same addresses of the machine.
    bool dma_trusted = false;
    DeviceSet devices{};
    OnCrash on_crash = OnCrash::stop;
    Payload kernel{};
    Ipa entry{};
    u64 kernel_memory_size = 0; // with what follows the file's bytes: .bss
    Payload initrd{};           // load: 0; see place_guest
    [[nodiscard]] constexpr IpaRange ram() const { return {guest_ram_base, memory}; }
};

// A fault that Baton makes on purpose, for the tests of its own panic report.
//  stack: overflow EL2's; text: write to it; exec: run data; fiq, serror: provoke that exception;
//  call: panic when the guest makes Baton's call that does nothing.
enum class SelfCrash : u8 { none, stack, text, exec, fiq, serror, call };

struct Options {
    u32 list_registers = 0; // use at most so many; 0: all
    bool ignore_quirks = false;
    bool trace = false;
    u32 watchdog_ms = 0; // 0: none
    SelfCrash self_crash = SelfCrash::none;
};

struct Manifest {
    static constexpr u32 max_vms = 8;
    VmDescription vms[max_vms]{};
    u32 vm_count = 0;
    Options options{};
};

// How much of what a manifest can describe is accepted.
struct ManifestLimits {
    u32 vms;
    u32 vcpus; // of each VM
};
inline constexpr ManifestLimits describable{Manifest::max_vms, 8};
inline constexpr ManifestLimits runs_in_this_version{1, 1};

// `source`: kernel and initrd are properties that name files. `packed`: they are sub-nodes.
enum class ManifestForm : u8 { source, packed };

// Where an Error's path is written, since there is no heap.
struct NodePath {
    char text[128] = {};
};

// Reads and checks a manifest of at most `size` bytes, refusing more than `limits`. Packed form:
// payloads must lie inside `image_size` bytes (hashes are not looked at: that is the loader's, with
// the bytes at hand).
// On failure Error::where points into `path`: a node path, or "" when the tree itself is broken.
// Never reads outside, loops or crashes, whatever the bytes are.
[[nodiscard]] Result<Manifest> read_manifest(const void* fdt, usize size, ManifestForm form,
                                             u64 image_size, NodePath& path,
                                             ManifestLimits limits = runs_in_this_version);

// Where tree and initrd go in the guest's RAM: the tree in the last guest_tree_limit bytes of RAM
// below 4 GiB, the initrd ending below it, page aligned. read_manifest has checked that both fit
// and leave the kernel alone.
struct Placement {
    IpaRange tree{};
    IpaRange initrd{}; // size 0: none
};
[[nodiscard]] Placement place_guest(const VmDescription& vm);

// A 64-bit check against damage (not against forgery) in three instructions a word. Words are 8
// bytes, little-endian, the last one filled with zeroes. From state 0, for each word w:
//   state = (w ^ ror(state, 29)) * 0x9e3779b97f4a7c15;
// the hash is the same step once more with w = length, without the multiplication, then
// h ^ h >> 32. All modulo 2^64. `data` is aligned to 8 bytes.
[[nodiscard]] u64 payload_hash(const void* data, usize length);

// Copies `length` bytes and gives their payload_hash, in one pass. Both are aligned to 8 bytes and
// do not overlap; whole words are written, so up to 7 zero bytes follow the copy.
[[nodiscard]] u64 copy_payload(void* to, const void* from, usize length);

} // namespace hyp
