// SPDX-License-Identifier: Apache-2.0
// The two plans of generator.hpp: hand an acknowledged interrupt over to the guest, and restore a
// configuration in which interrupts flow.
#include "tests/target/differential/generator.hpp"

namespace hyp::differential {

namespace gicd = model::gicd;
namespace gicc = model::gicc;
namespace gich = model::gich;

Operation Generator::planned(const std::array<std::uint64_t, 4>& list) {
    constexpr unsigned forward_steps = 5;
    constexpr unsigned restore_steps = 12;
    const bool forward = plan_ == Plan::forward;
    const unsigned step = step_;
    const Operation operation = forward ? forward_step(list)
                                : v3_   ? restore_v3(step)
                                        : restore_v2(step);
    if (++step_ == (forward ? forward_steps : restore_steps)) {
        plan_ = Plan::none;
    }
    return operation;
}

// Priority drop; list register with HW = 1; the guest's IAR, EOIR and DIR.
Operation Generator::forward_step(const std::array<std::uint64_t, 4>& list) {
    const std::uint32_t intid = forwarded_ & 0x3ff;
    const bool group1 = forwarded_ >> 31 != 0;
    switch (step_) {
    case 0:
        return v3_ ? sysreg_operation(Kind::system_write,
                                      group1 ? Sysreg::icc_eoir1 : Sysreg::icc_eoir0, intid)
                   : frame_write(Frame::gicc, gicc::eoir, intid);
    case 1: return forwarding_list_register(list);
    case 2:
        return v3_ ? sysreg_operation(Kind::guest_read, Sysreg::icc_iar1)
                   : frame_read(Frame::gicv, gicc::iar);
    case 3:
        return v3_ ? sysreg_operation(Kind::guest_write, Sysreg::icc_eoir1, intid)
                   : frame_write(Frame::gicv, gicc::eoir, intid);
    default:
        return v3_ ? sysreg_operation(Kind::guest_write, Sysreg::icc_dir, intid)
                   : frame_write(Frame::gicv, gicc::dir, intid);
    }
}

// In the list register that already has this vINTID, else in any.
Operation Generator::forwarding_list_register(const std::array<std::uint64_t, 4>& list) {
    const auto generation = v3_ ? model::Generation::v3 : model::Generation::v2;
    unsigned index = random_.below(4);
    for (unsigned i = 0; i < list.size(); ++i) {
        const model::LrFields other = model::decode_lr(generation, list[i]);
        const bool same = other.vintid == (forwarded_ & 0x3ff);
        index = same && other.state != model::LrState::invalid ? i : index;
    }
    model::LrFields lr;
    lr.hw = true;
    lr.vintid = forwarded_ & 0x3ff;
    lr.pintid = lr.vintid;
    lr.state = model::LrState::pending;
    lr.group = v3_ ? 1 : 0;
    lr.priority = static_cast<std::uint8_t>(random_.below(4) << 3);
    const std::uint64_t word = model::encode_lr(generation, lr);
    if (v3_) {
        const auto reg = static_cast<unsigned>(Sysreg::ich_lr0) + index;
        return sysreg_operation(Kind::system_write, static_cast<Sysreg>(reg), word);
    }
    return frame_write(Frame::gich, gich::lr0 + 4 * index, word);
}

Operation Generator::restore_v2(unsigned step) {
    const unsigned split = random_.one_in(4) ? 0 : 1U << 9;
    switch (step) {
    case 0: return frame_write(Frame::gicc, gicc::pmr, 0xff);
    case 1: return frame_write(Frame::gicc, gicc::ctlr, 3 | split);
    case 2: return frame_write(Frame::gicd, gicd::ctlr, 3);
    case 3:
    case 4: return frame_write(Frame::gicd, gicd::igroupr + 4 * (step - 3), 0);
    case 5:
    case 6: return frame_write(Frame::gicd, gicd::icactiver + 4 * (step - 5), 0xffffffff);
    case 7:
    case 8: return frame_write(Frame::gicc, gicc::apr + 4 * random_.below(4) + 16 * (step - 7), 0);
    case 9:
        return frame_write(Frame::gich, gich::vmcr, 0xf8000003 | (random_.one_in(2) ? split : 0));
    case 10: return frame_write(Frame::gich, gich::apr, 0);
    default: return frame_write(Frame::gich, gich::hcr, model::hcr::en);
    }
}

Operation Generator::restore_v3(unsigned step) {
    const Kind write = Kind::system_write;
    const unsigned split = random_.one_in(4) ? 0 : 1;
    switch (step) {
    case 0: return sysreg_operation(write, Sysreg::icc_pmr, 0xff);
    case 1: return sysreg_operation(write, Sysreg::icc_ctlr, split << 1);
    case 2: return frame_write(Frame::gicd, gicd::ctlr, 3);
    case 3: return sysreg_operation(write, Sysreg::icc_igrpen1, 1);
    case 4: return frame_write(Frame::gicr, model::sgi_base + gicd::igroupr, 0xffffffff);
    case 5: return frame_write(Frame::gicr, model::sgi_base + gicd::icactiver, 0xffffffff);
    case 6: return frame_write(Frame::gicd, gicd::icactiver + 4, 0xffffffff);
    case 7: return sysreg_operation(write, Sysreg::icc_ap1r0, 0);
    case 8: return sysreg_operation(write, Sysreg::icc_ap0r0, 0);
    case 9: return sysreg_operation(write, Sysreg::ich_vmcr, 0xf8000003 | split << 9);
    case 10:
        return sysreg_operation(write, random_.one_in(2) ? Sysreg::ich_ap0r0 : Sysreg::ich_ap1r0,
                                0);
    default: return sysreg_operation(write, Sysreg::ich_hcr, model::hcr::en);
    }
}

} // namespace hyp::differential
