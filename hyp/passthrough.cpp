// SPDX-License-Identifier: Apache-2.0
#include "hyp/passthrough.hpp"

#include "hyp/arch/mapping.hpp"
#include "hyp/baton.hpp"

namespace hyp {

namespace {

constexpr u64 page = stage1::page_size;

[[nodiscard]] u64 read_device(u64 at, u8 size) {
    u64 value = 0;
    switch (size) {
    case 1: asm volatile("ldrb %w0, [%1]" : "=r"(value) : "r"(at) : "memory"); break;
    case 2: asm volatile("ldrh %w0, [%1]" : "=r"(value) : "r"(at) : "memory"); break;
    default: asm volatile("ldr %w0, [%1]" : "=r"(value) : "r"(at) : "memory"); break;
    }
    return value;
}

void write_device(u64 at, u8 size, u64 value) {
    switch (size) {
    case 1: asm volatile("strb %w0, [%1]" ::"r"(value), "r"(at) : "memory"); break;
    case 2: asm volatile("strh %w0, [%1]" ::"r"(value), "r"(at) : "memory"); break;
    default: asm volatile("str %w0, [%1]" ::"r"(value), "r"(at) : "memory"); break;
    }
}

void forward(Vm& vm, DeviceId id, PaRange frame) {
    const u32 n = static_cast<u32>(id);
    const u64 va = HYP_FORWARDED_VA + n * page;
    const Pa base = frame.base.align_down(page);
    mapping::map_device_page(va, base);
    const u64 in_page = frame.base - base;
    vm.forwarded[n] = {va + in_page, frame.size < page - in_page ? frame.size : page - in_page};
}

// Of devices that share the page the first one maps it.
[[nodiscard]] Status map_page(Vm& vm, const GuestDevice& seen, PaRange frame) {
    if (!seen.frame.base.is_aligned(page)) {
        return Done{};
    }
    return vm.stage2.map(seen.frame.base, frame.base, page, Stage2Memory::device);
}

} // namespace

WiredInterrupt give_device(Vcpu& vcpu, const VmDescription& description, const Platform& platform,
                           DeviceId id) {
    const GuestDevice seen = guest_device(id);
    const Result<PassedDevice> found = pass_device(platform, description.devices, id);
    Status status = found.ok() ? Status{Done{}} : Status{found.error()};
    if (found.ok()) {
        switch (found.value().way) {
        case PassedDevice::Way::forward: forward(*vcpu.vm, id, found.value().frame); break;
        case PassedDevice::Way::map: status = map_page(*vcpu.vm, seen, found.value().frame); break;
        }
    }
    if (!status.ok()) {
        const DeviceName name = device_name(id);
        refuse("VM %s: %s%u: %s", description.label, name.prefix, name.number,
               status.error().reason);
    }
    const WiredInterrupt interrupt = found.value().interrupt;
    vcpu.irqs.map_hardware(seen.vintid, interrupt.intid, interrupt.trigger);
    return interrupt;
}

Answer forward_access(const Vm& vm, const GuestAccess& access) {
    const DeviceId id = device_near(access.ipa);
    const IpaRange seen = guest_device(id).frame;
    const u64 offset = access.ipa - seen.base;
    const ForwardedFrame& frame = vm.forwarded[static_cast<u32>(id)];
    const u64 at = frame.va + offset;
    if (!seen.contains(access.ipa) || !frame.answers(offset, access.size)) {
        return {Outcome::absent};
    }
    if (access.direction == Direction::write) {
        write_device(at, access.size, access.value);
        return {};
    }
    return {Outcome::done, read_device(at, access.size)};
}

} // namespace hyp
