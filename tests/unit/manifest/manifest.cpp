// SPDX-License-Identifier: Apache-2.0
// Right manifests in both forms, value by value.
#include "tests/unit/manifest/manifest_text.hpp"

#include <string_view>

using namespace hyp;
using namespace manifests;
using namespace std::string_view_literals;

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
    CHECK(vm.devices.has(DeviceId::pl011));
    CHECK_FALSE(vm.devices.has(DeviceId::pl031));
    CHECK_FALSE(vm.dma_trusted);
    CHECK(vm.rank == Rank{4});
    CHECK(vm.slice_us == 10'000);
    for (const PcpuSet& set : vm.pcpus) {
        CHECK(set.is_empty());
    }
    CHECK(vm.on_crash == EndAction::stop);
    CHECK(vm.on_reset == EndAction::restart);
    CHECK(vm.restart_limit == 0);
    CHECK(vm.time == TimePolicy::real);
    CHECK_FALSE(vm.console);
    CHECK_FALSE(vm.off);
    CHECK(vm.guest_devices() == vm.devices);
    CHECK(manifest.options.hot_key == 0x14);
    CHECK(manifest.options.list_registers == 0);
    CHECK_FALSE(manifest.options.ignore_quirks);
    CHECK_FALSE(manifest.options.trace);
    CHECK(manifest.options.watchdog_ms == 0);
    CHECK(manifest.options.self_crash == SelfCrash::none);
}

TEST_CASE("how a VM is scheduled, seen and ended is read, in both forms", "[manifest]") {
    const std::string more = "rank = <0>; slice-us = <250>; pcpus = <0x06>; console; "
                             "on-crash = \"restart\"; on-reset = \"halt\"; restart-limit = <5>; "
                             "time = \"stops\"; off; ";
    const std::string payload = "kernel { " + body(good_kernel) + " };";
    const std::string other = "vm1 { label = \"b\"; memory-mib = <2>; vcpus = <2>; "
                              "pcpus = <0x01 0x80>; on-crash = \"halt\"; on-reset = \"stop\"; "
                              "time = \"real\"; console; ";
    for (const ManifestForm form : {ManifestForm::source, ManifestForm::packed}) {
        const bool source = form == ManifestForm::source;
        const std::string file = source ? "kernel = \"k\"; " : "";
        const std::string node = source ? "" : payload;
        const std::string third = "vm2 { label = \"c\"; memory-mib = <64>; vcpus = <8>; ";
        const Read out =
            read(manifest_of("vm0 { label = \"a\"; memory-mib = <64>; vcpus = <8>; " + more + file +
                             node + " }; " + other + file +
                             (source ? ""
                                     : "kernel { offset = <0 0x800000>; length = <0 8>; "
                                       "hash = <0 0>; load = <0 0x40000000>; "
                                       "entry = <0 0x40000000>; memory-size = <0 8>; };") +
                             " }; " + third + file + node + " };"),
                 form);
        INFO(out.manifest.error().where << ": " << out.manifest.error().reason);
        REQUIRE(out.manifest.ok());
        const VmDescription& vm = out.manifest.value().vms[0];
        CHECK(vm.rank == Rank{0});
        CHECK(vm.slice_us == 250);
        for (const PcpuSet& set : vm.pcpus) {
            CHECK(set == PcpuSet{6});
        }
        CHECK_FALSE(vm.pcpus[0].has(0));
        CHECK(vm.pcpus[0].has(2));
        CHECK(vm.console);
        CHECK(vm.devices.is_empty());
        CHECK(vm.guest_devices().has(DeviceId::pl011));
        CHECK(vm.on_crash == EndAction::restart);
        CHECK(vm.on_reset == EndAction::halt);
        CHECK(vm.restart_limit == 5);
        CHECK(vm.time == TimePolicy::stops);
        CHECK(vm.off);
        const VmDescription& second = out.manifest.value().vms[1];
        CHECK(second.pcpus[0] == PcpuSet{1});
        CHECK(second.pcpus[1] == PcpuSet{0x80});
        CHECK(second.on_crash == EndAction::halt);
        CHECK(second.on_reset == EndAction::stop);
        CHECK(second.time == TimePolicy::real);
        CHECK_FALSE(second.off);
        // What one VM says is not the next one's.
        CHECK(out.manifest.value().vms[2].pcpus[7].is_empty());
        CHECK(out.manifest.value().vms[2].rank == Rank{4});
    }
}

TEST_CASE("options are read", "[manifest]") {
    const std::string vm = "vm0 { " + body(good_source) + " };";
    const std::pair<const char*, SelfCrash> crashes[] = {
        {"stack", SelfCrash::stack}, {"text", SelfCrash::text},     {"exec", SelfCrash::exec},
        {"fiq", SelfCrash::fiq},     {"serror", SelfCrash::serror}, {"call", SelfCrash::call},
        {"pcpu", SelfCrash::pcpu}};
    for (const auto& [name, crash] : crashes) {
        const Read out = read(manifest_of(vm, "options { list-registers = <2>; ignore-quirks; "
                                              "trace; watchdog-ms = <600000>; hot-key = \"b\"; "
                                              "self-crash = \"" +
                                                  std::string{name} + "\"; };"),
                              ManifestForm::source);
        REQUIRE(out.manifest.ok());
        CHECK(out.manifest.value().options.list_registers == 2);
        CHECK(out.manifest.value().options.ignore_quirks);
        CHECK(out.manifest.value().options.trace);
        CHECK(out.manifest.value().options.watchdog_ms == 600'000);
        CHECK(out.manifest.value().options.self_crash == crash);
        CHECK(out.manifest.value().options.hot_key == 2);
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
