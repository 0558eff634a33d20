// SPDX-License-Identifier: Apache-2.0
// Vocabulary of the reference GIC model: generation, timing mode, the named deviations of QEMU and
// of the older document (Quirk), and what a concrete GIC implements (Options). The model shares no
// code with the product, so that a misconception in one shows against the other.
#pragma once

#include <cstdint>

namespace hyp::model {

enum class Generation : std::uint8_t { v2, v3 };

// synchronous: every write, deactivation and line change takes effect at once (QEMU).
// asynchronous: ISACTIVER/ICACTIVER writes, deactivations and line changes are messages that take
// effect at a later deliver(); order is kept per source, not between sources (GIC-500, GIC-600). A
// PE's read of the distributor first completes that PE's own writes. Acknowledging and the
// maintenance line stay immediate in both.
enum class Timing : std::uint8_t { synchronous, asynchronous };

// Deviations from the architecture, each switched on alone. What QEMU 7.2 does is marked v2 or v3.
enum class Quirk : std::uint8_t {
    // v2: a guest's deactivation through a list register does not re-evaluate the physical side;
    // a pending interrupt stays unsignalled until something else makes the distributor look again.
    stale_after_guest_deactivation,
    // v2: an SPI has one active bit per PE, even for PEs that do not exist: ISACTIVER sets and
    // ICACTIVER clears all, IAR sets and EOIR, DIR and list registers clear one.
    spi_active_per_pe,
    // v2: an SPI has one pending latch per PE, set for the targets of that moment.
    spi_latch_per_pe,
    // v2 with several PEs: a write to ISPENDR0 has no effect on PPIs.
    ppi_set_pending_ignored,
    // v2: a pending interrupt of a group that GICD_CTLR disables hides lower ones of the other.
    best_ignores_group_enable,
    // v2: IAR acknowledges the highest pending interrupt even if its group is disabled.
    ack_ignores_group_enable,
    // v2: HPPIR does not carry the source CPU of an SGI.
    hppir_without_source,
    // v2: preemption compares the full priority, not the group priority.
    preemption_by_full_priority,
    // v2: a virtual EOIR with no priority active still deactivates its list register.
    eoi_at_idle_deactivates,
    // v2: GICV_ABPR accepts 1 and 2 although 5 priority bits make 3 the least.
    virtual_abpr_below_minimum,
    // v3: MISR.VGrp0D reports group 1 instead of group 0.
    vgrp0d_tests_group1,
    // Older document: a list register with HW=1 stays active after the guest's deactivation, while
    // the physical active state is cleared. Not seen anywhere; the product must accept both.
    lr_active_survives,
    count,
};

class Quirks {
public:
    constexpr Quirks() = default;
    template <class... Q>
    constexpr explicit Quirks(Q... quirks) : bits_((bit(quirks) | ... | 0U)) {}

    [[nodiscard]] constexpr bool has(Quirk quirk) const { return (bits_ & bit(quirk)) != 0; }
    constexpr void add(Quirk quirk) { bits_ |= bit(quirk); }
    constexpr void remove(Quirk quirk) { bits_ &= ~bit(quirk); }
    constexpr bool operator==(const Quirks&) const = default;

private:
    static constexpr std::uint32_t bit(Quirk quirk) { return 1U << static_cast<unsigned>(quirk); }
    std::uint32_t bits_ = 0;
};

// What one GIC implements. Priorities count from the top: 5 bits mean 0xf8 is the mask.
struct Options {
    Generation generation = Generation::v3;
    Timing timing = Timing::synchronous;
    Quirks quirks{};
    std::uint8_t distributor_priority_bits = 5; // of IPRIORITYR
    std::uint8_t physical_priority_bits = 5;    // of PMR and RPR
    std::uint8_t virtual_priority_bits = 5;     // of list registers and the virtual PMR
    bool sgis_always_enabled = false; // v2 IMPLEMENTATION DEFINED: ISENABLER0[15:0] RAO/WI

    constexpr bool operator==(const Options&) const = default;
};

// A GIC-400 or GIC-500/600 like machine without deviations.
[[nodiscard]] constexpr Options architecture(Generation generation,
                                             Timing timing = Timing::synchronous) {
    Options options;
    options.generation = generation;
    options.timing = timing;
    options.sgis_always_enabled = generation == Generation::v2;
    return options;
}

// QEMU 7.2 `virt` with all its deviations; `pes` is the machine's number of CPUs.
[[nodiscard]] constexpr Options qemu(Generation generation, unsigned pes = 1) {
    Options options = architecture(generation);
    options.distributor_priority_bits = 8;
    if (generation == Generation::v3) {
        options.quirks = Quirks{Quirk::vgrp0d_tests_group1};
        return options;
    }
    options.physical_priority_bits = 8;
    options.quirks = Quirks{Quirk::stale_after_guest_deactivation,
                            Quirk::spi_active_per_pe,
                            Quirk::spi_latch_per_pe,
                            Quirk::best_ignores_group_enable,
                            Quirk::ack_ignores_group_enable,
                            Quirk::hppir_without_source,
                            Quirk::preemption_by_full_priority,
                            Quirk::eoi_at_idle_deactivates,
                            Quirk::virtual_abpr_below_minimum};
    if (pes > 1) {
        options.quirks.add(Quirk::ppi_set_pending_ignored);
    }
    return options;
}

constexpr unsigned sgi_count = 16;
constexpr unsigned private_count = 32; // SGIs and PPIs, banked per PE
constexpr unsigned first_special = 1020;
constexpr unsigned spurious = 1023;
constexpr unsigned other_group = 1022; // v2: pending, but Group 1 and AckCtl = 0
constexpr unsigned maintenance_intid = 25;
constexpr unsigned idle_priority = 0x100; // running priority when nothing is active

} // namespace hyp::model
