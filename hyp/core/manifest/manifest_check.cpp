// SPDX-License-Identifier: Apache-2.0
#include "hyp/core/manifest/manifest_check.hpp"

#include "hyp/core/tree/tree_reader.hpp"

namespace hyp {

namespace {

constexpr Ipa low_ram_end{4 * gib};
constexpr u64 guest_page = 4 * kib;
constexpr u64 instruction_size = 4;

const char* check_payload(const Payload& payload, u64 image_size) {
    if (payload.length == 0) {
        return "the payload is empty";
    }
    if (payload.offset % payload_align != 0) {
        return "the payload's offset is not a multiple of 2 MiB";
    }
    if (payload.offset < manifest_offset + payload_align) {
        return "the payload overlaps the hypervisor or the manifest";
    }
    if (payload.offset > image_size || payload.length > image_size - payload.offset) {
        return "the payload does not lie inside the image";
    }
    return nullptr;
}

bool overlap(const Payload& left, const Payload& right) {
    return left.offset < right.offset + right.length && right.offset < left.offset + left.length;
}

// Two VMs may run the same file: then the payload is the same one.
bool clash(const Payload& left, const Payload& right) {
    const bool same =
        left.offset == right.offset && left.length == right.length && left.hash == right.hash;
    return !same && overlap(left, right);
}

// There is one UART: it is shared by those that have a console, or one VM has it whole.
bool uart_has_two_uses(const Manifest& manifest, u32 vms) {
    bool shared = false;
    bool whole = false;
    for (u32 i = 0; i < vms; ++i) {
        shared = shared || manifest.vms[i].console;
        whole = whole || manifest.vms[i].devices.has(DeviceId::pl011);
    }
    return shared && whole;
}

const char* check_memory(const VmDescription& vm) {
    const u64 load = vm.kernel.load.value();
    if (load % guest_page != 0 || vm.entry.value() % instruction_size != 0) {
        return "the kernel's load address or its entry is not aligned";
    }
    if (vm.kernel_memory_size < vm.kernel.length) {
        return "the kernel's memory size is less than its length";
    }
    if (vm.kernel.load < guest_ram_base) {
        return "the kernel's load address lies below the guest's RAM";
    }
    const Placement place = place_guest(vm);
    const Ipa end = vm.has_initrd ? place.initrd.base : place.tree.base;
    if (vm.initrd.length >= place.tree.base - guest_ram_base || vm.kernel.load >= end ||
        vm.kernel_memory_size > end - vm.kernel.load) {
        return "memory-mib is too little for kernel, initrd and device tree";
    }
    if (!IpaRange{vm.kernel.load, vm.kernel_memory_size}.contains(vm.entry)) {
        return "the kernel's entry lies outside it";
    }
    return nullptr;
}

} // namespace

Placement place_guest(const VmDescription& vm) {
    const Ipa ram_end = vm.ram().end();
    const Ipa low_end = ram_end < low_ram_end ? ram_end : low_ram_end;
    const Ipa tree{low_end.value() - guest_tree_limit};
    Placement placement;
    placement.tree = {tree, guest_tree_limit};
    if (vm.has_initrd) {
        const Ipa initrd = Ipa{tree.value() - vm.initrd.length}.align_down(guest_page);
        placement.initrd = {initrd, vm.initrd.length};
    }
    return placement;
}

const char* check_vm(const VmDescription& vm, u64 image_size) {
    const char* fault = check_payload(vm.kernel, image_size);
    if (fault == nullptr && vm.has_initrd) {
        fault = check_payload(vm.initrd, image_size);
        if (fault == nullptr && clash(vm.kernel, vm.initrd)) {
            fault = "kernel and initrd overlap in the image";
        }
    }
    return fault == nullptr ? check_memory(vm) : fault;
}

const char* check_devices(const VmDescription& vm) {
    return !vm.devices.has_bus_master() || vm.dma_trusted
               ? nullptr
               : "a virtio-mmio device reaches all memory: the VM must be dma-trusted to have one";
}

const char* check_against_earlier(const Manifest& manifest, u32 n) {
    const VmDescription& vm = manifest.vms[n];
    if (uart_has_two_uses(manifest, n + 1)) {
        return "a VM has the machine's pl011: then none can have console";
    }
    for (u32 i = 0; i < n; ++i) {
        const VmDescription& earlier = manifest.vms[i];
        if (same_string(vm.label, earlier.label)) {
            return "an earlier VM has the same label";
        }
        if (!vm.devices.shared_with(earlier.devices).is_empty()) {
            return "one of its devices belongs to an earlier VM";
        }
        if (vm.dma_trusted && earlier.dma_trusted) {
            return "an earlier VM is dma-trusted and has the same memory";
        }
        // An absent initrd has length 0 and overlaps nothing.
        if (clash(vm.kernel, earlier.kernel) || clash(vm.kernel, earlier.initrd) ||
            clash(vm.initrd, earlier.kernel) || clash(vm.initrd, earlier.initrd)) {
            return "a payload overlaps one of an earlier VM in the image";
        }
    }
    return nullptr;
}

Status check_against_machine(const Manifest& manifest, u32 pcpu_count, NodePath& path) {
    const u32 present = pcpu_count < PcpuSet::limit ? (1U << pcpu_count) - 1 : 0xff;
    for (u32 n = 0; n < manifest.vm_count; ++n) {
        const VmDescription& vm = manifest.vms[n];
        for (u32 vcpu = 0; vcpu < vm.vcpus; ++vcpu) {
            if ((vm.pcpus[vcpu].bits & ~present) != 0) {
                path.text[0] = '\0';
                path.append("/vms/");
                path.append(vm.node);
                path.append(":pcpus");
                return Error{"this names a pCPU that the machine does not have", path.text};
            }
        }
    }
    return Done{};
}

} // namespace hyp
