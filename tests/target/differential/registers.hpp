// SPDX-License-Identifier: Apache-2.0
// The registers that the differential test compares after every operation: all that can be read
// without a side effect, for the 64 INTIDs that the generator uses. Priorities, targets and trigger
// modes are compared after every distributor write and every 64th operation, the other SPIs every
// 1024th. Identification registers other than VTR are left out.
#pragma once

#include "tests/model/gic_registers.hpp"

#include <array>
#include <string_view>

namespace hyp::differential {

using model::Frame;
using model::Sysreg;

// `count` registers of one name, `step` bytes apart.
struct FrameProbe {
    std::string_view name;
    Frame frame;
    unsigned offset;
    unsigned count = 1;
    bool config =
        false; // changes only by a distributor write: compared after those, and now and then
};

namespace d = model::gicd;
namespace c = model::gicc;
namespace h = model::gich;

// clang-format off
constexpr std::array v2_probes = std::to_array<FrameProbe>({
    {"GICD_CTLR", Frame::gicd, d::ctlr},
    {"GICD_IGROUPR", Frame::gicd, d::igroupr, 2},
    {"GICD_ISENABLER", Frame::gicd, d::isenabler, 2},
    {"GICD_ISPENDR", Frame::gicd, d::ispendr, 2},
    {"GICD_ISACTIVER", Frame::gicd, d::isactiver, 2},
    {"GICD_IPRIORITYR", Frame::gicd, d::ipriorityr, 16, true},
    {"GICD_ITARGETSR", Frame::gicd, d::itargetsr, 16, true},
    {"GICD_ICFGR", Frame::gicd, d::icfgr, 4, true},
    {"GICD_SPENDSGIR", Frame::gicd, d::spendsgir, 4},
    {"GICC_CTLR", Frame::gicc, c::ctlr},   {"GICC_PMR", Frame::gicc, c::pmr},
    {"GICC_BPR", Frame::gicc, c::bpr},     {"GICC_RPR", Frame::gicc, c::rpr},
    {"GICC_HPPIR", Frame::gicc, c::hppir}, {"GICC_ABPR", Frame::gicc, c::abpr},
    {"GICC_APR", Frame::gicc, c::apr, 4},  {"GICC_NSAPR", Frame::gicc, c::nsapr, 4},
    {"GICH_HCR", Frame::gich, h::hcr},     {"GICH_VTR", Frame::gich, h::vtr},
    {"GICH_VMCR", Frame::gich, h::vmcr},   {"GICH_MISR", Frame::gich, h::misr},
    {"GICH_EISR0", Frame::gich, h::eisr0}, {"GICH_ELRSR0", Frame::gich, h::elrsr0},
    {"GICH_APR", Frame::gich, h::apr},     {"GICH_LR", Frame::gich, h::lr0, 4},
    {"GICV_CTLR", Frame::gicv, c::ctlr},   {"GICV_PMR", Frame::gicv, c::pmr},
    {"GICV_BPR", Frame::gicv, c::bpr},     {"GICV_RPR", Frame::gicv, c::rpr},
    {"GICV_HPPIR", Frame::gicv, c::hppir}, {"GICV_ABPR", Frame::gicv, c::abpr},
    {"GICV_APR", Frame::gicv, c::apr},
});

constexpr std::array v3_probes = std::to_array<FrameProbe>({
    {"GICD_CTLR", Frame::gicd, d::ctlr},
    {"GICR_IGROUPR0", Frame::gicr, model::sgi_base + d::igroupr},
    {"GICR_ISENABLER0", Frame::gicr, model::sgi_base + d::isenabler},
    {"GICR_ISPENDR0", Frame::gicr, model::sgi_base + d::ispendr},
    {"GICR_ISACTIVER0", Frame::gicr, model::sgi_base + d::isactiver},
    {"GICR_IPRIORITYR", Frame::gicr, model::sgi_base + d::ipriorityr, 8, true},
    {"GICR_ICFGR", Frame::gicr, model::sgi_base + d::icfgr, 2, true},
    {"GICD_IGROUPR", Frame::gicd, d::igroupr, 2},
    {"GICD_ISENABLER", Frame::gicd, d::isenabler, 2},
    {"GICD_ISPENDR", Frame::gicd, d::ispendr, 2},
    {"GICD_ISACTIVER", Frame::gicd, d::isactiver, 2},
    {"GICD_IPRIORITYR", Frame::gicd, d::ipriorityr, 16, true},
    {"GICD_ICFGR", Frame::gicd, d::icfgr, 4, true},
});

struct SystemProbe {
    std::string_view name;
    Sysreg reg;
};

[[nodiscard]] constexpr Sysreg ich_lr(unsigned index) {
    return static_cast<Sysreg>(static_cast<unsigned>(Sysreg::ich_lr0) + index);
}

constexpr std::array v3_system_probes = std::to_array<SystemProbe>({
    {"ICC_PMR", Sysreg::icc_pmr},         {"ICC_BPR0", Sysreg::icc_bpr0},
    {"ICC_BPR1", Sysreg::icc_bpr1},       {"ICC_AP0R0", Sysreg::icc_ap0r0},
    {"ICC_AP1R0", Sysreg::icc_ap1r0},     {"ICC_RPR", Sysreg::icc_rpr},
    {"ICC_CTLR", Sysreg::icc_ctlr},       {"ICC_IGRPEN0", Sysreg::icc_igrpen0},
    {"ICC_IGRPEN1", Sysreg::icc_igrpen1}, {"ICC_HPPIR0", Sysreg::icc_hppir0},
    {"ICC_HPPIR1", Sysreg::icc_hppir1},   {"ICH_HCR", Sysreg::ich_hcr},
    {"ICH_VTR", Sysreg::ich_vtr},         {"ICH_VMCR", Sysreg::ich_vmcr},
    {"ICH_MISR", Sysreg::ich_misr},       {"ICH_EISR", Sysreg::ich_eisr},
    {"ICH_ELRSR", Sysreg::ich_elrsr},     {"ICH_AP0R0", Sysreg::ich_ap0r0},
    {"ICH_AP1R0", Sysreg::ich_ap1r0},     {"ICH_LR0", ich_lr(0)},
    {"ICH_LR1", ich_lr(1)},               {"ICH_LR2", ich_lr(2)},
    {"ICH_LR3", ich_lr(3)},
});

// Names of snapshot_registers as the guest sees them.
constexpr std::array<std::string_view, 10> guest_names = {
    "ISR at EL1", "ICV_PMR", "ICV_HPPIR0", "ICV_HPPIR1", "ICV_BPR0",
    "ICV_BPR1",   "ICV_CTLR", "ICV_RPR",   "ICV_IGRPEN0", "ICV_IGRPEN1"};
// clang-format on

} // namespace hyp::differential
