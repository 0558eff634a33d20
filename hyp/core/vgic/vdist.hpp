// SPDX-License-Identifier: Apache-2.0
// The emulated distributor of a VM: GICD of GICv2 (IHI 0048B), GICD and the redistributors of GICv3
// (IHI 0069), as a table of registers over the state of the VM and its vCPUs. Whatever is reserved,
// beyond the last INTID or of a wrong size reads as zero and ignores writes; no access is ever an
// error.
//
// `who` is the vCPU whose view it is: the one that accesses GICD, the one that a redistributor
// belongs to. Its VcpuIrqs is owned by the calling pCPU and has been synced.
#pragma once

#include "hyp/core/vgic/sgi.hpp"
#include "hyp/core/vgic/vcpu_irqs.hpp"

#include <array>

namespace hyp {

// gicr_rd and gicr_sgi: the two 64 KiB frames of a redistributor.
enum class VdistFrame : u8 { gicd, gicr_rd, gicr_sgi };
enum class AccessSize : u8 { byte = 1, half = 2, word = 4, dword = 8 };

class Vdist {
public:
    Vdist(VmIrqs& vm, GicGeneration generation) : vm_{&vm}, generation_{generation} {}
    // The vCPUs in the order of their numbers, as many as the VM has, before the first access.
    // `affinity` is what the guest reads in MPIDR_EL1. Resets the routes.
    void attach(VcpuIrqs& irqs, Affinity affinity);
    // For a VM that starts over; after VmIrqs::reset().
    void reset();

    // True: the vCPU must wait for its siblings and repeat the access (VcpuIrqs::ask()). Before read()
    // and write(), and before physical_words() are read; `value` of a write.
    [[nodiscard]] bool must_wait(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size,
                                 bool is_write, u64 value);

    // The words of physical state that read() needs, as a mask for read_physical().
    [[nodiscard]] u32 physical_words(VcpuIndex who, VdistFrame frame, u32 offset) const;
    // `phys` holds physical_words(), else pending levels read from memory.
    [[nodiscard]] u64 read(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size,
                           const PhysWords& phys) const;
    // flush() follows.
    void write(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size, u64 value);
    // GICv3: a trapped write of ICC_SGI1R_EL1, ICC_ASGI1R_EL1 or ICC_SGI0R_EL1 by vCPU `who`.
    void write_sgi(VcpuIndex who, SgiRegister which, u64 value);

private:
    // What an access is to: a register, which 32-bit word and which byte of its array (counted from
    // INTID 0), how wide, whose.
    struct Access;

    [[nodiscard]] Access decode(VcpuIndex who, VdistFrame frame, u32 offset, AccessSize size) const;
    [[nodiscard]] u32 implemented(VdistFrame frame, unsigned word) const;
    [[nodiscard]] VcpuIrqs& irqs(VcpuIndex who) const { return *irqs_[who.value]; }
    [[nodiscard]] u8 existing() const { return static_cast<u8>((1U << vcpus_) - 1); }

    [[nodiscard]] u64 redistributor_type(VcpuIndex who) const;
    [[nodiscard]] static u64 part_of(u64 whole, const Access& at);
    void write_group(const Access& at, u32 groups);
    [[nodiscard]] u64 read_bytes(const Access& at) const;
    void write_bytes(const Access& at, u64 value);
    [[nodiscard]] u8 read_byte(const Access& at, VIntid vintid) const;
    void write_byte(const Access& at, VIntid vintid, u8 value);
    [[nodiscard]] u32 read_config(const Access& at) const;
    void write_config(const Access& at, u32 value);
    void write_router(const Access& at, u64 value);
    void set_route(VcpuIrqs& writer, VIntid spi, u64 value);
    [[nodiscard]] VcpuIndex routed_to(u64 router) const;
    void write_sgir(VcpuIndex who, u32 value);
    void send_sgi(VcpuIndex from, VcpuIndex to, VIntid sgi, u8 senders);

    VmIrqs* vm_;
    GicGeneration generation_;
    u8 vcpus_ = 0;
    // GICR_WAKER: those that are not ProcessorSleep. Nothing follows from it; litmus: content-before-mark
    SharedWord awake_{};
    std::array<VcpuIrqs*, max_vcpus> irqs_{};
    std::array<Affinity, max_vcpus> affinity_{};
    std::array<u64, guest_spis> route_{}; // GICD_IROUTER, or the byte of GICD_ITARGETSR
};

} // namespace hyp
