// SPDX-License-Identifier: Apache-2.0
// Reference GIC model, GICv2 and GICv3 behind one interface: distributor, physical CPU interfaces
// and virtual CPU interfaces of `Pes` PEs. Values only: copyable, comparable, hashable, no heap,
// so that it serves host tests, breadth-first exploration and an EL2 image alike. Sources: IHI
// 0048B (GICv2), IHI 0069 (GICv3). LPIs, GICv3 security states other than DS=1 and GICR_WAKER
// quiescence are not modelled.
//
//     Gic<1> gic{architecture(Generation::v3)};
//     gic.write(0, Sysreg::icc_igrpen1, 1);            // EL2's own interface
//     gic.set_line(0, 27, true);
//     if (gic.irq(0)) { auto iar = gic.acknowledge(0); ... gic.end_of_interrupt(0, iar); }
//     gic.set_lr(0, 0, 0x70a0001b0000001b);            // inject
//     gic.guest_acknowledge(0); gic.guest_end_of_interrupt(0, 27);
#pragma once

#include "tests/model/gic_distributor_registers.hpp"
#include "tests/model/gic_interface.hpp"
#include "tests/model/gic_list_register.hpp"
#include "tests/model/gic_messages.hpp"
#include "tests/model/gic_registers.hpp"
#include "tests/model/gic_types.hpp"

namespace hyp::model {

// Pes PEs (1..8), Spis shared interrupts (INTIDs 32..32+Spis-1), Lrs list registers (1..16) per PE,
// Messages: the longest queue in asynchronous mode (a full queue delivers its oldest message).
template <unsigned Pes = 1, unsigned Spis = 32, unsigned Lrs = 4, unsigned Messages = 8>
class Gic {
    static_assert(Pes >= 1 && Pes <= 8 && Spis <= 988 && Lrs >= 1 && Lrs <= 16);

public:
    explicit constexpr Gic(const Options& options);

    // --- inputs
    // A device or timer line of `pe` (PPI) or of the machine (SPI; pe then only names the caller).
    void set_line(unsigned pe, unsigned intid, bool level);

    // --- asynchronous mode: messages that may arrive next, one per source; deliver(0..n-1)
    [[nodiscard]] unsigned deliverable() const;
    void deliver(unsigned index);
    void deliver_all();
    // A DSB of `pe`: what its CPU interface asked of the distributor has arrived.
    void synchronize(unsigned pe);

    // --- registers as the PE `pe` accesses them; bytes is 1, 4 or 8. Unknown offsets are RAZ/WI.
    // Frame::gicr spans all redistributors: offset = owner * 0x20000 + (0x10000 for SGI_base) + reg.
    // Frame::gicv is the guest's interface (v2). Sysreg: EL2's view (ICC, ICH, ISR_EL1).
    [[nodiscard]] std::uint64_t read(unsigned pe, Frame frame, unsigned offset, unsigned bytes = 4);
    void write(unsigned pe, Frame frame, unsigned offset, std::uint64_t value, unsigned bytes = 4);
    [[nodiscard]] std::uint64_t read(unsigned pe, Sysreg reg);
    void write(unsigned pe, Sysreg reg, std::uint64_t value);
    // EL1's view with HCR_EL2.IMO = FMO = 1 (ICV). The traps of ICH_HCR are the caller's business.
    [[nodiscard]] std::uint64_t guest_read(unsigned pe, Sysreg reg);
    void guest_write(unsigned pe, Sysreg reg, std::uint64_t value);

    // --- the same by name, both generations; `iar` is the whole IAR value (v2 SGIs: source CPU).
    // On v3 `group` chooses IAR0/IAR1; v2 has one register for both and ignores it.
    unsigned acknowledge(unsigned pe, unsigned group = 1);
    void end_of_interrupt(unsigned pe, unsigned iar, unsigned group = 1);
    void deactivate(unsigned pe, unsigned iar); // DIR
    [[nodiscard]] unsigned highest_pending(unsigned pe, unsigned group = 1) const;
    unsigned guest_acknowledge(unsigned pe, unsigned group = 1);
    void guest_end_of_interrupt(unsigned pe, unsigned iar, unsigned group = 1);
    void guest_deactivate(unsigned pe, unsigned iar);
    [[nodiscard]] unsigned guest_highest_pending(unsigned pe, unsigned group = 1) const;

    // --- outputs and inspection (never change anything)
    [[nodiscard]] bool irq(unsigned pe) const;  // physical, ISR_EL1.I at EL2
    [[nodiscard]] bool fiq(unsigned pe) const;  // physical
    [[nodiscard]] bool virq(unsigned pe) const; // to the guest
    [[nodiscard]] bool vfiq(unsigned pe) const;
    [[nodiscard]] bool pending(unsigned pe, unsigned intid) const; // latch || (level && line)
    [[nodiscard]] bool active(unsigned pe, unsigned intid) const;
    [[nodiscard]] bool enabled(unsigned pe, unsigned intid) const;
    [[nodiscard]] bool line(unsigned pe, unsigned intid) const;
    [[nodiscard]] unsigned running_priority(unsigned pe) const; // 0x100 when idle
    [[nodiscard]] unsigned guest_running_priority(unsigned pe) const;
    [[nodiscard]] std::uint32_t hcr(unsigned pe) const; // GICH_HCR, ICH_HCR_EL2
    [[nodiscard]] std::uint64_t lr(unsigned pe, unsigned index) const;
    void set_lr(unsigned pe, unsigned index, std::uint64_t value);
    [[nodiscard]] LrState lr_state(unsigned pe, unsigned index) const;
    [[nodiscard]] std::uint32_t misr(unsigned pe) const;
    [[nodiscard]] std::uint32_t eisr(unsigned pe) const;
    [[nodiscard]] std::uint32_t elrsr(unsigned pe) const;
    [[nodiscard]] const Options& options() const;

    // Quirks that changed an outcome since the last call. Not part of the compared state.
    Quirks take_witnessed();

    constexpr bool operator==(const Gic&) const = default;
    [[nodiscard]] std::uint64_t hash() const;

private:
    struct Virtual {
        Interface interface;
        std::uint32_t hcr = 0;
        std::array<std::uint64_t, Lrs> lr{};
        constexpr bool operator==(const Virtual&) const = default;
    };
    // The best list register for the guest; index Lrs: none.
    struct VirtualCandidate {
        unsigned index = Lrs;
        LrFields fields;
    };

    [[nodiscard]] bool v2() const { return options_.generation == Generation::v2; }
    [[nodiscard]] bool quirk(Quirk quirk) const { return options_.quirks.has(quirk); }
    void witness(Quirk quirk) const { witnessed_.quirks.add(quirk); }

    // physical side (gic_physical.hpp)
    [[nodiscard]] Candidate compute_best(unsigned pe) const;
    [[nodiscard]] Candidate best(unsigned pe) const;
    void reevaluate();
    [[nodiscard]] bool can_preempt(const Interface& interface, unsigned priority,
                                   unsigned group) const;
    [[nodiscard]] unsigned visible_v2(unsigned pe) const;
    [[nodiscard]] bool signals(unsigned pe, const Candidate& found) const;
    unsigned acknowledge_v2(unsigned pe);
    void apply_deactivation(unsigned pe, unsigned intid);
    void request_deactivation(unsigned pe, unsigned intid, bool by_guest);
    void apply_line(unsigned pe, unsigned intid, bool level);
    void apply(const Message& message);
    void enqueue(const Message& message);

    // virtual side (gic_virtual.hpp)
    [[nodiscard]] VirtualCandidate best_virtual(unsigned pe) const;
    [[nodiscard]] unsigned guest_visible_v2(unsigned pe) const;
    [[nodiscard]] bool guest_signals(unsigned pe, const VirtualCandidate& found) const;
    unsigned guest_acknowledge_v2(unsigned pe);
    [[nodiscard]] unsigned find_active(unsigned pe, unsigned vintid) const;
    void count_eoi(unsigned pe);
    void deactivate_lr(unsigned pe, unsigned index);
    void guest_eoi_v2(unsigned pe, unsigned intid);
    void guest_eoi_v3(unsigned pe, unsigned intid, unsigned group);
    void update_maintenance(unsigned pe);

    // registers (gic_mmio.hpp, gic_sysreg.hpp)
    [[nodiscard]] std::uint64_t read_gicd(unsigned offset, unsigned bytes, Window window) const;
    bool write_gicd(unsigned offset, std::uint64_t value, unsigned bytes, Window window);
    [[nodiscard]] std::uint64_t read_gicr(unsigned offset, unsigned bytes) const;
    bool write_gicr(unsigned offset, std::uint64_t value, unsigned bytes);
    void write_distributor(unsigned pe, Frame frame, unsigned offset, std::uint64_t value,
                           unsigned bytes);
    void flush_writes(unsigned pe);
    [[nodiscard]] std::uint64_t read_cpu_frame(const Interface& interface, unsigned offset,
                                               bool is_virtual) const;
    bool write_cpu_frame(Interface& interface, unsigned offset, std::uint32_t value,
                         bool is_virtual);
    [[nodiscard]] std::uint64_t read_gich(unsigned pe, unsigned offset) const;
    void write_gich(unsigned pe, unsigned offset, std::uint32_t value);
    [[nodiscard]] std::uint64_t read_interface(const Interface& interface, Sysreg reg) const;
    bool write_interface(Interface& interface, Sysreg reg, std::uint64_t value);
    [[nodiscard]] std::uint64_t read_ich(unsigned pe, Sysreg reg) const;
    bool write_ich(unsigned pe, Sysreg reg, std::uint64_t value);
    [[nodiscard]] std::uint32_t vtr() const;
    [[nodiscard]] std::uint32_t vmcr(unsigned pe) const;
    void set_vmcr(unsigned pe, std::uint32_t value);

    // Which quirks mattered is a note for the test, not state.
    struct Witness {
        Quirks quirks{};
        constexpr bool operator==(const Witness&) const { return true; }
    };

    Options options_;
    Distributor<Pes, Spis> distributor_;
    std::array<Interface, Pes> physical_{};
    std::array<Virtual, Pes> virtual_{};
    std::array<Candidate, Pes> stale_{}; // quirk stale_after_guest_deactivation: last evaluation
    MessageQueue<Messages> queue_{};
    mutable Witness witnessed_{};
};

} // namespace hyp::model

// Head of every member definition in the files below.
#define HYP_GIC template <unsigned Pes, unsigned Spis, unsigned Lrs, unsigned Messages>
#define HYP_GIC_CLASS Gic<Pes, Spis, Lrs, Messages>

#include "tests/model/gic_icc.hpp"
#include "tests/model/gic_mmio.hpp"
#include "tests/model/gic_physical.hpp"
#include "tests/model/gic_sysreg.hpp"
#include "tests/model/gic_virtual.hpp"

#undef HYP_GIC
#undef HYP_GIC_CLASS
