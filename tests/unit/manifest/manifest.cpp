// SPDX-License-Identifier: Apache-2.0
// Manifests in both forms: right ones value by value, wrong ones each with node and reason.
#include "hyp/core/manifest/manifest.hpp"
#include "tests/trees/tree_bytes.hpp"

#include <string_view>

using namespace hyp;
using namespace std::string_view_literals;

namespace {

constexpr u64 image_size = 64 * mib;

// One property or node of a VM, so that a test can change or drop a single one.
using Lines = std::vector<std::pair<std::string, std::string>>;

const Lines good_source = {
    {"label", "label = \"tiny\";"},      {"memory-mib", "memory-mib = <256>;"},
    {"vcpus", "vcpus = <2>;"},           {"bootargs", "bootargs = \"ticks=5\";"},
    {"kernel", "kernel = \"a.img\";"},   {"devices", "devices = \"pl011\";"},
    {"on-crash", "on-crash = \"stop\";"}};

const Lines good_kernel = {
    {"offset", "offset = <0 0x400000>;"},        {"length", "length = <0 0x12345>;"},
    {"hash", "hash = <0x89abcdef 0x01234567>;"}, {"load", "load = <0 0x40200000>;"},
    {"entry", "entry = <0 0x40200040>;"},        {"memory-size", "memory-size = <0 0x20000>;"}};

const Lines good_initrd = {{"offset", "offset = <0 0x600000>;"},
                           {"length", "length = <0 0x100001>;"},
                           {"hash", "hash = <0 7>;"}};

// The lines with that of `name` replaced by `text` (added at the front when there is none).
std::string body(const Lines& lines, const std::string& name = "", const std::string& text = "") {
    std::string out;
    bool found = false;
    for (const auto& [key, line] : lines) {
        out += key == name ? text : line;
        found = found || key == name;
    }
    return found ? out : text + out;
}

std::string manifest_of(const std::string& vms, const std::string& options = "") {
    return "/ { compatible = \"baton,manifest\"; " + options + " vms { " + vms + " }; };";
}

std::string packed_vm(const std::string& kernel, const std::string& initrd = "") {
    Lines lines = good_source;
    lines.erase(lines.begin() + 4);
    return "vm0 { " + body(lines) + "kernel { " + kernel + " };" +
           (initrd.empty() ? "" : "initrd { " + initrd + " };") + " };";
}

// Keeps the tree alive that the manifest's strings point into.
struct Read {
    trees::Bytes bytes;
    Result<Manifest> manifest{Error{"unread"}};
};

Read read(const std::string& source, ManifestForm form) {
    Read out{trees::compiled(source), Error{"unread"}};
    NodePath path;
    out.manifest = read_manifest(out.bytes.data(), out.bytes.size(), form, image_size, path);
    return out;
}

std::string verdict(const std::string& source, ManifestForm form) {
    const trees::Bytes bytes = trees::compiled(source);
    trees::Guarded guarded{bytes.size()};
    NodePath path;
    const Result<Manifest> manifest = read_manifest(guarded.hold(bytes.data(), bytes.size()),
                                                    bytes.size(), form, image_size, path);
    return manifest.ok() ? "good"
                         : std::string{manifest.error().where} + ": " + manifest.error().reason;
}

// A source manifest of one VM with one line changed.
std::string source_with(const std::string& name, const std::string& text) {
    return verdict(manifest_of("vm0 { " + body(good_source, name, text) + " };"),
                   ManifestForm::source);
}

std::string options_with(const std::string& text) {
    return verdict(manifest_of("vm0 { " + body(good_source) + " };", "options { " + text + " };"),
                   ManifestForm::source);
}

std::string kernel_with(const std::string& name, const std::string& text) {
    return verdict(manifest_of(packed_vm(body(good_kernel, name, text))), ManifestForm::packed);
}

std::string initrd_with(const std::string& name, const std::string& text) {
    return verdict(manifest_of(packed_vm(body(good_kernel), body(good_initrd, name, text))),
                   ManifestForm::packed);
}

} // namespace

TEST_CASE("a source manifest is read", "[manifest]") {
    const Read out = read(manifest_of("vm0 { " + body(good_source) + " };"), ManifestForm::source);
    REQUIRE(out.manifest.ok());
    const Manifest& manifest = out.manifest.value();
    REQUIRE(manifest.vm_count == 1);
    const VmDescription& vm = manifest.vms[0];
    CHECK(vm.node == "vm0"sv);
    CHECK(vm.label == "tiny"sv);
    CHECK(vm.memory == 256 * mib);
    CHECK(vm.vcpus == 2);
    CHECK(vm.bootargs == "ticks=5"sv);
    CHECK(vm.kernel_file == "a.img"sv);
    CHECK(vm.initrd_file == ""sv);
    CHECK_FALSE(vm.has_initrd);
    CHECK(vm.pl011);
    CHECK(vm.on_crash == OnCrash::stop);
    CHECK(manifest.options.list_registers == 0);
    CHECK_FALSE(manifest.options.ignore_quirks);
    CHECK(manifest.options.self_crash == SelfCrash::none);
}

TEST_CASE("options are read", "[manifest]") {
    const std::string vm = "vm0 { " + body(good_source) + " };";
    const std::pair<const char*, SelfCrash> crashes[] = {{"stack", SelfCrash::stack},
                                                         {"text", SelfCrash::text},
                                                         {"exec", SelfCrash::exec},
                                                         {"fiq", SelfCrash::fiq},
                                                         {"serror", SelfCrash::serror}};
    for (const auto& [name, crash] : crashes) {
        const Read out = read(manifest_of(vm, "options { list-registers = <2>; ignore-quirks; "
                                              "self-crash = \"" +
                                                  std::string{name} + "\"; };"),
                              ManifestForm::source);
        REQUIRE(out.manifest.ok());
        CHECK(out.manifest.value().options.list_registers == 2);
        CHECK(out.manifest.value().options.ignore_quirks);
        CHECK(out.manifest.value().options.self_crash == crash);
    }
}

TEST_CASE("a packed manifest is read", "[manifest]") {
    const Read out =
        read(manifest_of(packed_vm(body(good_kernel), body(good_initrd))), ManifestForm::packed);
    REQUIRE(out.manifest.ok());
    const VmDescription& vm = out.manifest.value().vms[0];
    CHECK(vm.kernel.offset == 0x40'0000);
    CHECK(vm.kernel.length == 0x1'2345);
    CHECK(vm.kernel.hash == 0x89ab'cdef'0123'4567);
    CHECK(vm.kernel.load == Ipa{0x4020'0000});
    CHECK(vm.entry == Ipa{0x4020'0040});
    CHECK(vm.kernel_memory_size == 0x2'0000);
    CHECK(vm.has_initrd);
    CHECK(vm.initrd.offset == 0x60'0000);
    CHECK(vm.initrd.length == 0x10'0001);
    CHECK(vm.initrd.hash == 7);
    const Placement place = place_guest(vm);
    CHECK(place.tree == IpaRange{Ipa{0x4fff'0000}, 64 * kib});
    CHECK(place.initrd == IpaRange{Ipa{0x4fee'f000}, 0x10'0001});
}

TEST_CASE("tree and initrd stay below 4 GiB", "[manifest]") {
    VmDescription vm;
    vm.memory = 16 * gib;
    CHECK(place_guest(vm).tree == IpaRange{Ipa{0xffff'0000}, 64 * kib});
    CHECK(place_guest(vm).initrd.size == 0);
}

TEST_CASE("wrong source manifests are refused with node and reason", "[manifest]") {
    CHECK(source_with("", "") == "good");
    CHECK(source_with("kernal", "kernal = \"a\";") ==
          "/vms/vm0:kernal: no such property is known here");
    CHECK(source_with("label", "") == "/vms/vm0: label, memory-mib or vcpus is missing");
    CHECK(source_with("memory-mib", "") == "/vms/vm0: label, memory-mib or vcpus is missing");
    CHECK(source_with("vcpus", "") == "/vms/vm0: label, memory-mib or vcpus is missing");
    CHECK(source_with("kernel", "") == "/vms/vm0: the kernel is missing");
    CHECK(source_with("on-crash", "extra { };") == "/vms/vm0/extra: no such node is known here");
    const std::string label = "/vms/vm0:label: this must be one string of 1 to 31 printable "
                              "ASCII characters";
    CHECK(source_with("label", "label = \"\";") == label);
    CHECK(source_with("label", "label = <1>;") == label);
    CHECK(source_with("label", "label = \"a\", \"b\";") == label);
    CHECK(source_with("label", "label = \"a\\n\";") == label);
    CHECK(source_with("label", "label = \"01234567890123456789012345678901\";") == label);
    const std::string memory = "/vms/vm0:memory-mib: this must be a multiple of 2 from 2 to 261120";
    CHECK(source_with("memory-mib", "memory-mib = <0>;") == memory);
    CHECK(source_with("memory-mib", "memory-mib = <255>;") == memory);
    CHECK(source_with("memory-mib", "memory-mib = <261122>;") == memory);
    CHECK(source_with("memory-mib", "memory-mib = <261120>;") == "good");
    CHECK(source_with("memory-mib", "memory-mib = <0 256>;") ==
          "/vms/vm0:memory-mib: this must be one number, as in <256>");
    CHECK(source_with("vcpus", "vcpus = <0>;") == "/vms/vm0:vcpus: a VM has 1 to 8 vCPUs");
    CHECK(source_with("vcpus", "vcpus = <9>;") == "/vms/vm0:vcpus: a VM has 1 to 8 vCPUs");
    CHECK(source_with("vcpus", "vcpus = \"2\";") ==
          "/vms/vm0:vcpus: this must be one number, as in <256>");
    CHECK(source_with("bootargs", "bootargs = \"" + std::string(2048, 'x') + "\";") ==
          "/vms/vm0:bootargs: this must be one string of at most 2047 printable ASCII characters");
    CHECK(source_with("bootargs", "bootargs = \"" + std::string(2047, 'x') + "\";") == "good");
    CHECK(source_with("kernel", "kernel = \"\";") ==
          "/vms/vm0:kernel: this must be one string of printable ASCII characters");
    CHECK(source_with("initrd", "initrd = <1>;") ==
          "/vms/vm0:initrd: this must be one string of printable ASCII characters");
    CHECK(source_with("devices", "devices = \"pl011\", \"gpu\";") ==
          "/vms/vm0:devices: this names an unknown device: only \"pl011\" is known");
    CHECK(source_with("devices", "devices = \"pl011\", \"pl011\";") ==
          "/vms/vm0:devices: this names a device twice");
    CHECK(source_with("devices", "devices = [70];") ==
          "/vms/vm0:devices: this must be a list of device names");
    CHECK(source_with("on-crash", "on-crash = \"dance\";") ==
          "/vms/vm0:on-crash: the only thing to do on a crash is \"stop\"");
}

TEST_CASE("wrong options are refused", "[manifest]") {
    CHECK(options_with("") == "good");
    CHECK(options_with("list-registers = <17>;") ==
          "/options:list-registers: there are at most 16 list registers; 0 means all");
    CHECK(options_with("list-registers = <1 2>;") ==
          "/options:list-registers: this must be one number, as in <256>");
    CHECK(options_with("ignore-quirks = <1>;") ==
          "/options:ignore-quirks: this property has no value: it is given or not");
    CHECK(options_with("self-crash = \"now\";") ==
          "/options:self-crash: this must be \"stack\", \"text\", \"exec\", \"fiq\" or "
          "\"serror\"");
    CHECK(options_with("turbo;") == "/options:turbo: no such property is known here");
}

TEST_CASE("manifests of the wrong shape are refused", "[manifest]") {
    const auto whole = [](const std::string& source) {
        return verdict(source, ManifestForm::source);
    };
    const std::string vm = "{ " + body(good_source) + " };";
    CHECK(whole("/ { };") == "/: compatible is missing: this is no manifest");
    CHECK(whole("/ { compatible = \"linux,dummy-virt\"; };") ==
          "/:compatible: this is no manifest: compatible is not \"baton,manifest\"");
    CHECK(whole("/ { compatible = \"baton,manifest\"; };") ==
          "/: there is no VM: a node below /vms describes one");
    CHECK(whole(manifest_of("")) == "/: there is no VM: a node below /vms describes one");
    CHECK(whole("/ { compatible = \"baton,manifest\"; vm0 " + vm + " };") ==
          "/vm0: no such node is known here");
    CHECK(whole(manifest_of("label = \"x\"; vm0 " + vm)) ==
          "/vms:label: no such property is known here");
    CHECK(whole(manifest_of("vm0 " + vm + " vm1 " + vm)) ==
          "/vms/vm1: an earlier VM has the same label");
    const std::string other = "{ " + body(good_source, "label", "label = \"other\";") + " };";
    CHECK(whole(manifest_of("vm0 " + vm + " vm1 " + other)) ==
          "/vms/vm1: the device pl011 belongs to an earlier VM");
    std::string many;
    for (u32 n = 0; n < 9; ++n) {
        const std::string name = "vm" + std::to_string(n);
        many += name + " { label = \"" + name +
                "\"; memory-mib = <64>; vcpus = <1>; kernel = \"k\"; };";
    }
    CHECK(whole(manifest_of(many)) == "/vms/vm8: there are more than 8 VMs");
    CHECK(verdict(manifest_of("vm0 " + vm), ManifestForm::packed) ==
          "/vms/vm0:kernel: no such property is known here");
}

TEST_CASE("wrong packed kernels are refused", "[manifest]") {
    CHECK(kernel_with("", "") == "good");
    CHECK(kernel_with("length", "") == "/vms/vm0/kernel: offset, length, hash, load, entry or "
                                       "memory-size is missing");
    CHECK(kernel_with("offset", "offset = <0x400000>;") ==
          "/vms/vm0/kernel:offset: this must be one 64-bit number");
    CHECK(kernel_with("colour", "colour = <0 1>;") ==
          "/vms/vm0/kernel:colour: no such property is known here");
    CHECK(kernel_with("offset", "offset = <0 0x401000>;") ==
          "/vms/vm0: the payload's offset is not a multiple of 2 MiB");
    CHECK(kernel_with("offset", "offset = <0 0x200000>;") ==
          "/vms/vm0: the payload overlaps the hypervisor or the manifest");
    const std::string outside = "/vms/vm0: the payload does not lie inside the image";
    CHECK(kernel_with("offset", "offset = <0 0x4000000>;") == outside);
    CHECK(kernel_with("offset", "offset = <0xffffffff 0xffe00000>;") == outside);
    CHECK(kernel_with("length", "length = <0 0x3c00001>;") == outside);
    CHECK(kernel_with("length", "length = <0 0>;") == "/vms/vm0: the payload is empty");
    CHECK(kernel_with("memory-size", "memory-size = <0 0x12344>;") ==
          "/vms/vm0: the kernel's memory size is less than its length");
    const std::string unaligned = "/vms/vm0: the kernel's load address or its entry is not aligned";
    CHECK(kernel_with("load", "load = <0 0x40200800>;") == unaligned);
    CHECK(kernel_with("entry", "entry = <0 0x40200042>;") == unaligned);
    CHECK(kernel_with("entry", "entry = <0 0x40220000>;") ==
          "/vms/vm0: the kernel's entry lies outside it");
    CHECK(kernel_with("entry", "entry = <0 0x401ffffc>;") ==
          "/vms/vm0: the kernel's entry lies outside it");
    CHECK(kernel_with("load", "load = <0 0x3ff00000>;") ==
          "/vms/vm0: the kernel's load address lies below the guest's RAM");
    const std::string little =
        "/vms/vm0: memory-mib is too little for kernel, initrd and device tree";
    CHECK(kernel_with("load", "load = <0 0x50000000>;") == little);
    CHECK(kernel_with("load", "load = <0xffffffff 0xfffff000>;") == little);
    CHECK(kernel_with("memory-size", "memory-size = <0xffffffff 0xffffffff>;") == little);
    // To the last byte below the tree, and one more.
    CHECK(kernel_with("memory-size", "memory-size = <0 0xfdf0000>;") == "good");
    CHECK(kernel_with("memory-size", "memory-size = <0 0xfdf0001>;") == little);
}

TEST_CASE("wrong packed initrds are refused", "[manifest]") {
    CHECK(initrd_with("", "") == "good");
    CHECK(initrd_with("load", "load = <0 0x48000000>;") ==
          "/vms/vm0/initrd:load: no such property is known here");
    CHECK(initrd_with("offset", "offset = <0 0x400000>;") ==
          "/vms/vm0: kernel and initrd overlap in the image");
    CHECK(initrd_with("length", "length = <0 0x3a00000>;") == "good");
    CHECK(initrd_with("length", "length = <0 0x3a00001>;") ==
          "/vms/vm0: the payload does not lie inside the image");
    const std::string vm = packed_vm(body(good_kernel), body(good_initrd));
    std::string small = vm;
    small.replace(small.find("<256>"), 5, "<2>");
    CHECK(verdict(manifest_of(small), ManifestForm::packed) ==
          "/vms/vm0: memory-mib is too little for kernel, initrd and device tree");
}

TEST_CASE("payloads of two VMs: the same one or apart", "[manifest]") {
    const auto second = [](const std::string& offset, const std::string& length) {
        Lines kernel = good_kernel;
        kernel[0].second = "offset = " + offset + ";";
        kernel[1].second = "length = " + length + ";";
        const std::string vm1 = "vm1 { label = \"b\"; memory-mib = <64>; vcpus = <1>; kernel { " +
                                body(kernel) + " }; };";
        return verdict(manifest_of(packed_vm(body(good_kernel), body(good_initrd)) + vm1),
                       ManifestForm::packed);
    };
    const std::string clash = "/vms/vm1: a payload overlaps one of an earlier VM in the image";
    CHECK(second("<0 0x400000>", "<0 0x12345>") == "good"); // the same payload
    CHECK(second("<0 0x800000>", "<0 0x12345>") == "good");
    CHECK(second("<0 0x400000>", "<0 0x12346>") == clash);
    CHECK(second("<0 0x600000>", "<0 0x12345>") == clash);
}
