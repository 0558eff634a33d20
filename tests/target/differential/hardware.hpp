// SPDX-License-Identifier: Apache-2.0
// The real (QEMU's) GIC as the differential test reaches it from EL2: frames, system registers, the
// guest's registers through a visit to EL1, and lines raised by timers and the UART.
#pragma once

#include "tests/model/gic_registers.hpp"

#include <array>
#include <cstdint>

namespace hyp::differential {

using model::Frame;
using model::Sysreg;

[[nodiscard]] bool has_gicv3(); // ID_AA64PFR0_EL1.GIC
[[nodiscard]] unsigned cpu_count(bool v3);

[[nodiscard]] std::uint64_t read_frame(bool v3, Frame frame, unsigned offset, unsigned bytes);
void write_frame(bool v3, Frame frame, unsigned offset, std::uint64_t value, unsigned bytes);

// EL2's view. Unknown registers read 0: the caller only names those of system_registers().
[[nodiscard]] std::uint64_t read_system(Sysreg reg);
void write_system(Sysreg reg, std::uint64_t value);

// EL1's view (ICV), v3 only. A physical interrupt would preempt the visit, so PMR is 0 meanwhile.
[[nodiscard]] std::uint64_t read_guest(Sysreg reg);
void write_guest(Sysreg reg, std::uint64_t value);

struct GuestView {
    std::array<std::uint64_t, 10> values; // as snapshot_registers
};
constexpr std::array<Sysreg, 10> snapshot_registers = {
    Sysreg::isr,         Sysreg::icc_pmr,    Sysreg::icc_hppir0, Sysreg::icc_hppir1,
    Sysreg::icc_bpr0,    Sysreg::icc_bpr1,   Sysreg::icc_ctlr,   Sysreg::icc_rpr,
    Sysreg::icc_igrpen0, Sysreg::icc_igrpen1};
void read_guest_view(GuestView& view);

// v2: ISR_EL1 at EL1 (vIRQ, vFIQ). Only while no physical interrupt is signalled.
[[nodiscard]] std::uint64_t guest_isr();

// Lines that can be driven: PPI 26 (CNTHP), 27 (CNTV), 30 (CNTP), SPI 33 (PL011 transmit).
constexpr std::array<unsigned, 4> lines = {26, 27, 30, 33};
void drive_line(unsigned intid, bool level);

} // namespace hyp::differential
