// SPDX-License-Identifier: Apache-2.0
// A pCPU as the scheduler's side of EL2 sees it, and how pCPUs talk: a bit in the other's inbox for
// the vCPU that it shall look at, and an SGI. Nobody waits for an answer.
//
// Order: what is to be seen is written before the inbox' bit (a release); the bit before the SGI
// (DSB ISHST). The owner takes the inbox (an acquire) before it looks; an SGI that arrives later is
// pending then and ends the guest's run, or EL2's WFI, at once: so no wake-up is lost.
#pragma once

#include "hyp/arch/layout.h"
#include "hyp/arch/percpu.hpp"
#include "hyp/core/base/pcpu.hpp"
#include "hyp/core/base/shared_word.hpp"
#include "hyp/core/sched/scheduler.hpp"
#include "hyp/core/vgic/apply.hpp"
#include "hyp/vm.hpp"

namespace hyp {

struct alignas(64) Pcpu {
    // Anyone's: the slots of vCPUs that have something to look at. litmus: kick-merged
    SharedBits inbox{};

    // The pCPU's own.
    alignas(64) Scheduler scheduler{};
    u64 alarm = never;            // what the hypervisor timer is set to
    GicTarget target{};           // how others reach it
    u8 number = 0;                // 0 is the boot pCPU
    u8 mask = 0;                  // PMR as written last
    bool terminal_waits = false;  // for a time, which the fast switches do not look at
    Vcpu* last_of_vm[max_vms]{};  // whose translations may be cached under the VM's VMID
    PrivateState private_state{}; // what the physical GIC holds for the forwarded PPIs
};

// Objects that are too many for the image's first MiB, where one instruction finds everything.
// Nothing clears it: whoever uses a part of it makes it first.
inline constexpr u32 stage2_pages = 12;
inline constexpr u32 guest_tree_room = 12 * kib; // of one VM: more than any manifest asks for
struct FarStorage {
    Manifest manifest; // Vm::description points into it
    alignas(8192) u64 stage2[max_vms][stage2_pages * 512];
    alignas(8) u8 trees[max_vms][guest_tree_room];
    Pcpu pcpus[max_pcpus];
    alignas(64) u8 vms[max_vms][sizeof(Vm)];
    alignas(64) u8 vcpus[max_slots][sizeof(Vcpu)];
};
[[nodiscard, gnu::always_inline]] inline FarStorage& far_storage() {
    return *reinterpret_cast<FarStorage*>(HYP_FAR_VA);
}

[[nodiscard, gnu::always_inline]] inline Pcpu& pcpu(u32 number) {
    return far_storage().pcpus[number];
}
[[nodiscard, gnu::always_inline]] inline Pcpu& this_pcpu() {
    return *this_cpu().pcpu;
}

inline constexpr u32 max_spis = 1020 - 32;

// The machine's VMs and vCPUs; fixed once the first guest is entered.
struct Machine {
    Vm* vms[max_vms]{};
    u32 vm_count = 0;
    Vcpu* vcpus[max_slots]{}; // by slot
    u32 vcpu_count = 0;
    bool can_park = false;     // the GIC has what ParkedLists has room for
    Vm* spi_owner[max_spis]{}; // of a physical SPI: the VM that it is forwarded to, or null
    // litmus: content-before-mark
    SharedWord ended{}; // VMs, bit each, that are not to be started again by themselves
    // pCPUs, bit each, that have nothing to run and may be given a vCPU; stays 0 if none can move.
    // litmus: none (a hint, and a claim by the pCPU that clears a bit)
    SharedWord idle{};
    bool may_move = false; // there is a vCPU that may run on several pCPUs
    SharedWord ready{};    // 1: all is built, every pCPU may run guests
    SharedWord status{};   // EndStatus of the worst end so far

    [[nodiscard]] Vm* owner_of(PIntid spi) const {
        const u32 n = spi.value() - 32;
        return n < max_spis ? spi_owner[n] : nullptr;
    }
};
extern Machine machine;

// Has `vcpu`'s home look at it. What it shall find is written before.
void notify(Vcpu& vcpu);
void ask(Vcpu& vcpu, Ask what);

// How others reach the vCPU at its home (Mailbox::bell). When it has got one.
void set_bell(Vcpu& vcpu, u32 home);

// A bell was rung (core/vgic/mailbox.hpp) and nobody's fast path has answered: whoever has post is
// looked at, wherever it is, for it may have moved meanwhile.
void answer_bell();

} // namespace hyp
