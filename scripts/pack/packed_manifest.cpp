// SPDX-License-Identifier: Apache-2.0
// Writes the packed form of a manifest. The reader of hyp/core/manifest judges the result, so
// nothing is checked twice here.
#include "scripts/pack/image.hpp"
#include "scripts/pack/pack_error.hpp"

#include <libfdt.h>

namespace pack {

namespace {

class Writer {
public:
    Writer() : bytes_(hyp::manifest_size_limit) {
        check(fdt_create(bytes_.data(), static_cast<int>(bytes_.size())));
        check(fdt_finish_reservemap(bytes_.data()));
    }
    void begin(const std::string& name) { check(fdt_begin_node(bytes_.data(), name.c_str())); }
    void end() { check(fdt_end_node(bytes_.data())); }
    void string(const char* name, const char* text) {
        const std::string value{text};
        check(fdt_property(bytes_.data(), name, value.c_str(), static_cast<int>(value.size() + 1)));
    }
    // Each ended by its \0.
    void strings(const char* name, const std::string& list) {
        check(fdt_property(bytes_.data(), name, list.data(), static_cast<int>(list.size())));
    }
    void cell(const char* name, hyp::u32 value) {
        check(fdt_property_u32(bytes_.data(), name, value));
    }
    void cells(const char* name, const std::vector<hyp::u32>& values) {
        void* place = nullptr;
        check(fdt_property_placeholder(bytes_.data(), name, static_cast<int>(values.size() * 4),
                                       &place));
        for (hyp::usize n = 0; n < values.size(); ++n) {
            fdt32_st(static_cast<hyp::u8*>(place) + n * 4, values[n]);
        }
    }
    void dword(const char* name, hyp::u64 value) {
        check(fdt_property_u64(bytes_.data(), name, value));
    }
    void empty(const char* name) { check(fdt_property(bytes_.data(), name, nullptr, 0)); }
    [[nodiscard]] Bytes finish() {
        check(fdt_finish(bytes_.data()));
        bytes_.resize(fdt_totalsize(bytes_.data()));
        return bytes_;
    }

private:
    static void check(int error) {
        if (error != 0) {
            throw PackError{"/", "the compiled manifest is longer than 64 KiB"};
        }
    }
    Bytes bytes_;
};

const char* crash_name(hyp::SelfCrash crash) {
    switch (crash) {
    case hyp::SelfCrash::none: return "";
    case hyp::SelfCrash::stack: return "stack";
    case hyp::SelfCrash::text: return "text";
    case hyp::SelfCrash::exec: return "exec";
    case hyp::SelfCrash::fiq: return "fiq";
    case hyp::SelfCrash::serror: return "serror";
    case hyp::SelfCrash::call: return "call";
    case hyp::SelfCrash::pcpu: return "pcpu";
    }
    return "";
}

const char* action_name(hyp::EndAction action) {
    switch (action) {
    case hyp::EndAction::stop: return "stop";
    case hyp::EndAction::restart: return "restart";
    case hyp::EndAction::halt: return "halt";
    }
    return "";
}

const char* time_name(hyp::TimePolicy time) {
    switch (time) {
    case hyp::TimePolicy::real: return "real";
    case hyp::TimePolicy::stops: return "stops";
    }
    return "";
}

void write_options(Writer& tree, const hyp::Options& options) {
    tree.begin("options");
    tree.cell("list-registers", options.list_registers);
    if (options.ignore_quirks) {
        tree.empty("ignore-quirks");
    }
    if (options.trace) {
        tree.empty("trace");
    }
    tree.cell("watchdog-ms", options.watchdog_ms);
    if (options.self_crash != hyp::SelfCrash::none) {
        tree.string("self-crash", crash_name(options.self_crash));
    }
    const char hot_key[] = {static_cast<char>(options.hot_key | 0x60), '\0'};
    tree.string("hot-key", hot_key);
    tree.end();
}

void write_payload(Writer& tree, const hyp::Payload& payload) {
    tree.dword("offset", payload.offset);
    tree.dword("length", payload.length);
    tree.dword("hash", payload.hash);
}

// Where its vCPUs run, and when.
void write_schedule(Writer& tree, const hyp::VmDescription& vm) {
    tree.cell("rank", vm.rank.value);
    tree.cell("slice-us", vm.slice_us);
    if (!vm.pcpus[0].is_empty()) {
        std::vector<hyp::u32> sets;
        for (hyp::u32 n = 0; n < vm.vcpus; ++n) {
            sets.push_back(vm.pcpus[n].bits);
        }
        tree.cells("pcpus", sets);
    }
    tree.string("time", time_name(vm.time));
    if (vm.off) {
        tree.empty("off");
    }
    tree.string("on-crash", action_name(vm.on_crash));
    tree.string("on-reset", action_name(vm.on_reset));
    tree.cell("restart-limit", vm.restart_limit);
}

void write_vm(Writer& tree, const hyp::VmDescription& vm, const PackedVm& packed) {
    tree.string("label", vm.label);
    tree.cell("memory-mib", static_cast<hyp::u32>(vm.memory / hyp::mib));
    tree.cell("vcpus", vm.vcpus);
    if (vm.bootargs[0] != '\0') {
        tree.string("bootargs", vm.bootargs);
    }
    std::string devices;
    vm.devices.for_each([&](hyp::DeviceId id) {
        const hyp::DeviceName name = hyp::device_name(id);
        devices += name.prefix + std::to_string(name.number) + '\0';
    });
    if (!devices.empty()) {
        tree.strings("devices", devices);
    }
    if (vm.dma_trusted) {
        tree.empty("dma-trusted");
    }
    if (vm.console) {
        tree.empty("console");
    }
    write_schedule(tree, vm);
    tree.begin("kernel");
    write_payload(tree, packed.kernel_at);
    tree.dword("load", packed.kernel.load.value());
    tree.dword("entry", packed.kernel.entry.value());
    tree.dword("memory-size", packed.kernel.memory_size);
    tree.end();
    if (vm.has_initrd) {
        tree.begin("initrd");
        write_payload(tree, packed.initrd_at);
        tree.end();
    }
}

} // namespace

Bytes packed_manifest(const hyp::Manifest& source, const std::vector<PackedVm>& vms) {
    Writer tree;
    tree.begin("");
    tree.string("compatible", "baton,manifest");
    write_options(tree, source.options);
    tree.begin("vms");
    for (hyp::u32 n = 0; n < source.vm_count; ++n) {
        tree.begin(source.vms[n].node);
        write_vm(tree, source.vms[n], vms[n]);
        tree.end();
    }
    tree.end();
    tree.end();
    return tree.finish();
}

} // namespace pack
