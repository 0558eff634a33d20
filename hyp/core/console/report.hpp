// SPDX-License-Identifier: Apache-2.0
// The answers of Baton's console to what only asks, a line at a time: the caller gives the values
// that the next line is about, so that nothing is gathered in advance, and takes the line when there
// is room for it.
#pragma once

#include "hyp/core/console/command.hpp"
#include "hyp/core/trace/text.hpp"
#include "hyp/core/vgic/list_reg.hpp"

#include <array>

namespace hyp {

// What can be told in a number, of the VM and vCPU that the next line is about. ~0 reads "never".
enum class Figure : u8 {
    vm, // its number, and the vCPU's: filled in by Report
    vcpu,
    list_register,
    vcpus, // how many it has
    rank,
    pcpu,
    cntv_ctl,
    cntv_cval,
    deadline,     // when it wakes by itself, in CNTPCT ticks
    now,          // CNTPCT
    exits,        // but those that a fast path answered
    acknowledged, // physical interrupts that EL2 handed over, without those of fast paths
    moves,        // from one pCPU to another
};
inline constexpr usize figures = 13;

// And in a word.
enum class Caption : u8 {
    vm_name, // or the line number vm() of the doctor's report
    vm_state,
    vcpu_state,
};
inline constexpr usize captions = 3;

// Of one VM and of one vCPU of it; what is not asked for may be left out. list_register is the one of
// number Report::list_register().
struct SystemView {
    u8 vms = 0;   // or the doctor's lines
    u8 vcpus = 0; // of the VM
    u8 list_registers = 0;
    std::array<u64, figures> figure{};
    std::array<const char*, captions> caption{"", "", ""};
    ListReg list_register{};

    void set(Figure which, u64 value) { figure[static_cast<u8>(which)] = value; }
    void set(Caption which, const char* word) { caption[static_cast<u8>(which)] = word; }
};

class Report {
public:
    // A line is never longer, with its zero.
    static constexpr u32 line_size = 128;

    constexpr Report() = default;
    explicit Report(const Command& command);
    // What the view must be filled for: a VM, a vCPU that it may not have, and one of its registers.
    [[nodiscard]] Verb verb() const { return verb_; }
    [[nodiscard]] u8 vm() const { return vm_; }
    [[nodiscard]] u8 vcpu() const { return vcpu_; }
    [[nodiscard]] u8 list_register() const { return list_register_; }
    // Nothing is left to be said.
    [[nodiscard]] bool is_over() const { return !active_; }
    // The next line; none, if it is the turn of another vCPU or VM.
    void next(SystemView& view, Text& line);

private:
    void put_line(SystemView& view, Text& line) const;

    Verb verb_{};
    u8 vm_ = 0;
    u8 last_vm_ = 0;
    u8 vcpu_ = 0;
    u8 list_register_ = 0;
    bool active_ = false;
};

} // namespace hyp
