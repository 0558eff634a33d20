// SPDX-License-Identifier: Apache-2.0
// Wrong manifests in both forms, each refused with its node and reason.
#include "tests/unit/manifest/manifest_text.hpp"

using namespace hyp;
using namespace manifests;

namespace {

constexpr const char* wrong_label = ":label: this must be one string of 1 to 31 printable ASCII "
                                    "characters";
constexpr const char* wrong_memory = ":memory-mib: this must be a multiple of 2 from 2 to 261120";
constexpr const char* no_cell = ": this must be one number, as in <256>";
constexpr const char* wrong_file = ": this must be one string of printable ASCII characters";
constexpr const char* unknown_device =
    ":devices: this names an unknown device: not pl011, pl031 or virtio-mmio@0 to @31";
constexpr const char* bus_master =
    ": a virtio-mmio device reaches all memory: the VM must be dma-trusted to have one";

// One property of a right source manifest replaced by `text`, and what is said below /vms/vm0.
struct Wrong {
    const char* property;
    const char* text;
    std::string reason;
};

const Wrong wrong_properties[] = {
    {"kernal", "kernal = \"a\";", ":kernal: no such property is known here"},
    {"label", "", ": label, memory-mib or vcpus is missing"},
    {"memory-mib", "", ": label, memory-mib or vcpus is missing"},
    {"vcpus", "", ": label, memory-mib or vcpus is missing"},
    {"kernel", "", ": the kernel is missing"},
    {"on-crash", "extra { };", "/extra: no such node is known here"},
    {"label", "label = \"\";", wrong_label},
    {"label", "label = <1>;", wrong_label},
    {"label", "label = \"a\", \"b\";", wrong_label},
    {"label", "label = \"a\\n\";", wrong_label},
    {"label", "label = \"01234567890123456789012345678901\";", wrong_label},
    {"memory-mib", "memory-mib = <0>;", wrong_memory},
    {"memory-mib", "memory-mib = <255>;", wrong_memory},
    {"memory-mib", "memory-mib = <261122>;", wrong_memory},
    {"memory-mib", "memory-mib = <0 256>;", std::string{":memory-mib"} + no_cell},
    {"vcpus", "vcpus = <0>;", ":vcpus: a VM has 1 to 8 vCPUs"},
    {"vcpus", "vcpus = <9>;", ":vcpus: a VM has 1 to 8 vCPUs"},
    {"vcpus", "vcpus = \"2\";", std::string{":vcpus"} + no_cell},
    {"kernel", "kernel = \"\";", std::string{":kernel"} + wrong_file},
    {"initrd", "initrd = <1>;", std::string{":initrd"} + wrong_file},
    {"devices", "devices = \"pl011\", \"gpu\";", unknown_device},
    {"devices", "devices = \"virtio-mmio@32\"; dma-trusted;", unknown_device},
    {"devices", "devices = \"virtio-mmio@07\"; dma-trusted;", unknown_device},
    {"devices", "devices = \"virtio-mmio@\"; dma-trusted;", unknown_device},
    {"devices", "devices = \"\";", unknown_device},
    {"devices", "devices = \"pl011\", \"pl011\";", ":devices: this names a device twice"},
    {"devices", "devices = \"virtio-mmio\", \"virtio-mmio@31\"; dma-trusted;",
     ":devices: this names a device twice"},
    {"devices", "devices = \"virtio-mmio@0\";", bus_master},
    {"devices", "devices = \"virtio-mmio\", \"pl011\";", bus_master},
    {"dma-trusted", "dma-trusted = <1>;",
     ":dma-trusted: this property has no value: it is given or not"},
    {"devices", "devices = [70];", ":devices: this must be a list of device names"},
    {"on-crash", "on-crash = \"dance\";", ":on-crash: the only thing to do on a crash is \"stop\""},
};

} // namespace

TEST_CASE("wrong source manifests are refused with node and reason", "[manifest]") {
    for (const Wrong& wrong : wrong_properties) {
        INFO(wrong.text);
        CHECK(source_with(wrong.property, wrong.text) == "/vms/vm0" + wrong.reason);
    }
    CHECK(source_with("bootargs", "bootargs = \"" + std::string(2048, 'x') + "\";") ==
          "/vms/vm0:bootargs: this must be one string of at most 2047 printable ASCII characters");
}

TEST_CASE("source manifests at the limits are accepted", "[manifest]") {
    CHECK(source_with("", "") == "good");
    CHECK(source_with("memory-mib", "memory-mib = <261120>;") == "good");
    CHECK(source_with("bootargs", "bootargs = \"" + std::string(2047, 'x') + "\";") == "good");
    CHECK(source_with("vcpus", "vcpus = <8>;") == "good");
    CHECK(source_with("label", "label = \"0123456789012345678901234567890\";") == "good");
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
          "/options:self-crash: this must be \"stack\", \"text\", \"exec\", \"fiq\", "
          "\"serror\" or \"call\"");
    CHECK(options_with("trace = <1>;") ==
          "/options:trace: this property has no value: it is given or not");
    CHECK(options_with("watchdog-ms;") ==
          "/options:watchdog-ms: this must be one number, as in <256>");
    CHECK(options_with("watchdog-ms = <600001>;") ==
          "/options:watchdog-ms: this must be at most 600000 (milliseconds); 0 means none");
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
          "/vms/vm1: one of its devices belongs to an earlier VM");
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

TEST_CASE("more than this version runs is refused in both forms", "[manifest]") {
    const auto vm = [](const std::string& name, const std::string& vcpus) {
        return name + " { label = \"" + name + "\"; memory-mib = <64>; vcpus = <" + vcpus +
               ">; kernel ";
    };
    const auto source = [](const std::string& vms) {
        return verdict(manifest_of(vms), ManifestForm::source, image_size, runs_in_this_version);
    };
    const auto packed = [](const std::string& vms) {
        return verdict(manifest_of(vms), ManifestForm::packed, image_size, runs_in_this_version);
    };
    const std::string file = "= \"k\"; };";
    const std::string payload = "{ " + body(good_kernel) + " }; };";
    CHECK(source(vm("a", "1") + file) == "good");
    CHECK(packed(vm("a", "1") + payload) == "good");
    CHECK(packed(vm("a", "1") + "{ " + body(good_kernel) + " deep { }; }; };") ==
          "/vms/a/kernel/deep: no such node is known here"); // as deep as the reader gets
    const std::string beyond = "this version runs one VM with one vCPU";
    CHECK(source(vm("a", "2") + file) == "/vms/a:vcpus: " + beyond);
    CHECK(packed(vm("a", "8") + payload) == "/vms/a:vcpus: " + beyond);
    CHECK(source(vm("a", "9") + file) == "/vms/a:vcpus: a VM has 1 to 8 vCPUs");
    CHECK(source(vm("a", "1") + file + vm("b", "1") + file) == "/vms/b: " + beyond);
    CHECK(packed(vm("a", "1") + payload + vm("b", "1") + payload) == "/vms/b: " + beyond);
}

TEST_CASE("wrong packed kernels are refused", "[manifest]") {
    CHECK(kernel_with("", "") == "good");
    for (const char* key : {"offset", "length", "hash", "load", "entry", "memory-size"}) {
        CHECK(kernel_with(key, "") == "/vms/vm0/kernel: offset, length, hash, load, entry or "
                                      "memory-size is missing");
    }
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
    CHECK(kernel_with("length", "length = <0xffffffff 0xffc00000>;") == outside); // ends at 2^64
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
    // So long that its place would lie below address 0; the image has room for it.
    const std::string vm = packed_vm(body(good_kernel), body(good_initrd));
    std::string huge = vm;
    huge.replace(huge.find("<0 0x100001>"), 12, "<0 0x80000000>");
    CHECK(verdict(manifest_of(huge), ManifestForm::packed, 16 * gib) ==
          "/vms/vm0: memory-mib is too little for kernel, initrd and device tree");
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
