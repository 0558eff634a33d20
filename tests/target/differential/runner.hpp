// SPDX-License-Identifier: Apache-2.0
// Runs one random sequence on the real GIC and on the model of a machine with `Pes` CPUs (only the
// first one acts), compares every register after every operation, and counts the named exceptions.
#pragma once

#include "tests/model/gic_model.hpp"
#include "tests/target/common/print.hpp"
#include "tests/target/differential/coverage.hpp"
#include "tests/target/differential/exceptions.hpp"
#include "tests/target/differential/generator.hpp"
#include "tests/target/differential/registers.hpp"

namespace hyp::differential {

using target::Hex;
using target::print;

template <unsigned Pes>
class Runner {
public:
    Runner(bool v3, std::uint64_t seed)
        : v3_(v3),
          gic_(model::qemu(v3 ? model::Generation::v3 : model::Generation::v2, Pes)),
          generator_(v3, Pes, seed) {}

    // False: the two differed; the report is printed.
    [[nodiscard]] bool run(std::uint64_t operations);
    // False: the run did not exercise everything.
    [[nodiscard]] bool print_coverage() const;
    void print_exceptions() const;

private:
    struct Difference {
        std::string_view name{};
        unsigned index = 0;
        std::uint64_t real = 0;
        std::uint64_t model = 0;
    };

    void start();
    void step(Operation operation);
    [[nodiscard]] std::uint64_t on_real(const Operation& operation);
    [[nodiscard]] std::uint64_t on_model(const Operation& operation);
    void after_icfgr();
    void count(const Operation& operation);
    [[nodiscard]] Before before();
    void cover(const Operation& operation, const Before& before);
    void compare_all(bool config);
    void compare_rare();
    void compare_system();
    void check(std::string_view name, unsigned index, std::uint64_t real, std::uint64_t model);
    void report() const;
    void print_operation(const Operation& operation) const;

    bool v3_;
    model::Gic<Pes, 256, 4> gic_;
    Generator generator_;
    std::array<Operation, 20> last_{};
    std::uint64_t done_ = 0;
    bool differs_ = false;
    Coverage coverage_{};
    Difference difference_{};
    std::array<std::uint64_t, static_cast<unsigned>(model::Quirk::count)> quirk_counts_{};
    std::array<std::uint64_t, static_cast<unsigned>(Stepped::count)> stepped_counts_{};
};

// --- one operation

template <unsigned Pes>
std::uint64_t Runner<Pes>::on_real(const Operation& operation) {
    const auto reg = static_cast<Sysreg>(operation.reg);
    switch (operation.kind) {
    case Kind::line: drive_line(operation.reg, operation.value != 0); return operation.value;
    case Kind::frame_write:
        write_frame(v3_, operation.frame, operation.reg, operation.value, operation.bytes);
        return operation.value;
    case Kind::frame_read: return read_frame(v3_, operation.frame, operation.reg, operation.bytes);
    case Kind::system_write: write_system(reg, operation.value); return operation.value;
    case Kind::system_read: return read_system(reg);
    case Kind::guest_write: write_guest(reg, operation.value); return operation.value;
    case Kind::guest_read: return read_guest(reg);
    }
    return 0;
}

template <unsigned Pes>
std::uint64_t Runner<Pes>::on_model(const Operation& operation) {
    const auto reg = static_cast<Sysreg>(operation.reg);
    switch (operation.kind) {
    case Kind::line: gic_.set_line(0, operation.reg, operation.value != 0); return operation.value;
    case Kind::frame_write:
        gic_.write(0, operation.frame, operation.reg, operation.value, operation.bytes);
        return operation.value;
    case Kind::frame_read: return gic_.read(0, operation.frame, operation.reg, operation.bytes);
    case Kind::system_write: gic_.write(0, reg, operation.value); return operation.value;
    case Kind::system_read: return gic_.read(0, reg);
    case Kind::guest_write: gic_.guest_write(0, reg, operation.value); return operation.value;
    case Kind::guest_read: return gic_.guest_read(0, reg);
    }
    return 0;
}

template <unsigned Pes>
void Runner<Pes>::step(Operation operation) {
    const Before earlier = before();
    const std::uint64_t real = on_real(operation);
    const std::uint64_t model = on_model(operation);
    operation.value = real;
    last_[done_ % last_.size()] = operation;
    ++done_;
    check("result of the operation", 0, real, model);
    const bool reads = operation.kind == Kind::frame_read || operation.kind == Kind::system_read ||
                       operation.kind == Kind::guest_read;
    if (reads) {
        generator_.acknowledged(operation);
    }
    const bool icfgr = operation.kind == Kind::frame_write && operation.frame == Frame::gicd &&
                       operation.reg >= model::gicd::icfgr && operation.reg < model::gicd::sgir;
    if (v3_ && icfgr) {
        after_icfgr();
    }
    const bool distributor = operation.kind == Kind::frame_write &&
                             (operation.frame == Frame::gicd || operation.frame == Frame::gicr);
    compare_all(distributor || done_ % 64 == 0);
    if (done_ % 1024 == 0) {
        compare_rare();
    }
    count(operation);
    cover(operation, earlier);
}

// Exception v3-icfgr-not-evaluated: make QEMU look again by a write that changes nothing.
template <unsigned Pes>
void Runner<Pes>::after_icfgr() {
    const bool stale = read_system(Sysreg::icc_hppir0) != gic_.read(0, Sysreg::icc_hppir0) ||
                       read_system(Sysreg::icc_hppir1) != gic_.read(0, Sysreg::icc_hppir1);
    stepped_counts_[static_cast<unsigned>(Stepped::icfgr_not_evaluated)] += stale ? 1U : 0U;
    const std::uint64_t control = read_frame(v3_, Frame::gicd, model::gicd::ctlr, 4);
    write_frame(v3_, Frame::gicd, model::gicd::ctlr, control, 4);
}

template <unsigned Pes>
void Runner<Pes>::count(const Operation& operation) {
    const model::Quirks witnessed = gic_.take_witnessed();
    for (unsigned i = 0; i < quirk_counts_.size(); ++i) {
        quirk_counts_[i] += witnessed.has(static_cast<model::Quirk>(i)) ? 1U : 0U;
    }
    const bool low_bits = v3_ && operation.kind == Kind::frame_write && operation.bytes == 1 &&
                          (operation.value & 7) != 0;
    stepped_counts_[static_cast<unsigned>(Stepped::priority_low_bits)] += low_bits ? 1U : 0U;
}

template <unsigned Pes>
Before Runner<Pes>::before() {
    Before state;
    for (unsigned i = 0; i < state.list.size(); ++i) {
        state.list[i] = gic_.lr(0, i);
    }
    state.running = gic_.running_priority(0);
    state.guest_running = gic_.guest_running_priority(0);
    state.hcr = gic_.hcr(0);
    state.irq = gic_.irq(0) || gic_.fiq(0);
    return state;
}

template <unsigned Pes>
void Runner<Pes>::cover(const Operation& operation, const Before& before) {
    const auto generation = v3_ ? model::Generation::v3 : model::Generation::v2;
    const bool guest = operation.kind == Kind::guest_read || operation.kind == Kind::guest_write ||
                       operation.frame == Frame::gicv;
    const bool reads = operation.kind == Kind::frame_read || operation.kind == Kind::system_read ||
                       operation.kind == Kind::guest_read;
    const bool got = reads && (operation.value & 0x3ff) < model::first_special;
    coverage_.note(Event::acknowledged, got && !guest);
    coverage_.note(Event::nested, got && !guest && before.running != model::idle_priority);
    coverage_.note(Event::guest_acknowledged, got && guest);
    coverage_.note(Event::guest_nested,
                   got && guest && before.guest_running != model::idle_priority);
    bool deactivated = false;
    for (unsigned i = 0; i < before.list.size(); ++i) {
        const model::LrFields lr = model::decode_lr(generation, before.list[i]);
        deactivated |= guest && lr.hw && lr.state == model::LrState::active &&
                       gic_.lr_state(0, i) == model::LrState::invalid;
    }
    const bool signalled = gic_.irq(0) || gic_.fiq(0);
    coverage_.note(Event::guest_deactivated_hw, deactivated);
    coverage_.note(Event::resignalled, deactivated && signalled && !before.irq);
    const unsigned shift = model::hcr::eoicount_shift;
    coverage_.note(Event::eoi_counted, guest && gic_.hcr(0) >> shift != before.hcr >> shift);
    coverage_.note(Event::maintenance, gic_.line(0, model::maintenance_intid));
    coverage_.note(Event::virq, gic_.virq(0) || gic_.vfiq(0));
    const unsigned group0 = gic_.highest_pending(0, 0) & 0x3ff;
    const unsigned group1 = gic_.highest_pending(0, 1) & 0x3ff;
    const bool held =
        !signalled && (group0 < model::first_special || group1 < model::first_special);
    coverage_.note(Event::masked_pending, held);
}

// --- the run

// From reset to a state in which interrupts flow: both sides get the same writes.
template <unsigned Pes>
void Runner<Pes>::start() {
    for (const unsigned intid : lines) {
        step({Kind::line, Frame::gicd, 4, intid, 0});
    }
    step(frame_write(Frame::gicd, model::gicd::ctlr, 3));
    if (!v3_) {
        step(frame_write(Frame::gicc, model::gicc::pmr, 0xff));
        step(frame_write(Frame::gicc, model::gicc::ctlr, 0x203));
        for (unsigned spi = 32; spi < 64; ++spi) {
            step(frame_write(Frame::gicd, model::gicd::itargetsr + spi, 1, 1));
        }
        return;
    }
    write_system(Sysreg::icc_sre_el2, 0xf);
    step(frame_write(Frame::gicr, model::sgi_base + model::gicd::igroupr, 0xffffffff));
    step(frame_write(Frame::gicd, model::gicd::igroupr + 4, 0xffffffff));
    step(sysreg_operation(Kind::system_write, Sysreg::icc_pmr, 0xff));
    step(sysreg_operation(Kind::system_write, Sysreg::icc_ctlr, 2));
    step(sysreg_operation(Kind::system_write, Sysreg::icc_igrpen0, 1));
    step(sysreg_operation(Kind::system_write, Sysreg::icc_igrpen1, 1));
}

template <unsigned Pes>
bool Runner<Pes>::run(std::uint64_t operations) {
    start();
    while (!differs_ && done_ < operations) {
        step(generator_.next(before().list));
    }
    if (differs_) {
        report();
    }
    return !differs_;
}

} // namespace hyp::differential

#include "tests/target/differential/runner_report.hpp"
