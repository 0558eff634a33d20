// SPDX-License-Identifier: Apache-2.0
// Fuzz target: the manifest in both forms. Whatever the bytes are, read_manifest() reads or refuses
// them and reads nothing else. What it accepts is judged again here, in words of its own: each
// payload inside the image, all that a VM needs inside its RAM and apart. From an accepted source
// form the packer's writer makes a packed one that says the same, and an accepted packed form gives
// a guest's tree that the machine's reader can read.
//
// The first byte: bit 0 a program for TreeMaker (else a tree as it lies in memory), bit 1 the packed
// form, bits 4:3 the image's size, bits 7:5 the machine's pCPUs, less one.
#include "hyp/core/manifest/manifest.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/platform/platform.hpp"
#include "scripts/pack/image.hpp"
#include "tests/fuzz/tree_maker.hpp"

#include <string_view>

using namespace hyp;
using fuzz::require;

namespace {

constexpr const char* names[] = {"compatible",
                                 "list-registers",
                                 "ignore-quirks",
                                 "self-crash",
                                 "label",
                                 "memory-mib",
                                 "vcpus",
                                 "bootargs",
                                 "kernel",
                                 "initrd",
                                 "devices",
                                 "on-crash",
                                 "offset",
                                 "length",
                                 "hash",
                                 "load",
                                 "entry",
                                 "memory-size",
                                 "options",
                                 "vms",
                                 "vm0",
                                 "vm1",
                                 "#address-cells",
                                 "trace",
                                 "watchdog-ms",
                                 "hot-key",
                                 "rank",
                                 "slice-us",
                                 "pcpus",
                                 "console",
                                 "on-reset",
                                 "restart-limit",
                                 "time",
                                 "off",
                                 "dma-trusted",
                                 "vm2"};

constexpr u64 image_sizes[] = {64 * mib, 6 * mib, 0, ~u64{0}};

// [begin, begin + size) inside [0, limit), in numbers that cannot wrap.
[[nodiscard]] bool fits(u64 begin, u64 size, u64 limit) {
    return begin <= limit && size <= limit - begin;
}

[[nodiscard]] bool apart(IpaRange left, IpaRange right) {
    const u64 a = left.base.value();
    const u64 b = right.base.value();
    return left.size == 0 || right.size == 0 || (a < b ? b - a >= left.size : a - b >= right.size);
}

void check_payload(const Payload& payload, u64 image_size) {
    require(payload.length != 0, "a payload is empty");
    require(payload.offset % (2 * mib) == 0 && payload.offset >= 4 * mib, "a payload's place");
    require(fits(payload.offset, payload.length, image_size), "a payload leaves the image");
}

void check_ram(const VmDescription& vm) {
    const IpaRange kernel{vm.kernel.load, vm.kernel_memory_size};
    const Placement place = place_guest(vm);
    for (const IpaRange& part : {kernel, place.tree, place.initrd}) {
        require(part.size == 0 || (part.base.value() >= 1 * gib &&
                                   fits(part.base.value() - 1 * gib, part.size, vm.memory)),
                "a part of a VM leaves its RAM");
    }
    require(apart(kernel, place.tree) && apart(kernel, place.initrd) &&
                apart(place.tree, place.initrd),
            "parts of a VM overlap");
    require(place.tree.base.value() % 8 == 0 &&
                place.tree.base.value() + place.tree.size <= 4 * gib,
            "the guest's tree is aligned and low");
    require(vm.kernel.length <= vm.kernel_memory_size, "a kernel longer than its memory");
    require(vm.entry.value() - vm.kernel.load.value() < vm.kernel_memory_size &&
                vm.entry.value() % 4 == 0,
            "the entry is no instruction of the kernel");
}

void check_strings(const VmDescription& vm, const void* tree, usize size) {
    for (const char* text : {vm.node, vm.label, vm.bootargs, vm.kernel_file, vm.initrd_file}) {
        require(fuzz::is_string_of(text, tree, size), "a string does not end inside the tree");
    }
    for (const char* text : {vm.label, vm.bootargs}) {
        for (; *text != '\0'; ++text) {
            require(*text >= ' ' && *text <= '~', "text for the console is printable");
        }
    }
    const usize label = std::strlen(vm.label);
    require(label >= 1 && label <= 31 && std::strlen(vm.bootargs) <= 2047, "lengths of text");
}

// A guest's tree for this VM is written and says what was asked.
void check_guest_tree(const VmDescription& vm) {
    alignas(8) static u8 buffer[guest_tree_limit];
    const Placement place = place_guest(vm);
    for (const GicGeneration gic : {GicGeneration::v2, GicGeneration::v3}) {
        const GuestMachine machine{gic,          vm.vcpus,    vm.ram(),
                                   place.initrd, vm.bootargs, vm.guest_devices()};
        const Result<usize> size = write_guest_tree(buffer, sizeof buffer, machine);
        require(size.ok() && size.value() <= sizeof buffer, "the guest's tree is written");
        const Result<Platform> read = read_platform(buffer, size.value(), Pa{0});
        require(read.ok(), "the guest's tree is read");
        const Platform& platform = read.value();
        require(platform.ram_count == 1 && platform.ram[0].base.value() == vm.ram().base.value() &&
                    platform.ram[0].size == vm.memory && platform.cpu_count == vm.vcpus &&
                    platform.gic.present && platform.gic.generation == gic &&
                    (platform.uart.kind == UartKind::pl011) ==
                        (vm.console || vm.devices.has(DeviceId::pl011)) &&
                    (platform.devices[33].frame.size != 0) == vm.devices.has(DeviceId::pl031),
                "the guest's tree says another machine");
    }
}

void check_schedule(const VmDescription& vm) {
    require(vm.rank.value < 8 && vm.slice_us >= 100 && vm.slice_us <= 1'000'000, "rank and slice");
    require(vm.on_crash <= EndAction::halt && vm.on_reset <= EndAction::halt &&
                vm.time <= TimePolicy::stops,
            "a policy that is none");
    for (u32 n = 1; n < vm.vcpus; ++n) {
        require(vm.pcpus[n].is_empty() == vm.pcpus[0].is_empty(), "pCPUs of some vCPUs only");
    }
}

// Refused exactly when the manifest names a pCPU that a machine of so many does not have.
void check_machine(const Manifest& manifest, u32 pcpus) {
    bool lacks = false;
    for (u32 n = 0; n < manifest.vm_count; ++n) {
        for (u32 vcpu = 0; vcpu < manifest.vms[n].vcpus; ++vcpu) {
            lacks = lacks || manifest.vms[n].pcpus[vcpu].bits >> pcpus != 0;
        }
    }
    NodePath path;
    require(check_against_machine(manifest, pcpus, path).ok() != lacks, "pCPUs of the machine");
}

void check(const Manifest& manifest, ManifestForm form, u64 image_size) {
    require(manifest.vm_count >= 1 && manifest.vm_count <= 8, "count of VMs");
    require(manifest.options.list_registers <= 16, "count of list registers");
    require(manifest.options.hot_key >= 2 && manifest.options.hot_key <= 26, "hot key");
    DeviceSet given;
    bool consoles = false;
    bool runs = false;
    for (u32 n = 0; n < manifest.vm_count; ++n) {
        const VmDescription& vm = manifest.vms[n];
        require(vm.vcpus >= 1 && vm.vcpus <= 8, "count of vCPUs");
        check_schedule(vm);
        consoles = consoles || vm.console;
        runs = runs || !vm.off;
        require(vm.memory % (2 * mib) == 0 && vm.memory != 0 && vm.memory <= 255 * gib, "memory");
        require(vm.devices.shared_with(given).is_empty(), "two VMs of one device");
        given.add(vm.devices);
        require(vm.dma_trusted || !vm.devices.has_bus_master(), "a bus master held by no map");
        for (u32 i = 0; i < n; ++i) {
            require(std::string_view{vm.label} != manifest.vms[i].label, "two VMs of one label");
        }
        if (form == ManifestForm::packed) {
            check_payload(vm.kernel, image_size);
            if (vm.has_initrd) {
                check_payload(vm.initrd, image_size);
            }
            check_ram(vm);
            check_guest_tree(vm);
        }
    }
    require(runs, "every VM is off");
    require(!consoles || !given.has(DeviceId::pl011), "a UART both shared and given away");
}

[[nodiscard]] bool same_schedule(const VmDescription& left, const VmDescription& right) {
    bool same = left.rank == right.rank && left.slice_us == right.slice_us &&
                left.on_crash == right.on_crash && left.on_reset == right.on_reset &&
                left.restart_limit == right.restart_limit && left.time == right.time &&
                left.off == right.off && left.console == right.console;
    for (u32 n = 0; n < left.vcpus; ++n) {
        same = same && left.pcpus[n] == right.pcpus[n];
    }
    return same;
}

// What the packer writes from a source is accepted and says the same.
void check_packing(const Manifest& source) {
    std::vector<pack::PackedVm> files(source.vm_count);
    for (pack::PackedVm& vm : files) {
        vm.kernel = {{}, guest_ram_base, guest_ram_base, 8};
        vm.kernel_at = {4 * mib, 8, 1, {}};
        vm.initrd_at = {6 * mib, 8, 2, {}};
    }
    const fuzz::Places packed{pack::packed_manifest(source, files)};
    NodePath path;
    const Result<Manifest> read =
        read_manifest(packed.heap(), packed.size(), ManifestForm::packed, 8 * mib, path);
    require(read.ok(), "the packed form of an accepted source is refused");
    const Manifest& again = read.value();
    require(again.vm_count == source.vm_count &&
                again.options.list_registers == source.options.list_registers &&
                again.options.ignore_quirks == source.options.ignore_quirks &&
                again.options.trace == source.options.trace &&
                again.options.watchdog_ms == source.options.watchdog_ms &&
                again.options.self_crash == source.options.self_crash &&
                again.options.hot_key == source.options.hot_key,
            "the packed form has other options");
    for (u32 n = 0; n < source.vm_count; ++n) {
        const VmDescription& from = source.vms[n];
        const VmDescription& to = again.vms[n];
        require(std::string_view{from.label} == to.label &&
                    std::string_view{from.bootargs} == to.bootargs && from.vcpus == to.vcpus &&
                    from.memory == to.memory && from.devices == to.devices &&
                    from.dma_trusted == to.dma_trusted && from.has_initrd == to.has_initrd &&
                    same_schedule(from, to),
                "the packed form describes another VM");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, usize size) {
    fuzz::Input input{data, size};
    const u8 how = input.byte();
    const ManifestForm form = (how & 2U) != 0 ? ManifestForm::packed : ManifestForm::source;
    const u64 image_size = image_sizes[how >> 3U & 3U];
    const fuzz::Bytes tree = (how & 1U) != 0 ? fuzz::TreeMaker{names}.make(input) : input.rest();
    if (tree.size() > fuzz::Places::limit) {
        return -1;
    }
    const fuzz::Places places{tree};
    NodePath path;
    const Result<Manifest> first =
        read_manifest(places.heap(), places.size(), form, image_size, path);
    NodePath other;
    const Result<Manifest> second =
        read_manifest(places.guarded(), places.size(), form, image_size, other);
    require(std::memchr(path.text, 0, sizeof path.text) != nullptr, "the path ends");
    require(first.ok() == second.ok() && std::strcmp(path.text, other.text) == 0 &&
                (first.ok() || std::strcmp(first.error().reason, second.error().reason) == 0),
            "the verdict depends on where the manifest lies");
    if (!first.ok()) {
        return 0;
    }
    check(first.value(), form, image_size);
    check_machine(first.value(), 1U + (how >> 5U & 7U));
    for (u32 n = 0; n < first.value().vm_count; ++n) {
        check_strings(first.value().vms[n], places.heap(), places.size());
    }
    if (form == ManifestForm::source) {
        check_packing(first.value());
    }
    return 0;
}
