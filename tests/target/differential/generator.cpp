// SPDX-License-Identifier: Apache-2.0
// See generator.hpp.
#include "tests/target/differential/generator.hpp"

namespace hyp::differential {

namespace gicd = model::gicd;
namespace gicc = model::gicc;

namespace {

constexpr std::array<unsigned, 12> favourites = {0, 1, 5, 15, 25, 26, 27, 30, 33, 40, 47, 60};
constexpr std::uint32_t group1_bit = 1U << 31;

} // namespace

unsigned Generator::intid() {
    return random_.one_in(16) ? random_.below(64) : favourites[random_.below(12)];
}

// A few bits of one 32-INTID word, mostly favourites.
std::uint32_t Generator::some_bits(unsigned word) {
    if (random_.one_in(24)) {
        return static_cast<std::uint32_t>(random_.next());
    }
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < 3; ++i) {
        const unsigned id = intid();
        bits |= id / 32 == word ? 1U << (id % 32) : 0;
    }
    return bits;
}

unsigned Generator::priority() {
    const unsigned level = random_.below(32) << 3;
    return random_.one_in(8) ? level | random_.below(8) : level & 0xf0;
}

// --- distributor

Operation Generator::line() {
    const unsigned id = lines[random_.below(4)];
    return {Kind::line, Frame::gicd, 4, id, random_.next() >> 60 & 1};
}

Operation Generator::bitmap() {
    constexpr std::array<unsigned, 12> registers = {
        gicd::isenabler, gicd::isenabler, gicd::isenabler, gicd::icenabler,
        gicd::ispendr,   gicd::ispendr,   gicd::icpendr,   gicd::isactiver,
        gicd::isactiver, gicd::icactiver, gicd::icactiver, gicd::igroupr};
    const unsigned word = random_.below(2);
    const unsigned reg = registers[random_.below(12)];
    std::uint32_t bits = some_bits(word);
    if (reg == gicd::igroupr) { // mostly the group that is in use
        bits = random_.one_in(2) ? (v3_ ? ~0U : 0U) : (v3_ ? ~bits : bits);
    }
    if (reg == gicd::icactiver && random_.one_in(4)) {
        bits = ~0U;
    }
    if (v3_ && word == 0) {
        return frame_write(Frame::gicr, model::sgi_base + reg, bits);
    }
    return frame_write(Frame::gicd, reg + 4 * word, bits);
}

Operation Generator::priority_write() {
    const unsigned id = intid();
    const Frame frame = v3_ && id < 32 ? Frame::gicr : Frame::gicd;
    const unsigned offset = (frame == Frame::gicr ? model::sgi_base : 0) + gicd::ipriorityr;
    if (random_.one_in(4)) {
        const std::uint32_t word = static_cast<std::uint32_t>(random_.next()) & 0xf0f0f0f0;
        return frame_write(frame, offset + (id & ~3U), word);
    }
    return frame_write(frame, offset + id, priority(), 1);
}

Operation Generator::config() {
    const unsigned word = random_.below(4); // the SGIs' word 0 must not change
    const auto value = static_cast<std::uint32_t>(random_.next() & random_.next()) & 0xaaaaaaaa;
    if (v3_ && word < 2) {
        return frame_write(Frame::gicr, model::sgi_base + gicd::icfgr + 4 * word, value);
    }
    return frame_write(Frame::gicd, gicd::icfgr + 4 * word, value);
}

Operation Generator::route() {
    const unsigned id = 32 + random_.below(32);
    if (v3_) {
        const std::uint64_t affinity = random_.one_in(4) ? random_.below(3) : 0;
        return frame_write(Frame::gicd, gicd::irouter + 8 * id, affinity, 8);
    }
    const unsigned targets = random_.one_in(4) ? random_.below(1U << pes_) : 1;
    return frame_write(Frame::gicd, gicd::itargetsr + id, targets, 1);
}

Operation Generator::sgi() {
    const unsigned id = favourites[random_.below(4)];
    if (v3_) {
        constexpr std::array<Sysreg, 4> registers = {Sysreg::icc_sgi1r, Sysreg::icc_sgi1r,
                                                     Sysreg::icc_sgi0r, Sysreg::icc_asgi1r};
        const std::uint64_t all_but_self = random_.one_in(8) ? std::uint64_t{1} << 40 : 0;
        const std::uint64_t affinity1 = random_.one_in(16) ? std::uint64_t{1} << 16 : 0;
        return sysreg_operation(Kind::system_write, registers[random_.below(4)],
                                id << 24 | all_but_self | affinity1 | (random_.below(4) | 1));
    }
    const unsigned choice = random_.below(6);
    if (choice == 0) {
        return frame_write(Frame::gicd, gicd::cpendsgir + id, random_.below(8), 1);
    }
    if (choice == 1) {
        return frame_write(Frame::gicd, gicd::spendsgir + id, 1 + random_.below(255), 1);
    }
    return frame_write(Frame::gicd, gicd::sgir,
                       random_.below(3) << 24 | (random_.below(4) | 1) << 16 | id);
}

Operation Generator::distributor_control() {
    const unsigned enables = random_.one_in(2) ? random_.below(4) : 3;
    return frame_write(Frame::gicd, gicd::ctlr, enables);
}

// --- CPU interfaces; `kind` chooses EL2's or the guest's on v3, `frame` on v2

Operation Generator::mask_write() {
    const unsigned mask = random_.one_in(3) ? priority() : 0xff;
    return v3_ ? sysreg_operation(Kind::system_write, Sysreg::icc_pmr, mask)
               : frame_write(Frame::gicc, gicc::pmr, mask);
}

Operation Generator::control(Kind kind, Frame frame) {
    const unsigned choice = random_.below(4);
    const unsigned point = random_.below(8);
    if (v3_) {
        const unsigned flags = (random_.one_in(4) ? 1 : 0) | (random_.one_in(3) ? 0 : 2);
        const unsigned enable = random_.one_in(4) ? 0 : 1;
        constexpr std::array<Sysreg, 4> registers = {Sysreg::icc_ctlr, Sysreg::icc_bpr1,
                                                     Sysreg::icc_igrpen0, Sysreg::icc_igrpen1};
        if (choice == 1) {
            const Sysreg reg = random_.one_in(2) ? Sysreg::icc_bpr0 : Sysreg::icc_bpr1;
            return sysreg_operation(kind, reg, random_.one_in(2) ? 2 : point);
        }
        return sysreg_operation(kind, registers[choice], choice == 0 ? flags : enable);
    }
    if (choice == 0) {
        return frame_write(frame, random_.one_in(2) ? gicc::bpr : gicc::abpr,
                           random_.one_in(2) ? 0 : point);
    }
    const unsigned enables = random_.one_in(3) ? random_.below(4) : 3;
    const unsigned flags = random_.below(8) << 2; // AckCtl, FIQEn, CBPR
    const unsigned split = random_.one_in(3) ? 0 : 1U << 9;
    return frame_write(frame, gicc::ctlr, enables | flags | split);
}

Operation Generator::acknowledge(Kind kind, Frame frame) {
    if (v3_) {
        return sysreg_operation(kind, random_.one_in(4) ? Sysreg::icc_iar0 : Sysreg::icc_iar1);
    }
    return frame_read(frame, gicc::iar);
}

void Generator::acknowledged(const Operation& operation) {
    const auto iar = static_cast<std::uint32_t>(operation.value);
    if ((iar & 0x3ff) >= model::first_special) {
        return;
    }
    const bool guest = operation.kind == Kind::guest_read ||
                       (operation.kind == Kind::frame_read && operation.frame == Frame::gicv);
    const bool group1 = operation.reg == static_cast<std::uint32_t>(Sysreg::icc_iar1);
    (guest ? virtual_ : physical_).push(iar | (group1 ? group1_bit : 0));
    if (!guest && (iar & 0x3ff) >= model::sgi_count && plan_ == Plan::none && !random_.one_in(4)) {
        plan_ = Plan::forward;
        step_ = 0;
        forwarded_ = iar | (group1 ? group1_bit : 0);
    }
}

// An IAR value seen before: the newest once (as handlers do), else any of the last eight.
std::uint32_t Generator::recall(History& history, bool newest) {
    if (random_.one_in(12) || history.count == 0) {
        return random_.one_in(6) ? model::spurious : intid() | (random_.one_in(2) ? group1_bit : 0);
    }
    if (newest && !random_.one_in(5)) {
        --history.count;
        return history.iars[history.count % history.iars.size()];
    }
    return history.iars[random_.below(8)];
}

Operation Generator::end(Kind kind, Frame frame, History& history) {
    std::uint32_t iar = recall(history, true);
    if (v3_) {
        iar ^= random_.one_in(6) ? group1_bit : 0; // the register of the other group
        const Sysreg reg = (iar & group1_bit) != 0 ? Sysreg::icc_eoir1 : Sysreg::icc_eoir0;
        return sysreg_operation(kind, reg, iar & ~group1_bit);
    }
    return frame_write(frame, gicc::eoir, iar & 0x1fff);
}

Operation Generator::deactivate(Kind kind, Frame frame, History& history) {
    const std::uint32_t iar = recall(history, false);
    return v3_ ? sysreg_operation(kind, Sysreg::icc_dir, iar & ~group1_bit)
               : frame_write(frame, gicc::dir, iar & 0x1fff);
}

// Only zero is a value that software may make up (IHI 0069, ICC_AP1R<n>_EL1).
Operation Generator::physical_priorities() {
    if (v3_) {
        return sysreg_operation(Kind::system_write,
                                random_.one_in(2) ? Sysreg::icc_ap0r0 : Sysreg::icc_ap1r0, 0);
    }
    return frame_write(Frame::gicc,
                       (random_.one_in(2) ? gicc::apr : gicc::nsapr) + 4 * random_.below(4), 0);
}

Operation Generator::next(const std::array<std::uint64_t, 4>& list) {
    if (plan_ == Plan::none && random_.one_in(200)) {
        plan_ = Plan::restore;
        step_ = 0;
    }
    return plan_ != Plan::none && !random_.one_in(4) ? planned(list) : random_operation(list);
}

Operation Generator::random_operation(const std::array<std::uint64_t, 4>& list) {
    const Kind write = Kind::system_write;
    const unsigned choice = random_.below(128);
    // The lower edge of each class; out of 128.
    return choice < 12    ? line()
           : choice < 34  ? bitmap()
           : choice < 40  ? priority_write()
           : choice < 42  ? config()
           : choice < 44  ? route()
           : choice < 50  ? sgi()
           : choice < 52  ? distributor_control()
           : choice < 55  ? mask_write()
           : choice < 57  ? control(write, Frame::gicc)
           : choice < 69  ? acknowledge(Kind::system_read, Frame::gicc)
           : choice < 78  ? end(write, Frame::gicc, physical_)
           : choice < 84  ? deactivate(write, Frame::gicc, physical_)
           : choice < 85  ? physical_priorities()
           : choice < 97  ? list_register(list)
           : choice < 100 ? hypervisor_control()
           : choice < 102 ? machine_control()
           : choice < 103 ? virtual_priorities()
                          : guest();
}

} // namespace hyp::differential
