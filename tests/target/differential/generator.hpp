// SPDX-License-Identifier: Apache-2.0
// Random GIC operations of the differential test: every kind of access an EL2 and its guest make,
// biased so that interrupts really flow. Only forms the architecture defines are made; what is left
// out on purpose, because it is UNPREDICTABLE or ends QEMU, stands in exceptions.hpp.
#pragma once

#include "tests/model/gic_list_register.hpp"
#include "tests/model/gic_registers.hpp"
#include "tests/target/differential/operation.hpp"

namespace hyp::differential {

class Generator {
public:
    Generator(bool v3, unsigned pes, std::uint64_t seed) : v3_(v3), pes_(pes), random_(seed) {}

    // `list` holds the list registers as they are: a vINTID may be in one only.
    [[nodiscard]] Operation next(const std::array<std::uint64_t, 4>& list);

    // Tells what an IAR read returned, so that EOIR and DIR can name it. May begin a plan.
    void acknowledged(const Operation& operation);

private:
    // The last acknowledged interrupts of one interface; v3 keeps the group in bit 31.
    struct History {
        std::array<std::uint32_t, 8> iars{};
        unsigned count = 0;
        void push(std::uint32_t iar) { iars[count++ % iars.size()] = iar; }
    };

    [[nodiscard]] unsigned intid();
    [[nodiscard]] std::uint32_t some_bits(unsigned word);
    [[nodiscard]] unsigned priority();
    [[nodiscard]] std::uint32_t recall(History& history, bool newest);

    // generator_plan.cpp: sequences as a hypervisor and its guest make them, so that random state
    // does not keep interrupts from flowing. Random operations come between their steps.
    [[nodiscard]] Operation planned(const std::array<std::uint64_t, 4>& list);
    [[nodiscard]] Operation forward_step(const std::array<std::uint64_t, 4>& list);
    [[nodiscard]] Operation restore_v2(unsigned step);
    [[nodiscard]] Operation restore_v3(unsigned step);
    [[nodiscard]] Operation forwarding_list_register(const std::array<std::uint64_t, 4>& list);

    [[nodiscard]] Operation random_operation(const std::array<std::uint64_t, 4>& list);
    [[nodiscard]] Operation line();
    [[nodiscard]] Operation bitmap();
    [[nodiscard]] Operation priority_write();
    [[nodiscard]] Operation config();
    [[nodiscard]] Operation route();
    [[nodiscard]] Operation sgi();
    [[nodiscard]] Operation distributor_control();
    [[nodiscard]] Operation mask_write();
    [[nodiscard]] Operation control(Kind kind, Frame frame);
    [[nodiscard]] Operation acknowledge(Kind kind, Frame frame);
    [[nodiscard]] Operation end(Kind kind, Frame frame, History& history);
    [[nodiscard]] Operation deactivate(Kind kind, Frame frame, History& history);
    [[nodiscard]] Operation physical_priorities();
    [[nodiscard]] Operation list_register(const std::array<std::uint64_t, 4>& list);
    [[nodiscard]] Operation hypervisor_control();
    [[nodiscard]] Operation machine_control();
    [[nodiscard]] Operation virtual_priorities();
    [[nodiscard]] Operation guest();

    bool v3_;
    unsigned pes_;
    Random random_;
    History physical_;
    History virtual_;
    enum class Plan : std::uint8_t { none, forward, restore };
    Plan plan_ = Plan::none;
    unsigned step_ = 0;
    std::uint32_t forwarded_ = 0; // IAR value of the interrupt being handed over
};

} // namespace hyp::differential
