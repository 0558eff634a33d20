// SPDX-License-Identifier: Apache-2.0
#include "hyp/build_vms.hpp"

#include "hyp/arch/mapping.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/manifest/guest_tree.hpp"
#include "hyp/el2_setup.hpp"
#include "hyp/passthrough.hpp"
#include "hyp/pcpu.hpp"
#include "hyp/smp.hpp"

#include <new>

namespace hyp {

namespace {

namespace reg = sysreg;

// Memory that VMs cannot have.
struct TakenRam {
    PaRange ranges[1 + max_vms]{}; // the image, and one for each VM
    u32 count = 0;
    void add(PaRange range) { ranges[count++] = range; }
    [[nodiscard]] std::span<const PaRange> all() const { return {ranges, count}; }
};

void give_ram(Vm& vm, const Platform& platform, TakenRam& taken) {
    const VmDescription& description = *vm.description;
    const Result<PaRange> ram = take_ram(description, platform, taken.all());
    if (!ram.ok()) {
        refuse("VM %s: %s (%lu MiB wanted)", description.label, ram.error().reason,
               description.memory / mib);
    }
    vm.ram = ram.value();
    if (!description.dma_trusted) {
        taken.add(vm.ram);
    }
}

// The VM whose number is `n`, with its memory, payloads and devices, but without vCPUs.
[[nodiscard]] Vm& build_vm(u8 n, const VgicCaps& caps, const Platform& platform, PackedImage image,
                           TakenRam& taken) {
    const VmDescription& description = far_storage().manifest.vms[n];
    const u32 bits = ipa_bits(reg::read<reg::id_aa64mmfr0_el1>() & 0xf);
    Vm& vm = *new (far_storage().vms[n]) Vm{n, description, platform.gic.generation, caps};
    give_ram(vm, platform, taken);
    u64* tables = far_storage().stage2[n];
    vm.stage2 = Stage2{{tables, mapping::pa_in_image(tables), stage2_pages}, bits};
    require(map_guest(vm, platform), description.label);
    require(load_guest(vm, far_storage().trees[n], image, platform.gic.generation),
            description.label);
    read_id_registers(vm, platform.gic.generation, bits);
    baton.console.print("doctor: VM %s: %lu MiB at 0x%lx, entry 0x%lx, \"%s\"\n", description.label,
                        description.memory / mib, vm.ram.base.value(), description.entry.value(),
                        description.bootargs);
    if (description.dma_trusted) {
        baton.console.print("doctor: VM %s is dma-trusted: its devices reach all memory; isolation "
                            "does not hold for it\n",
                            description.label);
    }
    return vm;
}

// Deals vCPUs out to pCPUs.
struct Homes {
    u32 running;              // pCPUs, bit each
    u32 next = 0;             // gets the next vCPU, if that may run there
    u8 may_have[max_pcpus]{}; // vCPUs of each pCPU

    [[nodiscard]] u32 choose(PcpuSet set) {
        const u32 allowed = set.is_empty() ? running : running & set.bits;
        if (allowed == 0) {
            refuse("a vCPU may only run on pCPUs (mask 0x%x) that did not start", set.bits);
        }
        while ((allowed >> next & 1U) == 0) {
            next = (next + 1) % max_pcpus;
        }
        const u32 home = next;
        next = (next + 1) % max_pcpus;
        return home;
    }
};

void build_vcpu(Vm& vm, u8 number, const VgicCaps& caps, const Platform& platform, Homes& homes) {
    const VcpuSlot slot{static_cast<u8>(machine.vcpu_count++)};
    Vcpu& vcpu = *new (far_storage().vcpus[slot.value]) Vcpu{vm, VcpuIndex{number}, slot, caps};
    vcpu.irqs.map_hardware(guest_vtimer, platform.timer.vtimer.intid, Trigger::level);
    vcpu.irqs.map_hardware(guest_ptimer, platform.timer.ptimer.intid, Trigger::level);
    vm.distributor.attach(vcpu.irqs, vcpu.affinity);
    vm.vcpus[number] = &vcpu;
    machine.vcpus[slot.value] = &vcpu;
    const PcpuSet set = vm.description->pcpus[number];
    const u32 home = homes.choose(set);
    vcpu.home.store(home);
    set_bell(vcpu, home);
    vcpu.may_run_on = set.is_empty() ? 1U << home : set.bits & homes.running;
    for (u32 rest = vcpu.may_run_on; rest != 0; rest &= rest - 1) {
        ++homes.may_have[static_cast<u32>(__builtin_ctz(rest))];
    }
    machine.may_move = machine.may_move || (vcpu.may_run_on & (vcpu.may_run_on - 1)) != 0;
    vcpu.slice = reg::read<SysReg::cntfrq>() * vm.description->slice_us / 1'000'000;
    pcpu(home).scheduler.attach(slot, vcpu.rank, vcpu.slice);
}

// A lone vCPU waits in hardware; others must let the pCPU go.
void confine(Vm& vm, const VgicCaps& caps, const Homes& homes) {
    constexpr u16 first_vmid = 1;
    for (u32 n = 0; n < vm.irqs.vcpus(); ++n) {
        Vcpu& vcpu = *vm.vcpus[n];
        const u32 home = vcpu.home.load();
        vcpu.is_alone = homes.may_have[home] == 1 && vcpu.may_run_on == 1U << home;
        const bool lone = vcpu.is_alone && !caps.quirk_no_reevaluation;
        vcpu.confinement = confinement_of(vm, static_cast<u16>(first_vmid + vm.number),
                                          caps.generation, n, lone ? WfiTrap::no : WfiTrap::yes);
    }
}

void give_devices(Vm& vm, const Platform& platform) {
    vm.description->devices.for_each([&](DeviceId id) {
        const WiredInterrupt interrupt = give_device(*vm.vcpus[0], *vm.description, platform, id);
        machine.spi_owner[interrupt.intid.value() - 32] = &vm;
    });
}

} // namespace

void require(const Status& status, const char* what) {
    if (!status.ok()) {
        const char* where = status.error().where;
        refuse("%s: %s%s%s", what, where, where[0] != '\0' ? ": " : "", status.error().reason);
    }
}

void build_vms(const VgicCaps& caps, const Platform& platform, PackedImage image) {
    const Manifest& manifest = far_storage().manifest;
    Homes homes{running_pcpus()};
    TakenRam taken;
    taken.add({image.base, image.size});
    for (u32 n = 0; n < manifest.vm_count; ++n) {
        if (manifest.vms[n].dma_trusted) { // it can have no other
            taken.add({Pa{guest_ram_base.value()}, manifest.vms[n].memory});
        }
    }
    for (u8 n = 0; n < manifest.vm_count; ++n) {
        Vm& vm = build_vm(n, caps, platform, image, taken);
        machine.vms[machine.vm_count++] = &vm;
        for (u8 vcpu = 0; vcpu < vm.irqs.vcpus(); ++vcpu) {
            build_vcpu(vm, vcpu, caps, platform, homes);
        }
        give_devices(vm, platform);
    }
    for (u32 n = 0; n < machine.vm_count; ++n) {
        confine(*machine.vms[n], caps, homes);
    }
}

} // namespace hyp
