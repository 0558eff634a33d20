// SPDX-License-Identifier: Apache-2.0
#pragma once
// Several CPUs: numbered by the guest from 0, which is the one that booted; each with a stack, a
// record in memory (TPIDR_EL1 points there), vectors, and its share of the GIC.

#include "gic.hpp"
#include "psci_call.hpp"
#include "sync.hpp"

namespace guest {

/** As many as a GICv2 has CPU interfaces. */
constexpr unsigned max_cpus = 8;

/** What a CPU runs, with interrupts masked; when it returns the CPU turns itself off. */
using Body = void (*)(unsigned cpu);

/** How PSCI entered a CPU, as its first instructions saw it. */
struct EntryState {
    std::uint64_t context; // x0
    std::uint64_t sctlr;
    std::uint64_t daif;
    std::uint64_t level; // CurrentEL with SPSel in bit 0
};

/** One CPU. Its own, but for `body`, which is written before it is started, and `online`. */
struct alignas(64) Cpu {
    unsigned index;
    /** MPIDR_EL1's affinity fields, as the tree has them and PSCI wants them. */
    std::uint64_t affinity;
    Gic gic;
    /** v2: this CPU's bit in GICD_ITARGETSR and GICD_SGIR. */
    std::uint8_t interface;
    EntryState entry;
    Body body;
    /** 1 while `body` runs. */
    Word online;
};

/**
 * Turns the MMU on, counts the tree's CPUs and brings up the first one's share of the GIC. Once,
 * first of all. False, after one sentence, where there is no GIC or no tree.
 */
[[nodiscard]] bool open_cpus(EoiMode mode = EoiMode::joint);

[[nodiscard]] unsigned cpu_count();
[[nodiscard]] Cpu& cpu_at(unsigned index);

/** The CPU that executes this. */
[[nodiscard]] inline Cpu& this_cpu() {
    std::uint64_t value;
    asm volatile("mrs %0, tpidr_el1" : "=r"(value));
    return *reinterpret_cast<Cpu*>(value);
}

/** PSCI CPU_ON with this body; the result is PSCI's. Bits 8 and up of `context` are free. */
[[nodiscard]] std::int64_t start_cpu(unsigned index, Body body, std::uint64_t context = 0);

/** Starts it and waits until `body` runs; false when it does not. */
[[nodiscard]] bool bring_up(unsigned index, Body body);

/** Waits until AFFINITY_INFO says that it is off. */
[[nodiscard]] bool wait_until_off(unsigned index);

/** PSCI AFFINITY_INFO of level 0. */
[[nodiscard]] std::int64_t affinity_info(unsigned index);

} // namespace guest
