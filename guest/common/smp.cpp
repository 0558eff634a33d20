// SPDX-License-Identifier: Apache-2.0
// CPUs from the tree's /cpus node to their bodies.

#include "smp.hpp"

#include "mmu.hpp"
#include "say.hpp"
#include "smp_entry.h"
#include "tree.hpp"

#include <cstring>

extern "C" {
#include <libfdt.h>

/** smp_entry.S */
extern char secondary_entry[];

extern char secondary_stacks[guest::max_cpus][1 << SECONDARY_STACK_SHIFT];
alignas(16) constinit char secondary_stacks[guest::max_cpus][1 << SECONDARY_STACK_SHIFT] = {};

/** Called by smp_entry.S on the CPU's own stack. */
[[noreturn]] void secondary_start(std::uint64_t context, std::uint64_t sctlr, std::uint64_t daif,
                                  std::uint64_t level);
}

namespace guest {
namespace {

GUEST_SYSREG(TpidrEl1, "tpidr_el1");

constexpr std::uint64_t affinity_fields = 0xff00ffffff; // MPIDR_EL1.Aff3 and Aff2 to Aff0

constinit Cpu cpus[max_cpus] = {};
constinit unsigned count = 0;
constinit EoiMode eoi_mode = EoiMode::joint;

/** Reads /cpus; the first CPU is always this one. */
void read_cpus(const void* tree) {
    const int parent = fdt_path_offset(tree, "/cpus");
    const Property cells = property(tree, parent, "#address-cells");
    const bool wide = cells.data != nullptr && cells.cell(0) == 2;
    cpus[0].affinity = Mpidr::read() & affinity_fields;
    count = 1;
    for (int node = fdt_first_subnode(tree, parent); node > 0 && count < max_cpus;
         node = fdt_next_subnode(tree, node)) {
        const Property type = property(tree, node, "device_type");
        if (type.data == nullptr || std::strcmp(type.text(), "cpu") != 0) {
            continue;
        }
        const Property reg = property(tree, node, "reg");
        const std::uint64_t affinity =
            wide ? std::uint64_t{reg.cell(0)} << 32 | reg.cell(1) : reg.cell(0);
        if (affinity != cpus[0].affinity) {
            cpus[count].affinity = affinity;
            ++count;
        }
    }
}

/** This CPU's record, and its share of the GIC. */
void adopt(Cpu& cpu, unsigned index) {
    cpu.index = index;
    start_event_stream();
    TpidrEl1::write(reinterpret_cast<std::uintptr_t>(&cpu));
    isb();
    if (index == 0) {
        cpu.gic.init(machine(), eoi_mode);
    } else {
        cpu.gic.init_further_cpu(machine(), eoi_mode);
    }
    cpu.interface = cpu.gic.is_v3() ? 0 : cpu.gic.v2_interface();
}

} // namespace

bool open_cpus(EoiMode mode) {
    if (machine().gic == GicVersion::none || machine().tree == nullptr) {
        say("no interrupt controller: the device tree (x0) is missing or names none\n");
        return false;
    }
    open_memory(machine());
    eoi_mode = mode;
    read_cpus(machine().tree);
    adopt(cpus[0], 0);
    cpus[0].online.store(1);
    return true;
}

unsigned cpu_count() {
    return count;
}

Cpu& cpu_at(unsigned index) {
    return cpus[index];
}

std::int64_t start_cpu(unsigned index, Body body, std::uint64_t context) {
    Cpu& cpu = cpus[index];
    cpu.body = body;
    dsb();
    return psci_call(Function::psci_cpu_on64, cpu.affinity,
                     reinterpret_cast<std::uintptr_t>(secondary_entry), context | index);
}

bool bring_up(unsigned index, Body body) {
    return start_cpu(index, body) == psci_success &&
           wait_until([index] { return cpus[index].online.load() == 1; });
}

std::int64_t affinity_info(unsigned index) {
    return psci_call(Function::psci_affinity_info64, cpus[index].affinity, 0);
}

bool wait_until_off(unsigned index) {
    return wait_until([index] { return affinity_info(index) == psci_off; });
}

} // namespace guest

void secondary_start(std::uint64_t context, std::uint64_t sctlr, std::uint64_t daif,
                     std::uint64_t level) {
    using namespace guest;
    const auto index = static_cast<unsigned>(context & 0xff);
    Cpu& cpu = cpu_at(index);
    cpu.entry = {context, sctlr, daif, level};
    adopt(cpu, index);
    cpu.online.store(1);
    cpu.body(index);
    mask_interrupts();
    VirtualTimer::stop();
    PhysicalTimer::stop();
    cpu.online.store(0);
    psci_call(Function::psci_cpu_off);
    say("CPU_OFF of CPU %u returned\n", index);
    finish(Verdict::bad);
}
