// SPDX-License-Identifier: Apache-2.0
// The vectors of a running guest, one pair for each GIC. They are C++ that stands in the vector
// table itself: this file is compiled with every register but x0 call-saved, so that g++ saves just
// what a vector uses and leaves by a tail jump; x0 is handed through as argument. What a vector
// cannot finish it leaves to the slow path, all registers as the guest had them.
//
// SP_EL2 is the vCPU's frame; what g++ pushes goes below it, into Vcpu::vector_scratch.
#include "drivers/gic/gicv2.hpp"
#include "drivers/gic/gicv3.hpp"
#include "hyp/arch/mmio.hpp"
#include "hyp/arch/percpu.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/core/fast/tick.hpp"
#include "hyp/core/fast/trap.hpp"
#include "hyp/core/vm/psci.hpp"

extern "C" {
void exit_to_guest(hyp::u64 x0);
void slow_irq_v2(hyp::u64 x0);
void slow_irq_v3(hyp::u64 x0);
void vec_sync_v2(hyp::u64 x0);
void vec_sync_v3(hyp::u64 x0);
void vec_irq_v2(hyp::u64 x0);
void vec_irq_v3(hyp::u64 x0);
void device_irq_v2(hyp::u64 x0);
void device_irq_v3(hyp::u64 x0);
void save_and_try_v2(hyp::u64 x0);
void save_and_try_v3(hyp::u64 x0);
}

namespace {

using FastV2 = hyp::GicV2<hyp::TargetMmio, hyp::TargetSysReg>;
using FastV3 = hyp::GicV3<hyp::TargetMmio, hyp::TargetSysReg>;

// An HVC that asks for nothing but PSCI's version; guests use it as the null call.
[[gnu::always_inline]] inline bool is_null_call(hyp::u64 x0) {
    constexpr hyp::u64 exception_class_hvc64 = 0x16;
    return hyp::sysreg::read<hyp::sysreg::esr_el2>() >> 26 == exception_class_hvc64 &&
           static_cast<hyp::u32>(x0) == static_cast<hyp::u32>(hyp::Call::psci_version);
}

} // namespace

extern "C" [[gnu::section(".vec.v2.sync")]] void vec_sync_v2(hyp::u64 x0) {
    if (is_null_call(x0)) {
        exit_to_guest(hyp::psci_version_1_1);
    } else {
        save_and_try_v2(x0);
    }
}

extern "C" [[gnu::section(".vec.v3.sync")]] void vec_sync_v3(hyp::u64 x0) {
    if (is_null_call(x0)) {
        exit_to_guest(hyp::psci_version_1_1);
    } else {
        save_and_try_v3(x0);
    }
}

extern "C" [[gnu::section(".vec.v2.irq")]] void vec_irq_v2(hyp::u64 x0) {
    if (hyp::fast_tick(FastV2{{}, {}}, hyp::current_plan(), hyp::this_cpu().ack,
                       hyp::host_vtimer)) {
        exit_to_guest(x0);
    } else {
        device_irq_v2(x0);
    }
}

extern "C" [[gnu::section(".vec.v3.irq")]] void vec_irq_v3(hyp::u64 x0) {
    if (hyp::fast_tick(FastV3{{}, {}}, hyp::current_plan(), hyp::this_cpu().ack,
                       hyp::host_vtimer)) {
        exit_to_guest(x0);
    } else {
        device_irq_v3(x0);
    }
}

// Acknowledged, and not the timer.
extern "C" [[gnu::section(".text.fast")]] void device_irq_v2(hyp::u64 x0) {
    if (hyp::fast_device<hyp::Ack>(FastV2{{}, {}}, hyp::current_plan(), hyp::this_cpu().ack)) {
        exit_to_guest(x0);
    } else {
        slow_irq_v2(x0);
    }
}

extern "C" [[gnu::section(".text.fast")]] void device_irq_v3(hyp::u64 x0) {
    const hyp::FastPlan& plan = hyp::current_plan();
    const hyp::u64 kept = hyp::this_cpu().ack;
    if (hyp::fast_bell(FastV3{{}, {}}, plan, hyp::Ack{static_cast<hyp::u32>(kept)}) ||
        hyp::fast_device<hyp::Ack>(FastV3{{}, {}}, plan, kept)) {
        exit_to_guest(x0);
    } else {
        slow_irq_v3(x0);
    }
}
