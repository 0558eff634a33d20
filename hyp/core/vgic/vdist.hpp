// SPDX-License-Identifier: Apache-2.0
// The emulated distributor: GICD of GICv2 (IHI 0048B), GICD and the one redistributor of GICv3 (IHI
// 0069), as a table of registers over the state of a vCPU. Whatever is reserved, beyond the last
// INTID or of a wrong size reads as zero and ignores writes; no access is ever an error.
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
    // `affinity` is what the guest reads in MPIDR_EL1. Resets the vCPU's configuration.
    Vdist(VcpuIrqs& irqs, GicGeneration generation, Affinity affinity);

    // The words of physical state that read() needs, as a mask for read_physical().
    [[nodiscard]] u32 physical_words(VdistFrame frame, u32 offset) const;
    // The vCPU has been synced. `phys` holds physical_words(), else pending levels read from memory.
    [[nodiscard]] u64 read(VdistFrame frame, u32 offset, AccessSize size,
                           const PhysWords& phys) const;
    // The vCPU has been synced; flush() follows.
    void write(VdistFrame frame, u32 offset, AccessSize size, u64 value);
    // GICv3: a trapped write of ICC_SGI1R_EL1, ICC_ASGI1R_EL1 or ICC_SGI0R_EL1.
    void write_sgi(SgiRegister which, u64 value);

private:
    // What an access is to: a register, which 32-bit word and which byte of its array (counted from
    // INTID 0), how wide, and for arrays of bits the bits of the word that exist.
    struct Access;

    [[nodiscard]] Access decode(VdistFrame frame, u32 offset, AccessSize size) const;
    [[nodiscard]] u32 implemented(VdistFrame frame, unsigned word) const;

    [[nodiscard]] u32 type() const;
    [[nodiscard]] u64 redistributor_type() const;
    [[nodiscard]] static u64 part_of(u64 whole, const Access& at);
    void write_group(const Access& at, u32 groups);
    [[nodiscard]] u64 read_bytes(const Access& at) const;
    void write_bytes(const Access& at, u64 value);
    [[nodiscard]] u8 read_byte(const Access& at, VIntid vintid) const;
    void write_byte(const Access& at, VIntid vintid, u8 value);
    [[nodiscard]] u32 read_config(const Access& at) const;
    void write_config(const Access& at, u32 value);
    void write_router(const Access& at, u64 value);
    void write_sgir(u32 value);

    VcpuIrqs* irqs_;
    GicGeneration generation_;
    Affinity affinity_;
    bool asleep_ = true; // GICR_WAKER.ProcessorSleep
    std::array<u8, guest_intids> targets_{};
    std::array<u64, guest_intids> router_{};
};

} // namespace hyp
