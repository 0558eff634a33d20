// SPDX-License-Identifier: Apache-2.0
// A VM that starts over: its memory and its interrupts as at its first start, a piece at a time.
#include "hyp/baton.hpp"
#include "hyp/life.hpp"
#include "hyp/loader.hpp"

namespace hyp {

namespace {

// Its interrupts as at its first start, a step at a time. False: all is done. No pCPU looks at the
// VcpuIrqs of a VM that is not running (tend()), nor are any loaded; a device's interrupt that was
// acknowledged before it was silenced may still come and is one too many, as from a device that
// nobody has reset. Nobody else reads the VM's entry of last_of_vm, but when one of its vCPUs is loaded.
[[nodiscard]] bool reset_interrupts(Vm& vm, u32 step) {
    constexpr u32 spi_words = guest_words - 1;
    if (step < spi_words) {
        vm.irqs.reset(vm.vcpus[0]->irqs.caps().guest_group, step + 1);
        return true;
    }
    if (step < spi_words + vm.irqs.vcpus()) {
        vm.vcpus[step - spi_words]->irqs.reset();
        return true;
    }
    vm.distributor.reset();
    for (u32 n = 0; n < max_pcpus; ++n) {
        pcpu(n).last_of_vm[vm.number] = nullptr; // what is cached of it is of its last life
    }
    return false;
}

} // namespace

void begin_building(Vcpu& first) {
    first.vm->loading = {.stage = Loading::Stage::clear, .zeroes = first.vm->description->ram()};
    first.builds = true;
    this_pcpu().scheduler.make_ready(first.slot);
}

void build_step(Pcpu& cpu, Vcpu& first) {
    // Either is less than 2,000 instructions.
    constexpr u64 clear_at_once = 8 * kib;
    constexpr u64 copy_at_once = 2 * kib;
    Vm& vm = *first.vm;
    Loading& loading = vm.loading;
    if (loading.stage != Loading::Stage::done) {
        const bool clears = loading.stage == Loading::Stage::clear;
        const Status status = load_piece(vm, clears ? clear_at_once : copy_at_once);
        if (!status.ok() && end_vm(vm, VmEnd::unloadable)) {
            baton.console.print("\nbaton: VM %s: %s; stopped\n", vm.label, status.error().reason);
        }
        return;
    }
    if (reset_interrupts(vm, static_cast<u32>(loading.at++))) {
        return;
    }
    first.builds = false;
    cpu.scheduler.stop(first.slot);
    begin_vm(vm);
}

} // namespace hyp
