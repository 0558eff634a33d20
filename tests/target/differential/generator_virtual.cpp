// SPDX-License-Identifier: Apache-2.0
// Random operations on the virtual interface: list registers, hypervisor control, the guest's own
// accesses. See generator.hpp.
#include "tests/target/differential/generator.hpp"

namespace hyp::differential {

namespace gicc = model::gicc;
namespace gich = model::gich;

Operation Generator::list_register(const std::array<std::uint64_t, 4>& list) {
    const auto generation = v3_ ? model::Generation::v3 : model::Generation::v2;
    const unsigned index = random_.below(4);
    model::LrFields lr;
    lr.hw = !random_.one_in(3);
    lr.vintid = lr.hw ? 16 + intid() % 48 : intid();
    for (unsigned i = 0; i < list.size(); ++i) {
        const model::LrFields other = model::decode_lr(generation, list[i]);
        if (i != index && other.state != model::LrState::invalid && other.vintid == lr.vintid) {
            lr.vintid = 100 + index; // one list register per vINTID
        }
    }
    lr.state = static_cast<model::LrState>(random_.one_in(2) ? 1 : random_.below(lr.hw ? 3 : 4));
    lr.priority = static_cast<std::uint8_t>(priority() & 0xf8);
    lr.group = (v3_ ? !random_.one_in(8) : random_.one_in(8)) ? 1 : 0;
    if (lr.hw) {
        lr.pintid = lr.vintid < 64 && !random_.one_in(8) ? lr.vintid : 16 + intid() % 48;
    } else {
        lr.eoi = random_.one_in(2);
        lr.source = !v3_ && lr.vintid < 16 ? random_.below(8) : 0;
    }
    const std::uint64_t word = random_.one_in(8) ? 0 : model::encode_lr(generation, lr);
    if (v3_) {
        const auto reg = static_cast<unsigned>(Sysreg::ich_lr0) + index;
        return sysreg_operation(Kind::system_write, static_cast<Sysreg>(reg), word);
    }
    return frame_write(Frame::gich, gich::lr0 + 4 * index, word);
}

Operation Generator::hypervisor_control() {
    std::uint32_t value = random_.one_in(6) ? 0 : model::hcr::en;
    for (unsigned bit = 1; bit < 8; ++bit) {
        value |= random_.one_in(4) ? 1U << bit : 0;
    }
    value |= random_.one_in(3) ? random_.below(32) << model::hcr::eoicount_shift : 0;
    return v3_ ? sysreg_operation(Kind::system_write, Sysreg::ich_hcr, value)
               : frame_write(Frame::gich, gich::hcr, value);
}

Operation Generator::machine_control() {
    const unsigned enables = random_.one_in(3) ? random_.below(4) : 3;
    const unsigned mask = random_.one_in(3) ? priority() & 0xf8 : 0xf8;
    const unsigned points = random_.one_in(3) ? random_.below(64) << 18 : 0;
    const unsigned split = random_.one_in(2) ? 1U << 9 : 0;
    const unsigned common = random_.one_in(4) ? 1U << 4 : 0;
    const unsigned v2_only = v3_ ? 0 : random_.below(4) << 2;
    const std::uint32_t value = enables | mask << 24 | points | split | common | v2_only;
    return v3_ ? sysreg_operation(Kind::system_write, Sysreg::ich_vmcr, value)
               : frame_write(Frame::gich, gich::vmcr, value);
}

Operation Generator::virtual_priorities() {
    const std::uint32_t value = random_.one_in(2) ? 0 : 1U << random_.below(32);
    if (v3_) {
        return sysreg_operation(Kind::system_write,
                                random_.one_in(2) ? Sysreg::ich_ap0r0 : Sysreg::ich_ap1r0, value);
    }
    return frame_write(Frame::gich, gich::apr, value);
}

Operation Generator::guest() {
    const Kind write = Kind::guest_write;
    const unsigned choice = random_.below(32);
    if (choice < 12) {
        return acknowledge(Kind::guest_read, Frame::gicv);
    }
    if (choice < 22) {
        return end(write, Frame::gicv, virtual_);
    }
    if (choice < 28) {
        return deactivate(write, Frame::gicv, virtual_);
    }
    if (choice < 30) {
        return control(write, Frame::gicv);
    }
    const unsigned mask = random_.one_in(3) ? priority() : 0xff;
    return v3_ ? sysreg_operation(write, Sysreg::icc_pmr, mask)
               : frame_write(Frame::gicv, gicc::pmr, mask);
}

} // namespace hyp::differential
