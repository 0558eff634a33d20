// SPDX-License-Identifier: Apache-2.0
// A vCPU that is ready but has to wait moves to a pCPU that has nothing to do. Its home hands it over,
// all of it being in memory; nobody takes, and nobody waits.
#pragma once

#include "hyp/pcpu.hpp"
#include "hyp/world.hpp"

namespace hyp {

// What is asked of the vCPU from now on is the new home's to answer: that it moves in is known before
// where its home is. litmus: hand-over
template <class G>
void move(G gic, Pcpu& cpu, Vcpu& vcpu, u32 to) {
    settle(gic, vcpu);
    cpu.scheduler.detach(vcpu.slot);
    ++vcpu.moves;
    set_bell(vcpu, to);
    vcpu.asks.fetch_or(static_cast<u32>(Ask::move_in));
    vcpu.home.store(to);
    notify(vcpu);
}

// `next` runs here; one of the others that are ready may go to a pCPU that is idle.
template <class G>
void share_load(G gic, Pcpu& cpu, VcpuSlot next) {
    const u32 idle = machine.idle.load();
    for (u64 rest = idle == 0 ? 0 : cpu.scheduler.ready_besides(next); rest != 0;
         rest &= rest - 1) {
        Vcpu& vcpu = *machine.vcpus[__builtin_ctzll(rest)];
        const u32 places = vcpu.may_run_on & idle;
        const u32 place = places & (0 - places);
        if (place != 0 && &vcpu != this_cpu().vcpu && !vcpu.builds &&
            (machine.idle.fetch_and(~place) & place) != 0) {
            move(gic, cpu, vcpu, static_cast<u32>(__builtin_ctz(place)));
            return;
        }
    }
}

} // namespace hyp
