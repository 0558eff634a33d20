// SPDX-License-Identifier: Apache-2.0
// pack: puts a manifest and the files it names behind the hypervisor.
//
//     pack --manifest MANIFEST.dtb --hyp HYP.img --out NAME [--pcpus N]
//
// leaves NAME.img, to boot or flash, and NAME.elf, the same bytes for loaders that want ELF. File
// names in the manifest are relative to the current directory. --pcpus says how many pCPUs the
// machine has, so that a manifest that names another is refused here already, as it would be at
// boot. Every refusal is one sentence on standard error, and status 2.
#include "scripts/pack/image.hpp"
#include "scripts/pack/pack_error.hpp"

#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

namespace pack {

namespace {

struct Arguments {
    std::string manifest;
    std::string hyp;
    std::string out;
    std::string pcpus; // may be left out
};

constexpr const char* usage = "pack --manifest DTB --hyp IMG --out NAME [--pcpus N]";

Arguments parse(int count, char** words) {
    Arguments arguments;
    const std::pair<std::string, std::string*> known[] = {{"--manifest", &arguments.manifest},
                                                          {"--hyp", &arguments.hyp},
                                                          {"--out", &arguments.out},
                                                          {"--pcpus", &arguments.pcpus}};
    for (int i = 1; i < count; i += 2) {
        std::string* value = nullptr;
        for (const auto& [name, place] : known) {
            value = name == words[i] ? place : value;
        }
        if (value == nullptr || i + 1 == count) {
            throw PackError{"", std::string{"what is '"} + words[i] + "'? usage: " + usage};
        }
        *value = words[i + 1];
    }
    for (const auto& [name, place] : known) {
        if (place->empty() && place != &arguments.pcpus) {
            throw PackError{"", name + " is missing: " + usage};
        }
    }
    const std::string& pcpus = arguments.pcpus;
    if (pcpus.find_first_not_of("0123456789") != std::string::npos || pcpus.size() > 4) {
        throw PackError{"", "--pcpus must be a number, not '" + pcpus + "': " + usage};
    }
    return arguments;
}

// A file that goes into the image; refused when the image would be written over it.
Bytes read_input(const std::string& where, const std::string& path, const Arguments& arguments) {
    for (const char* ending : {".img", ".elf"}) {
        std::error_code error;
        if (std::filesystem::equivalent(arguments.out + ending, path, error)) {
            throw PackError{where, "the file " + path + " would be overwritten by the image"};
        }
    }
    return read_file(where, path);
}

// `bytes` outlives the Manifest, whose strings point into it.
hyp::Manifest read(const std::string& file, const Bytes& bytes, hyp::usize offset,
                   hyp::ManifestForm form) {
    hyp::NodePath path;
    hyp::Result<hyp::Manifest> manifest =
        hyp::read_manifest(bytes.data() + offset, bytes.size() - offset, form, bytes.size(), path);
    if (!manifest.ok()) {
        const std::string where = manifest.error().where;
        throw PackError{where.empty() ? file : where, manifest.error().reason};
    }
    return manifest.value();
}

PackedVm add_files(Image& image, const hyp::VmDescription& vm, const Arguments& arguments) {
    const std::string node = std::string{"/vms/"} + vm.node;
    PackedVm packed;
    const std::string kernel = node + ":kernel";
    packed.kernel =
        recognise_kernel(kernel, read_input(kernel, vm.kernel_file, arguments), vm.memory);
    packed.kernel_at = image.add(packed.kernel.bytes);
    packed.kernel.bytes.clear();
    if (vm.has_initrd) {
        const Bytes initrd = read_input(node + ":initrd", vm.initrd_file, arguments);
        if (initrd.empty()) {
            throw PackError{node + ":initrd", "the file is empty"};
        }
        packed.initrd_at = image.add(initrd);
    }
    return packed;
}

void run(const Arguments& arguments) {
    const Bytes source = read_input("", arguments.manifest, arguments);
    const hyp::Manifest manifest = read(arguments.manifest, source, 0, hyp::ManifestForm::source);
    if (!arguments.pcpus.empty()) {
        hyp::NodePath path;
        const hyp::Status status = hyp::check_against_machine(
            manifest, static_cast<hyp::u32>(std::stoul(arguments.pcpus)), path);
        if (!status.ok()) {
            throw PackError{status.error().where, status.error().reason};
        }
    }
    Image image{read_input("", arguments.hyp, arguments)};
    std::vector<PackedVm> vms;
    for (hyp::u32 n = 0; n < manifest.vm_count; ++n) {
        vms.push_back(add_files(image, manifest.vms[n], arguments));
    }
    image.finish(packed_manifest(manifest, vms));
    // What EL2 will say to it at boot.
    (void)read(arguments.manifest, image.bytes(), hyp::manifest_offset, hyp::ManifestForm::packed);
    const Bytes wrapper = elf_wrapper(image.bytes().size());
    write_file(arguments.out + ".img", {&image.bytes()});
    write_file(arguments.out + ".elf", {&wrapper, &image.bytes()});
}

} // namespace

} // namespace pack

int main(int count, char** words) {
    try {
        pack::run(pack::parse(count, words));
        return 0;
    } catch (const pack::PackError& error) {
        std::fprintf(stderr, "pack: %s\n", error.what());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "pack: out of memory or file system error: %s\n", error.what());
    }
    return 2;
}
