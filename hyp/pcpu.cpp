// SPDX-License-Identifier: Apache-2.0
#include "hyp/pcpu.hpp"

#include "hyp/core/regs/icc.hpp"
#include "hyp/smp.hpp"

#include <cstddef>

namespace hyp {

namespace {

// Only takes the room: code goes by the constant address.
struct alignas(FarStorage) FarRoom {
    std::byte bytes[sizeof(FarStorage)];
};
[[gnu::section(".far"), gnu::used]] FarRoom far_room;

} // namespace
constinit Machine machine{};

void notify(Vcpu& vcpu) {
    PerCpu& self = this_cpu();
    const u32 home = vcpu.home.load();
    const bool is_first = pcpu(home).inbox.set(vcpu.slot.bit());
    if (home == self.index) {
        self.posted_here = true;
    } else if (is_first) {
        self.kicks |= u64{1} << (kick_sgi(vcpu.rank) * max_pcpus + home);
    }
}

void ask(Vcpu& vcpu, Ask what) {
    static_cast<void>(vcpu.asks.fetch_or(static_cast<u32>(what)));
    notify(vcpu);
}

void answer_bell() {
    for (u32 slot = 0; slot < machine.vcpu_count; ++slot) {
        Vcpu& vcpu = *machine.vcpus[slot];
        if (!vcpu.vm->irqs.mailbox(vcpu.irqs.self()).is_empty()) {
            notify(vcpu);
        }
    }
}

void set_bell(Vcpu& vcpu, u32 home) {
    if (vcpu.irqs.caps().generation == GicGeneration::v3) { // whose fast path knows siblings
        vcpu.vm->irqs.mailbox(vcpu.irqs.self())
            .set_bell(gic_target(home).sgi |
                      IccSgir{}.with<IccSgir::Intid>(bell_sgi(vcpu.rank)).raw());
    }
}

} // namespace hyp
