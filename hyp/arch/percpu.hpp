// SPDX-License-Identifier: Apache-2.0
// What belongs to one pCPU, in one page at the same virtual address on every pCPU (each has its own
// top table). Owned by the executing pCPU alone: no lock, no atomic.
#pragma once

#include "hyp/arch/frame.hpp"
#include "hyp/arch/layout.h"
#include "hyp/core/fast/plan.hpp"
#include "hyp/core/trace/ring.hpp"

namespace hyp {

struct Vcpu;
struct Pcpu;

struct alignas(4096) PerCpu {
    u64 ack = 0; // IAR as the vector read it, for the slow path: reading acknowledges
    alignas(256) u64 stack_top = 0;
    u64 emergency_top = 0;
    u64 scratch[2]{};                // of the panic vectors
    Vcpu* vcpu = nullptr;            // loaded, or null
    Pcpu* pcpu = nullptr;            // the rest of what is its own
    u32 index = 0;                   // 0 is the boot pCPU
    u64 kicks = 0;                   // SGIs to send: bit SGI * max_pcpus + pCPU
    bool posted_here = false;        // by this pCPU into its own inbox, which sends itself no SGI
    alignas(2048) TraceRing trace{}; // its address is one MOV, too
};

static_assert(sizeof(PerCpu) == 4096);
static_assert(offsetof(PerCpu, stack_top) == PERCPU_STACK_TOP);
static_assert(offsetof(PerCpu, emergency_top) == PERCPU_EMERGENCY_TOP);
static_assert(offsetof(PerCpu, scratch) == PERCPU_SCRATCH);

// What the fast paths may do for the vCPU loaded now: TPIDR_EL2, one instruction from anywhere. (The
// vectors of a panic lose it; they do not come back to a guest.)
[[nodiscard, gnu::always_inline]] inline const FastPlan& current_plan() {
    const FastPlan* plan;
    asm("mrs %0, tpidr_el2" : "=r"(plan));
    return *plan;
}
[[gnu::always_inline]] inline void set_plan(const FastPlan& plan) {
    asm volatile("msr tpidr_el2, %0" ::"r"(&plan) : "memory");
}

[[nodiscard, gnu::always_inline]] inline PerCpu& this_cpu() {
    return *reinterpret_cast<PerCpu*>(HYP_PERCPU_VA);
}

} // namespace hyp
