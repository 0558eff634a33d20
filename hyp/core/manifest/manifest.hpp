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
#include "hyp/core/sched/slot.hpp"

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

// What becomes of a VM that faulted or asked for a reset. halt: the whole machine ends.
enum class EndAction : u8 { stop, restart, halt };

// What a VM's counters do while it is stopped. real: they go on; stops: so do they.
enum class TimePolicy : u8 { real, stops };

// Where a vCPU may run: bit n for pCPU n. Empty: anywhere.
struct PcpuSet {
    static constexpr u32 limit = 8; // pCPUs that can be named
    u8 bits = 0;
    [[nodiscard]] constexpr bool is_empty() const { return bits == 0; }
    [[nodiscard]] constexpr bool has(u32 pcpu) const { return (bits >> pcpu & 1) != 0; }
    friend constexpr bool operator==(PcpuSet, PcpuSet) = default;
};

// How long a vCPU runs while others of its rank are ready, in microseconds.
inline constexpr u32 slice_us_least = 100;
inline constexpr u32 slice_us_most = 1'000'000;
inline constexpr u32 slice_us_default = 10'000;

// Strings point into the manifest's tree and live as long as it does.
struct VmDescription {
    static constexpr u32 max_vcpus = 8;
    const char* node = "";        // name of its node below /vms
    const char* label = "";       // 1 to 31 printable characters
    const char* bootargs = "";    // up to 2047 characters
    const char* kernel_file = ""; // source form only
    const char* initrd_file = ""; // source form only
    u64 memory = 0;               // bytes
    u32 vcpus = 0;                // 1 to max_vcpus
    u32 slice_us = slice_us_default;
    u32 restart_limit = 0;      // stop it instead of restarting it once more; 0: no limit
    PcpuSet pcpus[max_vcpus]{}; // by vCPU; of vCPUs that it does not have: anything
    Rank rank = default_rank;
    EndAction on_crash = EndAction::stop;
    EndAction on_reset = EndAction::restart;
    TimePolicy time = TimePolicy::real;
    bool off = false; // not started at boot
    // It has a PL011 of Baton's making, where the machine's one would be. Then no VM has that.
    bool console = false;
    bool has_initrd = false;
    // Its devices may read and write all memory. Its RAM lies at the same addresses of the machine.
    bool dma_trusted = false;
    DeviceSet devices{}; // of the machine
    Payload kernel{};
    Ipa entry{};
    u64 kernel_memory_size = 0; // with what follows the file's bytes: .bss
    Payload initrd{};           // load: 0; see place_guest
    [[nodiscard]] constexpr IpaRange ram() const { return {guest_ram_base, memory}; }
    // What the guest finds: the machine's devices and the console, which looks like one of them.
    [[nodiscard]] constexpr DeviceSet guest_devices() const {
        DeviceSet all = devices;
        if (console) {
            all.add(DeviceId::pl011);
        }
        return all;
    }
};

// A fault that Baton makes on purpose, for the tests of its own panic report.
//  stack: overflow EL2's; text: write to it; exec: run data; fiq, serror: provoke that exception;
//  call: panic when the guest makes Baton's call that does nothing; pcpu: overflow the stack of a
//  pCPU that is not the boot pCPU.
enum class SelfCrash : u8 { none, stack, text, exec, fiq, serror, call, pcpu };

struct Options {
    u32 list_registers = 0; // use at most so many; 0: all
    bool ignore_quirks = false;
    bool trace = false;
    u32 watchdog_ms = 0; // 0: none
    SelfCrash self_crash = SelfCrash::none;
    u8 hot_key = 't' & 0x1f; // the control character that moves the input to another VM
};

struct Manifest {
    static constexpr u32 max_vms = 8;
    VmDescription vms[max_vms]{};
    u32 vm_count = 0;
    Options options{};
};
// Each vCPU has a slot, so there cannot be too many.
static_assert(Manifest::max_vms * VmDescription::max_vcpus <= max_slots);

// `source`: kernel and initrd are properties that name files. `packed`: they are sub-nodes.
enum class ManifestForm : u8 { source, packed };

// Where an Error's path is written, since there is no heap.
struct NodePath {
    char text[128] = {};
    // Adds `more`, cut where the room ends. Names come from an unchecked tree and go to a console:
    // what cannot be printed becomes '?'.
    void append(const char* more);
};

// Reads and checks a manifest of at most `size` bytes. Packed form: payloads must lie inside
// `image_size` bytes (hashes are not looked at: that is the loader's, with the bytes at hand).
// On failure Error::where points into `path`: a node path, or "" when the tree itself is broken.
// Never reads outside, loops or crashes, whatever the bytes are.
[[nodiscard]] Result<Manifest> read_manifest(const void* fdt, usize size, ManifestForm form,
                                             u64 image_size, NodePath& path);

// What only the machine knows: whether it has the pCPUs (numbered from 0) that a manifest names.
// On failure Error::where points into `path`.
[[nodiscard]] Status check_against_machine(const Manifest& manifest, u32 pcpu_count,
                                           NodePath& path);

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

// Copies `length` bytes and goes on from `state` to that of their hash, in one pass. Both are aligned
// to 8 bytes and do not overlap; whole words are written, so up to 7 zero bytes follow the copy. A
// payload may be copied in pieces, from state 0 on: all but the last are a multiple of 8 bytes.
[[nodiscard]] u64 copy_piece(u64 state, void* to, const void* from, usize length);

// From the state after the last of `length` bytes to their payload_hash.
[[nodiscard]] u64 finish_hash(u64 state, usize length);

} // namespace hyp
