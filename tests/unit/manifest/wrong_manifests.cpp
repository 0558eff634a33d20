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
constexpr const char* wrong_action = ": this must be \"stop\", \"restart\" or \"halt\"";
constexpr const char* wrong_time = ":time: this must be \"real\" or \"stops\"";
constexpr const char* wrong_slice = ":slice-us: a time slice is 100 to 1000000 microseconds";
constexpr const char* wrong_cells = ":pcpus: this must be one cell, or one for each vCPU";
constexpr const char* wrong_set =
    ":pcpus: a set of pCPUs has bit n for pCPU n, 0 to 7, and is not empty";
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
    {"on-crash", "on-crash = \"dance\";", std::string{":on-crash"} + wrong_action},
    {"on-crash", "on-crash = \"\";", std::string{":on-crash"} + wrong_action},
    {"on-crash", "on-crash = \"stop\", \"halt\";", std::string{":on-crash"} + wrong_action},
    {"on-reset", "on-reset = <1>;", std::string{":on-reset"} + wrong_action},
    {"on-reset", "on-reset;", std::string{":on-reset"} + wrong_action},
    {"restart-limit", "restart-limit = \"5\";", std::string{":restart-limit"} + no_cell},
    {"restart-limit", "restart-limit = <1 2>;", std::string{":restart-limit"} + no_cell},
    {"time", "time = \"warps\";", wrong_time},
    {"time", "time = [73 74 6f 70 73];", wrong_time},
    {"rank", "rank = <8>;", ":rank: a rank is 0 (most urgent) to 7"},
    {"rank", "rank = <0xffffffff>;", ":rank: a rank is 0 (most urgent) to 7"},
    {"rank", "rank = <256>;", ":rank: a rank is 0 (most urgent) to 7"},
    {"rank", "rank = \"urgent\";", std::string{":rank"} + no_cell},
    {"slice-us", "slice-us = <99>;", wrong_slice},
    {"slice-us", "slice-us = <0>;", wrong_slice},
    {"slice-us", "slice-us = <1000001>;", wrong_slice},
    {"slice-us", "slice-us;", std::string{":slice-us"} + no_cell},
    {"pcpus", "pcpus;", wrong_cells},
    {"pcpus", "pcpus = [01];", wrong_cells},
    {"pcpus", "pcpus = <1 1 1 1 1 1 1 1 1>;", wrong_cells},
    {"pcpus", "pcpus = <0>;", wrong_set},
    {"pcpus", "pcpus = <0x100>;", wrong_set},
    {"pcpus", "pcpus = <1 0>;", wrong_set},
    {"pcpus", "pcpus = <1 0x80000000>;", wrong_set},
    {"pcpus", "pcpus = <1 1 1>;", ": pcpus has more than one cell, but not one for each vCPU"},
    {"vcpus", "vcpus = <8>; pcpus = <1 1 1 1 1 1 1>;",
     ": pcpus has more than one cell, but not one for each vCPU"},
    {"vcpus", "pcpus = <1 1>; vcpus = <1>;",
     ": pcpus has more than one cell, but not one for each vCPU"},
    {"console", "console;", ": a VM has the machine's pl011: then none can have console"},
    {"console", "console = \"uart\";", ":console: this property has no value: it is given or not"},
    {"off", "off = <1>;", ":off: this property has no value: it is given or not"},
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
          "\"serror\", \"call\" or \"pcpu\"");
    CHECK(options_with("trace = <1>;") ==
          "/options:trace: this property has no value: it is given or not");
    CHECK(options_with("watchdog-ms;") ==
          "/options:watchdog-ms: this must be one number, as in <256>");
    CHECK(options_with("watchdog-ms = <600001>;") ==
          "/options:watchdog-ms: this must be at most 600000 (milliseconds); 0 means none");
    for (const char* const wrong : {"\"a\"", "\"T\"", "\"h\"", "\"i\"", "\"j\"", "\"m\"", "\"{\"",
                                    "\"`\"", "\"\"", "\"tt\"", "<0x74000000>", "<116>"}) {
        INFO(wrong);
        CHECK(options_with("hot-key = " + std::string{wrong} + ";") ==
              "/options:hot-key: this must be a letter from b to z, but not h, i, j or m");
    }
    CHECK(options_with("self-crash = \"\\1\";").find("this must be") != std::string::npos);
    CHECK(options_with("turbo;") == "/options:turbo: no such property is known here");
}

TEST_CASE("manifests of the wrong shape are refused", "[manifest]") {
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

TEST_CASE("a manifest of which nothing would run is refused", "[manifest]") {
    CHECK(whole(manifest_of(small_vm("a", "off;") + small_vm("b", "off;"))) ==
          "/: every VM is off: nothing would run");
    CHECK(whole(manifest_of(small_vm("a", "off;") + small_vm("b"))) == "good");
    CHECK(whole(manifest_of(small_vm("a") + small_vm("b", "off;"))) == "good");
}

TEST_CASE("what is wrong with one of several VMs names that one", "[manifest]") {
    const auto second = [](const std::string& more) {
        return whole(manifest_of(small_vm("a", "pcpus = <1 2>;") + small_vm("b", more)));
    };
    CHECK(second("pcpus = <1 2>;") == "good");
    CHECK(second("rank = <9>;") == "/vms/b:rank: a rank is 0 (most urgent) to 7");
    CHECK(second("pcpus = <1 2 4>;") ==
          "/vms/b: pcpus has more than one cell, but not one for each vCPU");
    const std::string deep = "{ " + body(good_kernel) + " deep { }; }; };";
    CHECK(verdict(manifest_of("a { label = \"a\"; memory-mib = <64>; vcpus = <1>; kernel " + deep),
                  ManifestForm::packed) ==
          "/vms/a/kernel/deep: no such node is known here"); // as deep as the reader gets
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
