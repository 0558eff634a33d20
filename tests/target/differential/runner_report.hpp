// SPDX-License-Identifier: Apache-2.0
// Part of runner.hpp: the comparison of registers and what is printed.
#pragma once

#include "tests/target/differential/runner.hpp"

namespace hyp::differential {

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
void Runner<Pes>::compare_all(bool config) {
    const FrameProbe* probes = v3_ ? v3_probes.data() : v2_probes.data();
    const std::size_t size = v3_ ? v3_probes.size() : v2_probes.size();
    const std::uint64_t outputs = read_system(Sysreg::isr);
    check("ISR_EL1", 0, outputs, gic_.read(0, Sysreg::isr));
    for (std::size_t i = 0; i < size; ++i) {
        const unsigned count = probes[i].config && !config ? 0 : probes[i].count;
        for (unsigned n = 0; n < count; ++n) {
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

// --- reports

template <unsigned Pes>
void Runner<Pes>::print_operation(const Operation& operation) const {
    constexpr std::array<std::string_view, 7> kinds = {
        "line", "write", "read", "EL2 write", "EL2 read", "EL1 write", "EL1 read"};
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
bool Runner<Pes>::print_coverage() const {
    for (unsigned i = 0; i < coverage_.counts.size(); ++i) {
        print("covered ", event_names[i], ": ", coverage_.counts[i], "\n");
    }
    return coverage_.complete(v3_);
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
