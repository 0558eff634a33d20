// SPDX-License-Identifier: Apache-2.0
// How each property of a manifest is read: its form, its limits, where it goes.
#include "hyp/core/manifest/manifest_reader.hpp"

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

const char* take_dword(const TreeValue& value, u64& out) {
    if (value.length != 8) {
        return not_a_dword;
    }
    out = value.number(0, 2);
    return nullptr;
}

// A property without a value: being there is all it says.
const char* take_flag(const TreeValue& value, bool& out) {
    out = true;
    return value.length == 0 ? nullptr : "this property has no value: it is given or not";
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

const char* ManifestReader::take_list_registers(const TreeValue& value) {
    if (value.length != 4) {
        return not_a_cell;
    }
    out_.options.list_registers = value.cell(0);
    return out_.options.list_registers <= max_list_registers
               ? nullptr
               : "there are at most 16 list registers; 0 means all";
}

const char* ManifestReader::take_watchdog(const TreeValue& value) {
    if (value.length != 4) {
        return not_a_cell;
    }
    out_.options.watchdog_ms = value.cell(0);
    return out_.options.watchdog_ms <= watchdog_ms_limit
               ? nullptr
               : "this must be at most 600000 (milliseconds); 0 means none";
}

const char* ManifestReader::take_self_crash(const TreeValue& value) {
    struct Named {
        const char* name;
        SelfCrash crash;
    };
    constexpr Named known[] = {{"stack", SelfCrash::stack},   {"text", SelfCrash::text},
                               {"exec", SelfCrash::exec},     {"fiq", SelfCrash::fiq},
                               {"serror", SelfCrash::serror}, {"call", SelfCrash::call}};
    for (const Named& named : known) {
        if (is_text(value, max_label) && same_string(value.string(), named.name)) {
            out_.options.self_crash = named.crash;
            return nullptr;
        }
    }
    return "this must be \"stack\", \"text\", \"exec\", \"fiq\", \"serror\" or \"call\"";
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

const char* ManifestReader::take_vcpus(const TreeValue& value) {
    if (value.length != 4) {
        return not_a_cell;
    }
    const u32 vcpus = value.cell(0);
    if (vcpus < 1 || vcpus > describable.vcpus) {
        return "a VM has 1 to 8 vCPUs";
    }
    current().vcpus = vcpus;
    return vcpus <= limits_.vcpus ? nullptr : beyond_limits;
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

const char* ManifestReader::take_on_crash(const TreeValue& value) {
    if (!is_text(value, max_label) || !same_string(value.string(), "stop")) {
        return "the only thing to do on a crash is \"stop\"";
    }
    current().on_crash = OnCrash::stop;
    return nullptr;
}

const char* ManifestReader::take(Key key, const TreeValue& value) {
    switch (key) {
    case Key::compatible: return take_compatible(value);
    case Key::list_registers: return take_list_registers(value);
    case Key::ignore_quirks: return take_flag(value, out_.options.ignore_quirks);
    case Key::trace: return take_flag(value, out_.options.trace);
    case Key::watchdog: return take_watchdog(value);
    case Key::self_crash: return take_self_crash(value);
    case Key::label: return take_label(value);
    case Key::memory: return take_memory(value);
    case Key::vcpus: return take_vcpus(value);
    case Key::bootargs: return take_bootargs(value);
    case Key::kernel_file: return take_file(value, current().kernel_file);
    case Key::initrd_file:
        current().has_initrd = true;
        return take_file(value, current().initrd_file);
    case Key::devices: return take_devices(value);
    case Key::dma_trusted: return take_flag(value, current().dma_trusted);
    case Key::on_crash: return take_on_crash(value);
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
