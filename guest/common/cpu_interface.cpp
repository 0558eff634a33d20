// SPDX-License-Identifier: Apache-2.0
// The CPU interface's registers by name: GICC offsets and ICC encodings.

#include "cpu_interface.hpp"

#include "mmio.hpp"

#include <bit>

namespace guest {
namespace {

enum : std::uintptr_t {
    GICC_CTLR = 0x00,
    GICC_PMR = 0x04,
    GICC_BPR = 0x08,
    GICC_IAR = 0x0c,
    GICC_EOIR = 0x10,
    GICC_RPR = 0x14,
    GICC_HPPIR = 0x18,
    GICC_ABPR = 0x1c,
    GICC_AIAR = 0x20,
    GICC_AEOIR = 0x24,
    GICC_AHPPIR = 0x28,
    GICC_APR = 0xd0,
    GICC_NSAPR = 0xe0,
    GICC_DIR = 0x1000,
};

GUEST_SYSREG(IccIar0, "s3_0_c12_c8_0");
GUEST_SYSREG(IccEoir0, "s3_0_c12_c8_1");
GUEST_SYSREG(IccHppir0, "s3_0_c12_c8_2");
GUEST_SYSREG(IccBpr0, "s3_0_c12_c8_3");
GUEST_SYSREG(IccAp0r0, "s3_0_c12_c8_4");
GUEST_SYSREG(IccAp1r0, "s3_0_c12_c9_0");
GUEST_SYSREG(IccRpr, "s3_0_c12_c11_3");
GUEST_SYSREG(IccBpr1, "s3_0_c12_c12_3");
GUEST_SYSREG(IccIgrpen0, "s3_0_c12_c12_6");

std::uint32_t low(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}

} // namespace

std::uint32_t CpuInterface::v2(std::uintptr_t offset) const {
    return read32(base_ + offset);
}

void CpuInterface::v2(std::uintptr_t offset, std::uint32_t value) const {
    write32(base_ + offset, value);
    dsb();
}

void CpuInterface::init(const Machine& machine) {
    is_v3_ = machine.gic == GicVersion::v3;
    base_ = machine.cpu_interface;
    if (is_v3_) {
        IccSre::write(IccSre::read() | 1);
        isb();
    } else {
        has_aliases_ = v2(GICC_AIAR) == spurious_intid.value; // nothing is enabled yet
    }
}

Ack CpuInterface::acknowledge(Group group) const {
    const bool first = group == Group::group0;
    if (is_v3_) {
        const Ack ack{low(first ? IccIar0::read() : IccIar1::read())};
        isb();
        return ack;
    }
    return Ack{v2(first ? GICC_IAR : GICC_AIAR)};
}

void CpuInterface::end(Group group, Ack ack) const {
    const bool first = group == Group::group0;
    if (!is_v3_) {
        v2(first ? GICC_EOIR : GICC_AEOIR, ack.raw);
        return;
    }
    if (first) {
        IccEoir0::write(ack.raw);
    } else {
        IccEoir1::write(ack.raw);
    }
    isb();
}

void CpuInterface::deactivate(Ack ack) const {
    if (is_v3_) {
        IccDir::write(ack.raw);
        isb();
    } else {
        v2(GICC_DIR, ack.raw);
    }
}

std::uint32_t CpuInterface::highest_pending(Group group) const {
    const bool first = group == Group::group0;
    if (is_v3_) {
        return low(first ? IccHppir0::read() : IccHppir1::read());
    }
    return v2(first ? GICC_HPPIR : GICC_AHPPIR);
}

std::uint32_t CpuInterface::running_priority() const {
    return is_v3_ ? low(IccRpr::read()) : v2(GICC_RPR);
}

void CpuInterface::control(const CpuControl& wanted) const {
    const bool split = wanted.mode == EoiMode::split;
    if (!is_v3_) {
        v2(GICC_CTLR, wanted.groups | (wanted.ack_ctl ? 1U << 2 : 0) | (wanted.fiq ? 1U << 3 : 0) |
                          (wanted.common_bpr ? 1U << 4 : 0) | (split ? 1U << 9 : 0));
        return;
    }
    IccCtlr::write((wanted.common_bpr ? 1U : 0U) | (split ? 2U : 0U));
    IccIgrpen0::write(wanted.groups & 1);
    IccIgrpen1::write(wanted.groups >> 1 & 1);
    isb();
}

void CpuInterface::set_mask(std::uint8_t priority) const {
    if (is_v3_) {
        IccPmr::write(priority);
        isb();
    } else {
        v2(GICC_PMR, priority);
    }
}

std::uint8_t CpuInterface::mask() const {
    return static_cast<std::uint8_t>(is_v3_ ? IccPmr::read() : v2(GICC_PMR));
}

void CpuInterface::set_binary_point(Group group, unsigned value) const {
    const bool first = group == Group::group0;
    if (!is_v3_) {
        v2(first ? GICC_BPR : GICC_ABPR, value);
        return;
    }
    if (first) {
        IccBpr0::write(value);
    } else {
        IccBpr1::write(value);
    }
    isb();
}

unsigned CpuInterface::binary_point(Group group) const {
    const bool first = group == Group::group0;
    if (is_v3_) {
        return low(first ? IccBpr0::read() : IccBpr1::read());
    }
    return v2(first ? GICC_BPR : GICC_ABPR);
}

unsigned CpuInterface::active_levels() const {
    if (is_v3_) { // five bits of preemption: one register a group
        return static_cast<unsigned>(std::popcount(IccAp0r0::read()) +
                                     std::popcount(IccAp1r0::read()));
    }
    unsigned levels = 0;
    for (std::uintptr_t i = 0; i < 16; i += 4) {
        levels += static_cast<unsigned>(std::popcount(v2(GICC_APR + i)) +
                                        std::popcount(v2(GICC_NSAPR + i)));
    }
    return levels;
}

void CpuInterface::clear_active_priorities() const {
    if (is_v3_) {
        IccAp0r0::write(0);
        IccAp1r0::write(0);
        isb();
    } else {
        for (std::uintptr_t i = 0; i < 16; i += 4) {
            v2(GICC_APR + i, 0);
            v2(GICC_NSAPR + i, 0);
        }
    }
}

} // namespace guest
