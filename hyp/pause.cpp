// SPDX-License-Identifier: Apache-2.0
#include "hyp/pause.hpp"

#include "hyp/life.hpp"

namespace hyp {

namespace {

void notify_all(Vm& vm) {
    for (u32 n = 0; n < vm.irqs.vcpus(); ++n) {
        notify(*vm.vcpus[n]);
    }
}

} // namespace

void skip_time(Vm& vm) {
    if (vm.description->time == TimePolicy::real) {
        return;
    }
    u64 since = vm.went_on_at;
    for (u32 n = 0; n < vm.irqs.vcpus(); ++n) {
        const u64 left = vm.vcpus[n]->left_at;
        since = left > since ? left : since;
    }
    vm.went_on_at = now_ticks();
    vm.cntvoff += vm.went_on_at - since;
}

// CNTP counts as CNTV does, though nothing offsets it.
void take_time(Vcpu& vcpu) {
    const u64 skipped = vcpu.vm->cntvoff - vcpu.confinement.cntvoff_el2;
    vcpu.confinement.cntvoff_el2 += skipped;
    vcpu.ptimer.cval = physical_cval(vcpu.ptimer.cval, skipped);
}

void stay_away(Vcpu& vcpu) {
    Scheduler& scheduler = this_pcpu().scheduler;
    if (!scheduler.is_off(vcpu.slot)) {
        scheduler.stop(vcpu.slot);
        vcpu.resumes = true;
        vcpu.left_at = now_ticks();
    }
    if (!vcpu.paused) {
        vcpu.paused = true;
        vcpu.vm->away.fetch_add(1);
    }
}

// WFI may end at any time, so one that waited goes on by looking again.
void come_back(Vcpu& vcpu) {
    vcpu.paused = false;
    vcpu.vm->away.fetch_add(~0U);
    take_time(vcpu);
    if (vcpu.resumes) {
        vcpu.resumes = false;
        this_pcpu().scheduler.make_ready(vcpu.slot);
    }
}

bool pause_vm(Vm& vm) {
    u32 paused = 0;
    if (vm.state.load() != static_cast<u32>(VmState::running) || !vm.paused.replace(paused, 1)) {
        return false;
    }
    notify_all(vm);
    return true;
}

bool resume_vm(Vm& vm) {
    u32 paused = 1;
    if (!vm.paused.replace(paused, 2)) {
        return false;
    }
    if (vm.away.load() == vm.irqs.vcpus()) {
        skip_time(vm); // else it has not stood still
    }
    vm.paused.store(0);
    notify_all(vm);
    return true;
}

} // namespace hyp
