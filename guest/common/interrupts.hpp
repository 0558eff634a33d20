// SPDX-License-Identifier: Apache-2.0
#pragma once
// The registers that hold one bit or byte of each interrupt, by INTID: SGIs and PPIs of GICv3 are
// in the redistributor, everything else in the distributor, at the same offsets (IHI 0048B and
// IHI 0069). Every write is complete on return.

#include "cpu_interface.hpp"
#include "gic.hpp"

namespace guest {

enum : std::uintptr_t {
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,
    GICD_IIDR = 0x008,
    GICD_ITARGETSR = 0x800,
    GICD_SGIR = 0xf00,
    GICD_CPENDSGIR = 0xf10,
    GICD_SPENDSGIR = 0xf20,
    GICD_IROUTER = 0x6000,
    GICR_TYPER = 0x008,
    GICR_WAKER = 0x014,
};

class Interrupts {
public:
    /** Brings all up: nothing is enabled, every SPI is sent to this CPU. */
    void init(const Machine& machine);

    [[nodiscard]] bool is_v3() const { return gic_.is_v3(); }
    [[nodiscard]] const Gic& gic() const { return gic_; }
    [[nodiscard]] const CpuInterface& cpu() const { return cpu_; }
    /** INTIDs that GICD_TYPER shows: 32 to 1024. */
    [[nodiscard]] std::uint32_t count() const { return count_; }

    [[nodiscard]] std::uintptr_t block(Intid i) const { return gic_.block(i); }
    /** Address of the 32-bit word of an array with one bit an INTID. */
    [[nodiscard]] std::uintptr_t word(std::uintptr_t array, Intid i) const {
        return block(i) + array + std::uintptr_t{i.value} / 32 * 4;
    }
    [[nodiscard]] bool bit(std::uintptr_t array, Intid i) const {
        return ((read32(word(array, i)) >> (i.value % 32)) & 1) != 0;
    }
    /** Writes 1 to the INTID's bit and 0 to the others: for the set and clear registers. */
    void write_bit(std::uintptr_t array, Intid i) const {
        write32(word(array, i), 1U << (i.value % 32));
        dsb();
    }

    void enable(Intid i) const { write_bit(GICD_ISENABLER, i); }
    void disable(Intid i) const { write_bit(GICD_ICENABLER, i); }
    void set_pending(Intid i) const { write_bit(GICD_ISPENDR, i); }
    void clear_pending(Intid i) const { write_bit(GICD_ICPENDR, i); }
    void set_active(Intid i) const { write_bit(GICD_ISACTIVER, i); }
    void clear_active(Intid i) const { write_bit(GICD_ICACTIVER, i); }
    [[nodiscard]] bool is_enabled(Intid i) const { return bit(GICD_ISENABLER, i); }
    [[nodiscard]] bool is_pending(Intid i) const { return bit(GICD_ISPENDR, i); }
    [[nodiscard]] bool is_active(Intid i) const { return bit(GICD_ISACTIVER, i); }

    void set_priority(Intid i, std::uint8_t priority) const;
    void set_group(Intid i, Group group) const;
    /** Edge or level, for SPIs. */
    void set_edge(Intid i, bool edge) const;
    /** An SPI to this CPU. */
    void route_here(Intid i) const;
    /** GICD_CTLR with these groups enabled (enable_bit() each). */
    void enable_groups(std::uint32_t groups) const;

    /** An SGI to this CPU itself, of this group. */
    void send_to_self(Intid sgi, Group group) const;
    /** Makes it pending by what is meant for that: an SGI by sending it, others by ISPENDR. */
    void make_pending(Intid i, Group group) const;
    /** Takes the pending state back. */
    void retract(Intid i) const;

    /**
     * Nothing enabled, pending or active, GICD_CTLR off, everything in `group` at priority 0xa0,
     * SPIs edge-triggered.
     */
    void reset(Group group) const;

private:
    void reset_word(unsigned index, Group group) const;

    Gic gic_;
    CpuInterface cpu_;
    std::uint32_t count_ = 0;
};

} // namespace guest
