// SPDX-License-Identifier: Apache-2.0
#include "hyp/self_crash.hpp"

#include "hyp/arch/mmio.hpp"
#include "hyp/arch/sysreg.hpp"
#include "hyp/baton.hpp"
#include "hyp/core/regs/gicr.hpp"
#include "hyp/core/regs/hcr.hpp"
#include "hyp/core/vm/psci.hpp"

extern "C" const char _image_start[];

namespace hyp {

namespace {

constinit SelfCrash armed = SelfCrash::none;

// Never inlined, never a loop: each call takes stack until the guard page is reached.
[[gnu::noinline]] u64 descend(u64 depth) {
    volatile u64 ballast[32];
    ballast[depth % 32] = depth;
    return depth == 0 ? ballast[0] : descend(depth + 1) + ballast[depth % 32];
}

// Group 0 is signalled as FIQ: SGI 7 is put there and made pending, and EL2 lets FIQs in.
void take_fiq() {
    constexpr u32 sgi = 7;
    constexpr u32 gicd_ctlr = 0;
    constexpr u32 igroupr0 = 0x80;
    constexpr u32 isenabler0 = 0x100;
    constexpr u32 ispendr0 = 0x200;
    const TargetMmio bus;
    bus.write32<Frame::gicd>(gicd_ctlr, bus.read32<Frame::gicd>(gicd_ctlr) | 1);
    bus.write32<Frame::gicr_sgi>(igroupr0, ~(1U << sgi));
    bus.write32<Frame::gicr_sgi>(isenabler0, 1U << sgi);
    sysreg::write<SysReg::icc_igrpen0>(1);
    sysreg::write<sysreg::hcr_el2>(
        HcrEl2{sysreg::read<sysreg::hcr_el2>()}.with<HcrEl2::Fmo>(true).raw());
    bus.write32<Frame::gicr_sgi>(ispendr0, 1U << sgi);
    barrier::dsb_sy(); // pending before the mask opens
    asm volatile("msr DAIFClr, #1" ::: "memory");
    barrier::isb();
}

// QEMU raises no SError: the vector is entered by hand, with a syndrome as hardware would leave it.
[[noreturn]] void enter_serror_vector() {
    constexpr u64 serror_syndrome = u64{0x2f} << 26 | u64{1} << 25;
    constexpr u64 serror_vector = 0x380; // current EL, SP_ELx
    sysreg::write<sysreg::esr_el2>(serror_syndrome);
    sysreg::write<sysreg::elr_el2>(reinterpret_cast<u64>(&enter_serror_vector));
    const u64 vector = sysreg::read<sysreg::vbar_el2>() + serror_vector;
    asm volatile("br %0" ::"r"(vector) : "memory");
    __builtin_unreachable();
}

} // namespace

void crash_on_purpose(SelfCrash crash) {
    switch (crash) {
    case SelfCrash::none: return;
    case SelfCrash::call:
    case SelfCrash::pcpu: armed = crash; return;
    case SelfCrash::stack: (void)descend(1); break;
    case SelfCrash::text:
        asm volatile("str xzr, [%0]" ::"r"(reinterpret_cast<u64>(_image_start)) : "memory");
        break;
    case SelfCrash::exec: {
        static u32 instruction = 0xd65f03c0; // ret
        asm volatile("blr %0" ::"r"(&instruction) : "x30", "memory");
        break;
    }
    case SelfCrash::fiq: take_fiq(); break;
    case SelfCrash::serror: enter_serror_vector();
    }
    refuse("self-crash: the fault did not happen");
}

void crash_on_pcpu() {
    if (armed == SelfCrash::pcpu) {
        (void)descend(1);
    }
}

void crash_at_call(u64 function) {
    if (static_cast<u32>(function) == static_cast<u32>(Call::baton_nothing) &&
        armed == SelfCrash::call) {
        panic("self-crash: the guest's call");
    }
}

} // namespace hyp
