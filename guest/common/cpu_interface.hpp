// SPDX-License-Identifier: Apache-2.0
#pragma once
// The whole CPU interface of either generation, both interrupt groups apart (gic.hpp has the short
// way for guests with one group). GICv2: IAR and its kin serve Group 0, and with GICC_CTLR.AckCtl
// both; their aliases serve Group 1 (IHI 0048B, without security extensions). GICv3: ICC_*0_EL1 and
// ICC_*1_EL1 (IHI 0069).

#include "gic_types.hpp"

namespace guest {

enum class Group : std::uint8_t { group0, group1 };

[[nodiscard]] constexpr Group other(Group group) {
    return group == Group::group0 ? Group::group1 : Group::group0;
}

/** Bit of a group in GICD_CTLR, as in GICC_CTLR. */
[[nodiscard]] constexpr std::uint32_t enable_bit(Group group) {
    return 1U << static_cast<unsigned>(group);
}

/** GICC_CTLR; on v3 ICC_CTLR_EL1 and the two ICC_IGRPENn_EL1. */
struct CpuControl {
    std::uint32_t groups = 3; // enable_bit() each
    EoiMode mode = EoiMode::joint;
    bool fiq = false;    // v2: Group 0 is signalled as FIQ; v3 always does
    bool ack_ctl = true; // v2: IAR and its kin serve Group 1, too
    bool common_bpr = false;
};

class CpuInterface {
public:
    void init(const Machine& machine);

    /** IAR0/IAR1, IAR/AIAR: takes the most urgent interrupt if it is of this group. */
    [[nodiscard]] Ack acknowledge(Group group) const;
    void end(Group group, Ack ack) const;
    /** Only for EoiMode::split. */
    void deactivate(Ack ack) const;
    [[nodiscard]] std::uint32_t highest_pending(Group group) const;
    /** RPR: 0xff, or on v2 an implemented part of it, while nothing is active. */
    [[nodiscard]] std::uint32_t running_priority() const;

    void control(const CpuControl& wanted) const;
    void set_mask(std::uint8_t priority) const;
    [[nodiscard]] std::uint8_t mask() const;
    void set_binary_point(Group group, unsigned value) const;
    [[nodiscard]] unsigned binary_point(Group group) const;

    /** How many priorities are active: bits set in the APRs of both groups. */
    [[nodiscard]] unsigned active_levels() const;
    void clear_active_priorities() const;

    [[nodiscard]] bool is_v3() const { return is_v3_; }
    /** v2: AIAR and its kin are there. QEMU has none of them, neither for itself nor as GICV. */
    [[nodiscard]] bool has_aliases() const { return has_aliases_; }

private:
    [[nodiscard]] std::uint32_t v2(std::uintptr_t offset) const;
    void v2(std::uintptr_t offset, std::uint32_t value) const;

    bool is_v3_ = false;
    bool has_aliases_ = false;
    std::uintptr_t base_ = 0; // GICC
};

} // namespace guest
