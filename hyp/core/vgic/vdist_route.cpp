// SPDX-License-Identifier: Apache-2.0
// The emulated distributor: who gets an SPI, and who an SGI.
#include "hyp/core/regs/gicd.hpp"
#include "hyp/core/vgic/vdist.hpp"

namespace hyp {

namespace {

constexpr u64 router_irm = u64{1} << 31U;

} // namespace

// Several vCPUs may do so at once: the last one to write the word has seen the last value of the
// register, so both say the same.
void Vdist::set_route(VcpuIrqs& writer, VIntid spi, u64 value) {
    u64& route = route_[spi.value() - 32];
    __atomic_store_n(&route, value, __ATOMIC_SEQ_CST); // litmus: mirror-again
    u64 seen = 0;
    do {
        seen = __atomic_load_n(&route, __ATOMIC_SEQ_CST);
        writer.set_route(spi, routed_to(seen));
    } while (__atomic_load_n(&route, __ATOMIC_SEQ_CST) != seen);
}

// The lowest of a GICv2's targets. IRM leaves the choice of a vCPU to us.
VcpuIndex Vdist::routed_to(u64 router) const {
    if (generation_ == GicGeneration::v2) {
        return router != 0 ? VcpuIndex{static_cast<u8>(__builtin_ctzll(router))} : nobody;
    }
    if ((router & router_irm) != 0) {
        return VcpuIndex{0};
    }
    const u64 aff3 = router >> 32U;
    const u64 affinity = aff3 << 24U | (router & 0xff'ffffU);
    for (u8 vcpu = 0; vcpu < vcpus_; ++vcpu) {
        if (affinity_[vcpu].packed() == affinity) {
            return VcpuIndex{vcpu};
        }
    }
    return nobody;
}

void Vdist::send_sgi(VcpuIndex from, VcpuIndex to, VIntid sgi, u8 senders) {
    if (from == to) {
        irqs(to).receive_sgi(sgi, senders);
    } else {
        irqs(from).post_sgi(to, sgi, senders);
    }
}

void Vdist::write_sgir(VcpuIndex who, u32 value) {
    const GicdSgir request{value};
    const VIntid sgi{request.get<GicdSgir::Intid>()};
    const u32 targets = sgi_targets(request, who.value, existing());
    for (u32 rest = targets; rest != 0; rest &= rest - 1) {
        send_sgi(who, VcpuIndex{static_cast<u8>(__builtin_ctz(rest))}, sgi,
                 static_cast<u8>(1U << who.value));
    }
}

// With one security state ICC_ASGI1R_EL1 asks for Group 0 as ICC_SGI0R_EL1 does (IHI 0069,
// GICD_CTLR.DS).
void Vdist::write_sgi(VcpuIndex who, SgiRegister which, u64 value) {
    const IccSgir request{value};
    const VIntid sgi{request.get<IccSgir::Intid>()};
    const Group wanted = which == SgiRegister::sgi1r ? Group::group1 : Group::group0;
    for (u8 vcpu = 0; vcpu < vcpus_; ++vcpu) {
        if (sgi_reaches(request, affinity_[who.value], affinity_[vcpu])) {
            send_sgi(who, VcpuIndex{vcpu}, sgi, static_cast<u8>(1U << static_cast<u8>(wanted)));
        }
    }
}

} // namespace hyp
