// SPDX-License-Identifier: Apache-2.0
// How each property of a manifest is read: its form, its limits, where it goes.
#include "hyp/core/manifest/manifest_reader.hpp"

#include <cstring>

namespace hyp {

namespace {

constexpr u32 max_list_registers = 16; // IHI 0069: ICH_VTR_EL2.ListRegs; GICv2 could have 64
constexpr usize max_label = 31;
constexpr usize max_bootargs = 2047;
constexpr usize max_file_name = 1023;
constexpr const char* not_a_cell = "this must be one number, as in <256>";
constexpr const char* not_a_dword = "this must be one 64-bit number";

// Exactly one string, of 1 to `limit` printable characters (or none, if empty ones are allowed).
bool is_text(const TreeValue& value, usize limit) {
    if (!value.is_string() || value.length - 1 > limit) {
        return false;
    }
    for (usize i = 0; i + 1 < value.length; ++i) {
        if (value.data[i] < ' ' || value.data[i] > '~') {
            return false;
        }
    }
    return true;
}

[[gnu::noinline]] const char* take_dword(const TreeValue& value, u64& out) {
    if (value.length != 8) {
        return not_a_dword;
    }
    out = value.number(0, 2);
    return nullptr;
}

// A property without a value: being there is all it says.
[[gnu::noinline]] const char* take_flag(const TreeValue& value, bool& out) {
    out = true;
    return value.length == 0 ? nullptr : "this property has no value: it is given or not";
}

// What a cell may be, and what is said when it is not.
struct Range {
    u32 least;
    u32 most;
    const char* reason;
};
constexpr Range list_registers{0, max_list_registers,
                               "there are at most 16 list registers; 0 means all"};
constexpr Range watchdog_times{0, watchdog_ms_limit,
                               "this must be at most 600000 (milliseconds); 0 means none"};
constexpr Range vcpu_counts{1, VmDescription::max_vcpus, "a VM has 1 to 8 vCPUs"};
constexpr Range rank_range{0, ranks - 1, "a rank is 0 (most urgent) to 7"};
constexpr Range slices{slice_us_least, slice_us_most,
                       "a time slice is 100 to 1000000 microseconds"};
constexpr Range any_cell{0, ~0U, ""};

[[gnu::noinline]] const char* take_number(const TreeValue& value, const Range& range, u32& out) {
    if (value.length != 4) {
        return not_a_cell;
    }
    out = value.cell(0);
    return out >= range.least && out <= range.most ? nullptr : range.reason;
}

// The words of an enumeration, in its order, each ended by \0.
struct Words {
    const char* words;
    const char* reason;
};
// SelfCrash::none has no word: one that is not printable is never met.
constexpr Words crashes{
    "\1\0stack\0text\0exec\0fiq\0serror\0call\0pcpu\0",
    "this must be \"stack\", \"text\", \"exec\", \"fiq\", \"serror\", \"call\" or \"pcpu\""};
constexpr Words actions{"stop\0restart\0halt\0", "this must be \"stop\", \"restart\" or \"halt\""};
constexpr Words times{"real\0stops\0", "this must be \"real\" or \"stops\""};

template <class E>
const char* take_word(const TreeValue& value, const Words& known, E& out) {
    u8 n = 0;
    for (const char* word = known.words; *word != '\0' && is_text(value, max_label);
         word += std::strlen(word) + 1) {
        if (same_string(value.string(), word)) {
            out = static_cast<E>(n);
            return nullptr;
        }
        ++n;
    }
    return known.reason;
}

const char* take_address(const TreeValue& value, Ipa& out) {
    u64 address = 0;
    const char* fault = take_dword(value, address);
    out = Ipa{address};
    return fault;
}

} // namespace

const char* ManifestReader::take_compatible(const TreeValue& value) {
    for (const char* text = next_string(value, nullptr); text != nullptr;
         text = next_string(value, text)) {
        if (same_string(text, "baton,manifest")) {
            return nullptr;
        }
    }
    return "this is no manifest: compatible is not \"baton,manifest\"";
}

const char* ManifestReader::take_hot_key(const TreeValue& value) {
    // By the control character's code. Ctrl-A is QEMU's own; Ctrl-H, I, J and M are what Backspace,
    // Tab and Enter send.
    constexpr u32 taken = 1U << 1 | 1U << 8 | 1U << 9 | 1U << 10 | 1U << 13;
    const u32 key = is_text(value, 1) ? value.data[0] - ('a' - 1U) : 0;
    if (key < 1 || key > 26 || (taken >> key & 1) != 0) {
        return "this must be a letter from b to z, but not h, i, j or m";
    }
    out_.options.hot_key = static_cast<u8>(key);
    return nullptr;
}

const char* ManifestReader::take_label(const TreeValue& value) {
    if (!is_text(value, max_label) || value.length == 1) {
        return "this must be one string of 1 to 31 printable ASCII characters";
    }
    current().label = value.string();
    return nullptr;
}

const char* ManifestReader::take_memory(const TreeValue& value) {
    if (value.length != 4) {
        return not_a_cell;
    }
    const u64 bytes = u64{value.cell(0)} * mib;
    if (bytes == 0 || bytes % guest_memory_granule != 0 || bytes > guest_memory_limit) {
        return "this must be a multiple of 2 from 2 to 261120";
    }
    current().memory = bytes;
    return nullptr;
}

const char* ManifestReader::take_bootargs(const TreeValue& value) {
    if (!is_text(value, max_bootargs)) {
        return "this must be one string of at most 2047 printable ASCII characters";
    }
    current().bootargs = value.string();
    return nullptr;
}

const char* ManifestReader::take_file(const TreeValue& value, const char*& out) {
    if (!is_text(value, max_file_name) || value.length == 1) {
        return "this must be one string of printable ASCII characters";
    }
    out = value.string();
    return nullptr;
}

const char* ManifestReader::take_devices(const TreeValue& value) {
    if (!value.is_string()) {
        return "this must be a list of device names";
    }
    for (const char* name = next_string(value, nullptr); name != nullptr;
         name = next_string(value, name)) {
        const DeviceSet named = devices_named(name);
        if (named.is_empty()) {
            return "this names an unknown device: not pl011, pl031 or virtio-mmio@0 to @31";
        }
        if (!named.shared_with(current().devices).is_empty()) {
            return "this names a device twice";
        }
        current().devices.add(named);
    }
    return nullptr;
}

const char* ManifestReader::take_rank(const TreeValue& value) {
    u32 rank = 0;
    const char* fault = take_number(value, rank_range, rank);
    current().rank = Rank{static_cast<u8>(rank)};
    return fault;
}

const char* ManifestReader::take_pcpus(const TreeValue& value) {
    pcpu_cells_ = value.cells();
    if (value.length % 4 != 0 || pcpu_cells_ == 0 || pcpu_cells_ > VmDescription::max_vcpus) {
        return "this must be one cell, or one for each vCPU";
    }
    for (u32 n = 0; n < VmDescription::max_vcpus; ++n) {
        const u32 cell = pcpu_cells_ == 1 ? 0 : n;
        const u32 bits = cell < pcpu_cells_ ? value.cell(cell) : 1;
        if (bits == 0 || bits >> PcpuSet::limit != 0) {
            return "a set of pCPUs has bit n for pCPU n, 0 to 7, and is not empty";
        }
        current().pcpus[n].bits = static_cast<u8>(bits);
    }
    return nullptr;
}

const char* ManifestReader::take(Key key, const TreeValue& value) {
    switch (key) {
    case Key::compatible: return take_compatible(value);
    case Key::list_registers:
        return take_number(value, list_registers, out_.options.list_registers);
    case Key::ignore_quirks: return take_flag(value, out_.options.ignore_quirks);
    case Key::trace: return take_flag(value, out_.options.trace);
    case Key::watchdog: return take_number(value, watchdog_times, out_.options.watchdog_ms);
    case Key::self_crash: return take_word(value, crashes, out_.options.self_crash);
    case Key::hot_key: return take_hot_key(value);
    case Key::label: return take_label(value);
    case Key::memory: return take_memory(value);
    case Key::vcpus: return take_number(value, vcpu_counts, current().vcpus);
    case Key::bootargs: return take_bootargs(value);
    case Key::kernel_file: return take_file(value, current().kernel_file);
    case Key::initrd_file:
        current().has_initrd = true;
        return take_file(value, current().initrd_file);
    case Key::devices: return take_devices(value);
    case Key::dma_trusted: return take_flag(value, current().dma_trusted);
    case Key::rank: return take_rank(value);
    case Key::slice: return take_number(value, slices, current().slice_us);
    case Key::pcpus: return take_pcpus(value);
    case Key::console: return take_flag(value, current().console);
    case Key::on_crash: return take_word(value, actions, current().on_crash);
    case Key::on_reset: return take_word(value, actions, current().on_reset);
    case Key::restart_limit: return take_number(value, any_cell, current().restart_limit);
    case Key::time: return take_word(value, times, current().time);
    case Key::off: return take_flag(value, current().off);
    case Key::offset: return take_dword(value, payload().offset);
    case Key::length: return take_dword(value, payload().length);
    case Key::hash: return take_dword(value, payload().hash);
    case Key::load: return take_address(value, payload().load);
    case Key::entry: return take_address(value, current().entry);
    case Key::memory_size: return take_dword(value, current().kernel_memory_size);
    }
    return nullptr;
}

} // namespace hyp
