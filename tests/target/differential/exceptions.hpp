// SPDX-License-Identifier: Apache-2.0
// The known differences between QEMU 7.2 and the architecture, by name, each with its reason. The
// first table is built into the model as quirks: the model counts where one changed an outcome, and
// every register must then still be equal. The second the test itself steps around. The third are
// operations that are never made.
#pragma once

#include "tests/model/gic_types.hpp"

#include <array>
#include <string_view>

namespace hyp::differential {

struct QuirkException {
    model::Quirk quirk;
    std::string_view name;
    std::string_view reason;
};

// clang-format off
constexpr std::array<QuirkException, 11> quirk_exceptions = {{
    {model::Quirk::stale_after_guest_deactivation, "v2-stale-after-guest-deactivation",
     "deactivation through an LR does not re-evaluate physical interrupts until a poke"},
    {model::Quirk::spi_active_per_pe, "v2-spi-active-per-cpu",
     "an SPI has one active bit per CPU; deactivation clears only the deactivating CPU's"},
    {model::Quirk::spi_latch_per_pe, "v2-spi-latch-per-cpu",
     "an SPI has one pending latch per CPU, for the targets at the time it was set"},
    {model::Quirk::ppi_set_pending_ignored, "v2-ppi-set-pending-ignored",
     "ISPENDR0 does not set a PPI pending when there are several CPUs"},
    {model::Quirk::best_ignores_group_enable, "v2-disabled-group-hides",
     "a pending interrupt of a group disabled in GICD_CTLR hides lower ones of the other group"},
    {model::Quirk::ack_ignores_group_enable, "v2-ack-of-disabled-group",
     "GICC_IAR and GICV_IAR acknowledge an interrupt whose group is disabled"},
    {model::Quirk::hppir_without_source, "v2-hppir-without-source",
     "GICC_HPPIR and GICV_HPPIR lack the source CPU of an SGI"},
    {model::Quirk::preemption_by_full_priority, "v2-preemption-by-full-priority",
     "the subpriority takes part in the comparison with the running priority"},
    {model::Quirk::eoi_at_idle_deactivates, "v2-eoi-at-idle-deactivates",
     "GICV_EOIR with no active priority deactivates its LR (UNPREDICTABLE)"},
    {model::Quirk::virtual_abpr_below_minimum, "v2-gicv-abpr-below-minimum",
     "GICV_ABPR accepts 1 and 2; with 5 priority bits the least is 3 (a GICH_VMCR write enforces it)"},
    {model::Quirk::vgrp0d_tests_group1, "v3-vgrp0d-tests-group1",
     "ICH_MISR.VGrp0D follows VENG1 instead of VENG0"},
}};

enum class Stepped : std::uint8_t { icfgr_not_evaluated, priority_low_bits, count };

struct SteppedException {
    std::string_view name;
    std::string_view reason;
};

constexpr std::array<SteppedException, 2> stepped_exceptions = {{
    {"v3-icfgr-not-evaluated",
     "a write to GICD_ICFGR does not re-evaluate pending SPIs; followed by a GICD_CTLR write"},
    {"v3-priority-low-bits",
     "IPRIORITYR keeps 8 bits although the CPU interface has 5; the model is told so"},
}};

constexpr std::array<std::string_view, 7> never_made = {
    "v2 SPENDSGIR byte 0: QEMU makes the SGI pending without a source and then aborts on IAR",
    "v2 SGIR filter 3: reserved",
    "v2 ITARGETSR0-7: read-only; QEMU lets it change where a PPI's ISPENDR goes",
    "LR index 4 of 4: v2 QEMU accepts it, v3 UNDEFINED",
    "two LRs with one vINTID, HW LRs pending and active, v2 HW LRs for SGIs: UNPREDICTABLE",
    "RES0 bits of list registers, low bits of VMCR.VPMR: QEMU v3 keeps them",
    "APRs of the physical interface other than zero: only saved values are allowed",
};
// clang-format on

} // namespace hyp::differential
