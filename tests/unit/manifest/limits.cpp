// SPDX-License-Identifier: Apache-2.0
// Manifests exactly at their limits, each property in exactly the forms that may have it, and the
// path that a refusal names.
#include "tests/unit/manifest/manifest_text.hpp"

using namespace hyp;
using namespace manifests;

namespace {

[[nodiscard]] std::string packed_options(const std::string& text) {
    return verdict(manifest_of(packed_vm(body(good_kernel)), "options { " + text + " };"),
                   ManifestForm::packed);
}

} // namespace

TEST_CASE("options are read in the packed form, too", "[manifest]") {
    const Read out = read(manifest_of(packed_vm(body(good_kernel)),
                                      "options { list-registers = <16>; ignore-quirks; "
                                      "trace; watchdog-ms = <1>; self-crash = "
                                      "\"fiq\"; };"),
                          ManifestForm::packed);
    REQUIRE(out.manifest.ok());
    const Options& options = out.manifest.value().options;
    CHECK(options.list_registers == 16);
    CHECK(options.ignore_quirks);
    CHECK(options.trace);
    CHECK(options.watchdog_ms == 1);
    CHECK(options.self_crash == SelfCrash::fiq);
    CHECK(packed_options("list-registers = <0>;") == "good");
    CHECK(packed_options("list-registers = <17>;") ==
          "/options:list-registers: there are at most 16 list registers; 0 means all");
}

TEST_CASE("what names files is of the source form, what says where they are of the packed one",
          "[manifest]") {
    CHECK(verdict(manifest_of("vm0 { " + body(good_source) + "kernel { }; };"),
                  ManifestForm::source) == "/vms/vm0/kernel: no such node is known here");
    for (const char* const text :
         {"offset = <0 0x400000>;", "load = <0 0x40200000>;", "hash = <0 1>;", "length = <0 1>;",
          "memory-size = <0 1>;", "entry = <0 0x40200000>;", "compatible = \"x\";"}) {
        const std::string name = std::string{text}.substr(0, std::string{text}.find(' '));
        CHECK(source_with("", text) == "/vms/vm0:" + name + ": no such property is known here");
    }
    for (const char* const text : {"initrd = \"x\";", "kernel = \"x\";", "trace;",
                                   "watchdog-ms = <1>;", "hot-key = \"t\";"}) {
        const std::string vm = "vm0 { " + std::string{text} + body(good_source, "kernel", "") +
                               "kernel { " + body(good_kernel) + " }; };";
        CHECK(verdict(manifest_of(vm), ManifestForm::packed)
                  .find(": no such property is known here") != std::string::npos);
    }
    const Read out = read(manifest_of("vm0 { " + body(good_source) + "initrd = \"i\"; };"),
                          ManifestForm::source);
    REQUIRE(out.manifest.ok());
    CHECK(out.manifest.value().vms[0].has_initrd);
    CHECK(std::string{out.manifest.value().vms[0].initrd_file} == "i");
}

TEST_CASE("values exactly at their limits are accepted", "[manifest]") {
    CHECK(source_with("memory-mib", "memory-mib = <2>;") == "good");
    CHECK(source_with("vcpus", "vcpus = <1>;") == "good");
    CHECK(source_with("label", "label = \" \";") == "good");
    CHECK(source_with("label", "label = \"~\";") == "good");
    CHECK(source_with("label", "label = [7f 00];") != "good");
    CHECK(source_with("label", "label = [1f 00];") != "good");
    CHECK(source_with("bootargs", "bootargs = \"\";") == "good");
    CHECK(source_with("kernel", "kernel = \"" + std::string(1023, 'k') + "\";") == "good");
    CHECK(source_with("kernel", "kernel = \"" + std::string(1024, 'k') + "\";") != "good");
    CHECK(source_with("on-crash", "") == "good");
    CHECK(source_with("devices", "") == "good");
    CHECK(source_with("rank", "rank = <0>;") == "good");
    CHECK(source_with("rank", "rank = <7>;") == "good");
    CHECK(source_with("slice-us", "slice-us = <100>;") == "good");
    CHECK(source_with("slice-us", "slice-us = <1000000>;") == "good");
    CHECK(source_with("pcpus", "pcpus = <0xff>;") == "good");
    CHECK(source_with("pcpus", "pcpus = <0x80 0x01>;") == "good");
    CHECK(source_with("restart-limit", "restart-limit = <0xffffffff>;") == "good");
    CHECK(options_with("hot-key = \"b\";") == "good");
    CHECK(options_with("hot-key = \"z\";") == "good");
    CHECK(options_with("list-registers = <16>;") == "good");
    CHECK(kernel_with("memory-size", "memory-size = <0 0x12345>;") == "good");
    CHECK(kernel_with("entry", "entry = <0 0x4021fffc>;") == "good"); // the last word
    CHECK(kernel_with("entry", "entry = <0 0x40200000>;") == "good");
    CHECK(kernel_with("length", "length = <0 1>;") == "good");
}

TEST_CASE("a kernel may begin where RAM does", "[manifest]") {
    Lines kernel = good_kernel;
    kernel[3].second = "load = <0 0x40000000>;";
    kernel[4].second = "entry = <0 0x40000000>;";
    CHECK(verdict(manifest_of(packed_vm(body(kernel))), ManifestForm::packed) == "good");
    kernel[3].second = "load = <0 0x3ffff000>;";
    CHECK(verdict(manifest_of(packed_vm(body(kernel))), ManifestForm::packed) ==
          "/vms/vm0: the kernel's load address lies below the guest's RAM");
}

TEST_CASE("eight VMs are described, none of them twice", "[manifest]") {
    std::string vms;
    for (u32 n = 0; n < 8; ++n) {
        vms += small_vm("vm" + std::to_string(n));
    }
    const Read out = read(manifest_of(vms), ManifestForm::source);
    REQUIRE(out.manifest.ok());
    CHECK(out.manifest.value().vm_count == 8);
    CHECK(std::string{out.manifest.value().vms[7].label} == "vm7");
    std::string last = small_vm("vm2");
    last.replace(last.find("vm2 {"), 3, "vmx");
    last.replace(last.find("\"vm2\""), 5, "\"vm1\"");
    CHECK(whole(manifest_of(small_vm("vm0") + small_vm("vm1") + last)) ==
          "/vms/vmx: an earlier VM has the same label");
}

TEST_CASE("each VM may have eight vCPUs, each of them its own set of pCPUs", "[manifest]") {
    std::string vms;
    for (u32 n = 0; n < 8; ++n) {
        std::string vm = small_vm("vm" + std::to_string(n), "pcpus = <1 2 4 8 16 32 64 128>;");
        vms += vm.replace(vm.find("<2>"), 3, "<8>");
    }
    const Read out = read(manifest_of(vms), ManifestForm::source);
    REQUIRE(out.manifest.ok());
    const Manifest& manifest = out.manifest.value();
    NodePath path;
    for (u32 n = 0; n < 8; ++n) {
        CHECK(manifest.vms[7].pcpus[n] == PcpuSet{static_cast<u8>(1U << n)});
    }
    for (const u32 pcpus : {8U, 9U, 31U, 32U, 64U, ~0U}) {
        CHECK(check_against_machine(manifest, pcpus, path).ok());
    }
    for (u32 pcpus = 0; pcpus < 8; ++pcpus) {
        const Status status = check_against_machine(manifest, pcpus, path);
        REQUIRE_FALSE(status.ok());
        CHECK(said(status.error()) ==
              "/vms/vm0:pcpus: this names a pCPU that the machine does not have");
    }
}

TEST_CASE("the machine's pCPUs are compared with those of vCPUs that there are", "[manifest]") {
    const auto on = [](u32 machine, const std::string& vms) {
        const Read out = read(manifest_of(vms), ManifestForm::source);
        REQUIRE(out.manifest.ok());
        NodePath path;
        const Status status = check_against_machine(out.manifest.value(), machine, path);
        return status.ok() ? "good" : said(status.error());
    };
    const std::string missing = ":pcpus: this names a pCPU that the machine does not have";
    CHECK(on(1, small_vm("a")) == "good");
    CHECK(on(1, small_vm("a", "pcpus = <1>;") + small_vm("b", "pcpus = <1 1>;")) == "good");
    CHECK(on(1, small_vm("a") + small_vm("b", "pcpus = <1 2>;")) == "/vms/b" + missing);
    CHECK(on(2, small_vm("a") + small_vm("b", "pcpus = <1 2>;")) == "good");
    CHECK(on(2, small_vm("a", "pcpus = <7>;")) == "/vms/a" + missing);
    CHECK(on(3, small_vm("a", "pcpus = <7>;")) == "good");
    CHECK(on(1, small_vm("a", "off; pcpus = <2>;") + small_vm("b")) == "/vms/a" + missing);
}

TEST_CASE("payloads side by side do not overlap", "[manifest]") {
    // The initrd's last byte is the one before the kernel's first.
    Lines kernel = good_kernel;
    kernel[0].second = "offset = <0 0x800000>;";
    Lines initrd = good_initrd;
    initrd[0].second = "offset = <0 0x600000>;";
    initrd[1].second = "length = <0 0x200000>;";
    CHECK(verdict(manifest_of(packed_vm(body(kernel), body(initrd))), ManifestForm::packed) ==
          "good");
    initrd[1].second = "length = <0 0x200001>;";
    CHECK(verdict(manifest_of(packed_vm(body(kernel), body(initrd))), ManifestForm::packed) ==
          "/vms/vm0: kernel and initrd overlap in the image");
}

TEST_CASE("the path of a refusal is cut where its room ends", "[manifest]") {
    const std::string name(200, 'n');
    const std::string said = verdict(manifest_of(name + " { };"), ManifestForm::source);
    CHECK(said.substr(0, said.find(": ")) == "/vms/" + std::string(127 - 5, 'n'));
}
