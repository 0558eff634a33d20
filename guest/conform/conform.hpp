// SPDX-License-Identifier: Apache-2.0
#pragma once
// The conformance guest: what GIC and timers must do according to the architecture, seen from one
// CPU. It passes on the bare machine at EL1, which is what shows that its expectations are right;
// where QEMU's own GIC is known to differ, the check says so and is skipped there.

#include "common/interrupt_lab.hpp"
#include "common/psci.hpp"

#include <span>

namespace guest::lab {

/** In which setups a check makes sense. */
enum class When : std::uint8_t {
    once,   // registers: one setup is enough
    always, // groups 0 and 1, EOImode 0 and 1
    joint,  // EOImode 0 only
    split,  // EOImode 1 only
    v2,     // once, GICv2
    v3,     // once, GICv3
};

struct Rule {
    const char* name;
    Outcome (*run)();
    When when;
};

/** What identifies, and the registers that are one field for the whole GIC. */
[[nodiscard]] std::span<const Rule> identity_checks();
/** The registers with a bit or byte an interrupt. */
[[nodiscard]] std::span<const Rule> array_checks();
/** Targets and routers. */
[[nodiscard]] std::span<const Rule> route_checks();
/** One software interrupt from pending to inactive. */
[[nodiscard]] std::span<const Rule> life_checks();
/** The same where software meddles with it while it is active. */
[[nodiscard]] std::span<const Rule> meddling_checks();
[[nodiscard]] std::span<const Rule> sgi_checks();
/** Groups 0 and 1 side by side. */
[[nodiscard]] std::span<const Rule> group_checks();
[[nodiscard]] std::span<const Rule> group_register_checks();
[[nodiscard]] std::span<const Rule> priority_checks();
/** Nesting and binary points. */
[[nodiscard]] std::span<const Rule> nesting_checks();
/** More interrupts than any CPU interface has list registers. */
[[nodiscard]] std::span<const Rule> crowd_checks();
/** Deep nests with something special in them. */
[[nodiscard]] std::span<const Rule> depth_checks();
/** Each timer's interrupt. */
[[nodiscard]] std::span<const Rule> timer_checks();
/** The timers' interrupts under the distributor's registers. */
[[nodiscard]] std::span<const Rule> line_checks();

/** Interrupts of no device, spread over the words of the registers; `n` below 24. */
constexpr unsigned spi_count = 24;
[[nodiscard]] constexpr Intid spi(unsigned n) {
    return Intid{81 + 7 * n};
}
/** A private interrupt of no device. */
constexpr Intid free_ppi{20};
constexpr Intid free_sgi{5};

/** Runs `check` with an SPI that is edge, one that is level, a PPI and an SGI. */
template <class One>
[[nodiscard]] Outcome each_kind(One&& check) {
    irqs().set_edge(spi(1), false);
    for (const Intid i : {spi(0), spi(1), free_ppi, free_sgi}) {
        GUEST_TRY(check(i));
    }
    return passed;
}

/** SGIs of GICv2 are always enabled, and are no matter of ISPENDR and ICPENDR. */
[[nodiscard]] inline bool is_v2_sgi(Intid i) {
    return !irqs().is_v3() && i.value < 16;
}

} // namespace guest::lab
