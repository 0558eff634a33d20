// SPDX-License-Identifier: Apache-2.0
// Runs one random sequence on the real GIC and on the model of a machine with `Pes` CPUs (only the
// first one acts), compares every register after every operation, and counts the named exceptions.
#pragma once

#include "tests/model/gic_model.hpp"
#include "tests/target/differential/exceptions.hpp"
#include "tests/target/differential/generator.hpp"
#include "tests/target/differential/print.hpp"
#include "tests/target/differential/registers.hpp"

namespace hyp::differential {

template <unsigned Pes>
class Runner {
public:
    Runner(bool v3, std::uint64_t seed)
        : v3_(v3), gic_(model::qemu(v3 ? model::Generation::v3 : model::Generation::v2, Pes)),
          generator_(v3, Pes, seed) {}

    // False: the two differed; the report is printed.
    [[nodiscard]] bool run(std::uint64_t operations);
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
    void compare_all();
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
    Difference difference_{};
    std::array<std::uint64_t, static_cast<unsigned>(model::Quirk::count)> quirk_counts_{};
    std::array<std::uint64_t, static_cast<unsigned>(Stepped::count)> stepped_counts_{};
};

// --- one operation

template <unsigned Pes>
std::uint64_t Runner<Pes>::on_real(const Operation& operation) {
    const auto reg = static_cast<Sysreg>(operation.reg);
    switch (operation.kind) {
    case Kind::line:
        drive_line(operation.reg, operation.value != 0);
        return operation.value;
    case Kind::frame_write:
        write_frame(v3_, operation.frame, operation.reg, operation.value, operation.bytes);
        return operation.value;
    case Kind::frame_read:
        return read_frame(v3_, operation.frame, operation.reg, operation.bytes);
    case Kind::system_write:
        write_system(reg, operation.value);
        return operation.value;
    case Kind::system_read:
        return read_system(reg);
    case Kind::guest_write:
        write_guest(reg, operation.value);
        return operation.value;
    case Kind::guest_read:
        return read_guest(reg);
    }
    return 0;
}

template <unsigned Pes>
std::uint64_t Runner<Pes>::on_model(const Operation& operation) {
    const auto reg = static_cast<Sysreg>(operation.reg);
    switch (operation.kind) {
    case Kind::line:
        gic_.set_line(0, operation.reg, operation.value != 0);
        return operation.value;
    case Kind::frame_write:
        gic_.write(0, operation.frame, operation.reg, operation.value, operation.bytes);
        return operation.value;
    case Kind::frame_read:
        return gic_.read(0, operation.frame, operation.reg, operation.bytes);
    case Kind::system_write:
        gic_.write(0, reg, operation.value);
        return operation.value;
    case Kind::system_read:
        return gic_.read(0, reg);
    case Kind::guest_write:
        gic_.guest_write(0, reg, operation.value);
        return operation.value;
    case Kind::guest_read:
        return gic_.guest_read(0, reg);
    }
    return 0;
}

template <unsigned Pes>
void Runner<Pes>::step(Operation operation) {
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
    compare_all();
    if (done_ % 1024 == 0) {
        compare_rare();
    }
    count(operation);
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

// --- comparison

template <unsigned Pes>
void Runner<Pes>::check(std::string_view name, unsigned index, std::uint64_t real,
                        std::uint64_t model) {
    if (real != model && !differs_) {
        differs_ = true;
        difference_ = {name, index, real, model};
    }
}

template <unsigned Pes>
void Runner<Pes>::compare_system() {
    for (const SystemProbe& probe : v3_system_probes) {
        check(probe.name, 0, read_system(probe.reg), gic_.read(0, probe.reg));
    }
    GuestView view{};
    read_guest_view(view);
    for (unsigned i = 0; i < view.values.size(); ++i) {
        check(guest_names[i], 0, view.values[i], gic_.guest_read(0, snapshot_registers[i]));
    }
    const unsigned router = model::gicd::irouter + 8 * (32 + static_cast<unsigned>(done_ % 32));
    check("GICD_IROUTER", router, read_frame(v3_, Frame::gicd, router, 8),
          gic_.read(0, Frame::gicd, router, 8));
}

template <unsigned Pes>
void Runner<Pes>::compare_all() {
    const FrameProbe* probes = v3_ ? v3_probes.data() : v2_probes.data();
    const std::size_t size = v3_ ? v3_probes.size() : v2_probes.size();
    const std::uint64_t outputs = read_system(Sysreg::isr);
    check("ISR_EL1", 0, outputs, gic_.read(0, Sysreg::isr));
    for (std::size_t i = 0; i < size; ++i) {
        for (unsigned n = 0; n < probes[i].count; ++n) {
            const unsigned offset = probes[i].offset + 4 * n;
            check(probes[i].name, n, read_frame(v3_, probes[i].frame, offset, 4),
                  gic_.read(0, probes[i].frame, offset));
        }
    }
    if (v3_) {
        compare_system();
    } else if (outputs == 0) { // a physical interrupt would preempt the visit to EL1
        check("ISR at EL1", 0, guest_isr(), gic_.guest_read(0, Sysreg::isr));
    }
}

// The SPIs that the generator leaves alone must stay as they are.
template <unsigned Pes>
void Runner<Pes>::compare_rare() {
    for (unsigned offset = model::gicd::igroupr; offset < model::gicd::ipriorityr; offset += 4) {
        const bool exists = (offset & 0x7f) < 4 * 9;
        if (exists) {
            check("GICD bitmap", offset, read_frame(v3_, Frame::gicd, offset, 4),
                  gic_.read(0, Frame::gicd, offset));
        }
    }
    for (unsigned offset = model::gicd::ipriorityr; offset < model::gicd::ipriorityr + 288;
         offset += 4) {
        check("GICD_IPRIORITYR at", offset, read_frame(v3_, Frame::gicd, offset, 4),
              gic_.read(0, Frame::gicd, offset));
    }
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
        std::array<std::uint64_t, 4> list{};
        for (unsigned i = 0; i < list.size(); ++i) {
            list[i] = gic_.lr(0, i);
        }
        step(generator_.next(list));
    }
    if (differs_) {
        report();
    }
    return !differs_;
}

// --- reports

template <unsigned Pes>
void Runner<Pes>::print_operation(const Operation& operation) const {
    constexpr std::array<std::string_view, 7> kinds = {"line",  "write", "read", "EL2 write",
                                                       "EL2 read", "EL1 write", "EL1 read"};
    constexpr std::array<std::string_view, 5> frames = {"GICD", "GICR", "GICC", "GICH", "GICV"};
    print("  ", kinds[static_cast<unsigned>(operation.kind)], " ");
    if (operation.kind == Kind::frame_write || operation.kind == Kind::frame_read) {
        print(frames[static_cast<unsigned>(operation.frame)], "+", Hex{operation.reg}, " (",
              unsigned{operation.bytes}, " bytes)");
    } else if (operation.kind == Kind::line) {
        print(operation.reg);
    } else {
        print("S", operation.reg >> 14, "_", operation.reg >> 11 & 7, "_c", operation.reg >> 7 & 15,
              "_c", operation.reg >> 3 & 15, "_", operation.reg & 7);
    }
    print(" = ", Hex{operation.value}, "\n");
}

template <unsigned Pes>
void Runner<Pes>::report() const {
    print("difference after operation ", done_, ": ", difference_.name, "[", difference_.index,
          "] is ", Hex{difference_.real}, ", the model says ", Hex{difference_.model}, "\n",
          "last operations, the newest last:\n");
    const std::uint64_t shown = done_ < last_.size() ? done_ : last_.size();
    for (std::uint64_t i = done_ - shown; i < done_; ++i) {
        print_operation(last_[i % last_.size()]);
    }
}

template <unsigned Pes>
void Runner<Pes>::print_exceptions() const {
    for (const QuirkException& exception : quirk_exceptions) {
        const std::uint64_t times = quirk_counts_[static_cast<unsigned>(exception.quirk)];
        if (times != 0) {
            print("exception ", exception.name, ": ", times, " (", exception.reason, ")\n");
        }
    }
    for (unsigned i = 0; i < stepped_counts_.size(); ++i) {
        if (stepped_counts_[i] != 0) {
            print("exception ", stepped_exceptions[i].name, ": ", stepped_counts_[i], " (",
                  stepped_exceptions[i].reason, ")\n");
        }
    }
}

} // namespace hyp::differential
