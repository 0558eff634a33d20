// SPDX-License-Identifier: Apache-2.0
// Manifests that no dtc would write: bent at random, and what only a hand-made tree can hold.
#include "hyp/core/manifest/manifest.hpp"
#include "tests/trees/tree_bytes.hpp"

using namespace hyp;

namespace {

constexpr u64 image_size = 64 * mib;

const char* const source_text =
    "/ { compatible = \"baton,manifest\"; options { list-registers = <3>; ignore-quirks; };"
    "vms { vm0 { label = \"tiny\"; memory-mib = <256>; vcpus = <2>; bootargs = \"ticks=5\";"
    "kernel = \"a.img\"; initrd = \"b\"; devices = \"pl031\"; on-crash = \"restart\"; console;"
    "rank = <2>; slice-us = <100>; pcpus = <1 2>; time = \"stops\"; restart-limit = <3>; };"
    "vm1 { label = \"b\"; memory-mib = <2>; vcpus = <1>; kernel = \"c\"; off; }; }; };";

const char* const packed_text =
    "/ { compatible = \"baton,manifest\"; options { self-crash = \"fiq\"; };"
    "vms { vm0 { label = \"tiny\"; memory-mib = <256>; vcpus = <2>; bootargs = \"ticks=5\";"
    "devices = \"pl011\"; pcpus = <128>; rank = <7>; on-reset = \"halt\"; kernel { offset = <0 "
    "0x400000>; length = <0 0x12345>; hash = <1 2>;"
    "load = <0 0x40200000>; entry = <0 0x40200040>; memory-size = <0 0x20000>; };"
    "initrd { offset = <0 0x600000>; length = <0 0x10>; hash = <0 7>; }; }; }; };";

// What every user of a manifest relies on without looking again.
bool sound(const Manifest& manifest, ManifestForm form) {
    bool good = manifest.vm_count >= 1 && manifest.vm_count <= Manifest::max_vms &&
                manifest.options.list_registers <= 16;
    for (u32 n = 0; n < manifest.vm_count; ++n) {
        const VmDescription& vm = manifest.vms[n];
        good = good && std::strlen(vm.label) >= 1 && std::strlen(vm.label) <= 31 &&
               std::strlen(vm.bootargs) <= 2047 && vm.vcpus >= 1 && vm.vcpus <= 8 &&
               vm.memory != 0 && vm.memory % guest_memory_granule == 0 && vm.rank.value < ranks &&
               vm.slice_us >= slice_us_least && vm.slice_us <= slice_us_most &&
               vm.on_crash <= EndAction::halt && vm.on_reset <= EndAction::halt &&
               vm.time <= TimePolicy::stops && !(vm.console && vm.devices.has(DeviceId::pl011));
        for (u32 vcpu = 1; vcpu < vm.vcpus; ++vcpu) {
            good = good && vm.pcpus[vcpu].is_empty() == vm.pcpus[0].is_empty();
        }
        if (form == ManifestForm::packed) {
            const IpaRange kernel{vm.kernel.load, vm.kernel_memory_size};
            const Placement place = place_guest(vm);
            good = good && vm.ram().contains(kernel) && kernel.contains(vm.entry) &&
                   vm.kernel.length <= kernel.size && vm.ram().contains(place.tree) &&
                   !kernel.overlaps(place.tree) && !kernel.overlaps(place.initrd) &&
                   vm.kernel.offset + vm.kernel.length <= image_size;
        }
    }
    return good;
}

void bend(const char* text, ManifestForm form) {
    const trees::Bytes tree = trees::compiled(text);
    trees::Guarded guarded{tree.size()};
    u32 refused = 0;
    u32 read = 0;
    for (u64 seed = 0; seed < 4000; ++seed) {
        trees::Bytes bytes = tree;
        trees::Damage{seed}.apply(bytes);
        INFO("seed " << seed);
        NodePath path;
        const Result<Manifest> manifest = read_manifest(guarded.hold(bytes.data(), bytes.size()),
                                                        bytes.size(), form, image_size, path);
        (manifest.ok() ? read : refused) += 1;
        REQUIRE((!manifest.ok() || sound(manifest.value(), form)));
        REQUIRE(std::strlen(path.text) < sizeof path.text);
    }
    CHECK(refused > 1000);
    CHECK(read > 20);
}

// Builds a tree with libfdt's writer, which does not mind what dtc would refuse.
template <class Body>
std::string verdict(Body&& write) {
    trees::Bytes bytes(8192);
    void* fdt = bytes.data();
    fdt_create(fdt, 8192);
    fdt_finish_reservemap(fdt);
    fdt_begin_node(fdt, "");
    write(fdt);
    fdt_end_node(fdt);
    REQUIRE(fdt_finish(fdt) == 0);
    NodePath path;
    const Result<Manifest> manifest =
        read_manifest(fdt, bytes.size(), ManifestForm::source, image_size, path);
    return manifest.ok() ? "good"
                         : std::string{manifest.error().where} + ": " + manifest.error().reason;
}

} // namespace

TEST_CASE("bent source manifests are read or refused", "[manifest][broken]") {
    bend(source_text, ManifestForm::source);
}

TEST_CASE("bent packed manifests are read or refused", "[manifest][broken]") {
    bend(packed_text, ManifestForm::packed);
}

TEST_CASE("manifests cut short are refused at every length", "[manifest][broken]") {
    const trees::Bytes bytes = trees::compiled(packed_text);
    trees::Guarded guarded{bytes.size()};
    for (usize size = 0; size < bytes.size(); ++size) {
        NodePath path;
        REQUIRE_FALSE(read_manifest(guarded.hold(bytes.data(), size), size, ManifestForm::packed,
                                    image_size, path)
                          .ok());
    }
}

TEST_CASE("what is given twice is refused", "[manifest][broken]") {
    CHECK(verdict([](void* fdt) {
              fdt_property(fdt, "compatible", "baton,manifest", 15);
              fdt_property(fdt, "compatible", "baton,manifest", 15);
          }) == "/:compatible: this property is given twice");
    CHECK(verdict([](void* fdt) {
              fdt_property(fdt, "compatible", "baton,manifest", 15);
              for (u32 n = 0; n < 2; ++n) {
                  fdt_begin_node(fdt, "options");
                  fdt_end_node(fdt);
              }
          }) == "/options: this node is given twice");
}

TEST_CASE("a path of names that are too long or unprintable is cut and cleaned",
          "[manifest][broken]") {
    const std::string name = std::string(200, 'n') + "\x1b";
    CHECK(verdict([&](void* fdt) { fdt_begin_node(fdt, name.c_str()), fdt_end_node(fdt); }) ==
          "/" + std::string(126, 'n') + ": no such node is known here");
    CHECK(verdict([&](void* fdt) { fdt_begin_node(fdt, "a\x1b[b"), fdt_end_node(fdt); }) ==
          "/a?[b: no such node is known here");
}
