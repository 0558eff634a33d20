// SPDX-License-Identifier: Apache-2.0
// One pass over the device tree.

#include "machine.hpp"

#include "tree.hpp"

#include <cstring>

namespace guest {
namespace {

void read_gic(const void* tree, int node, RootCells cells, Machine& machine) {
    if (compatible(tree, node, "arm,gic-v3")) {
        machine.gic = GicVersion::v3;
    } else if (compatible(tree, node, "arm,cortex-a15-gic") ||
               compatible(tree, node, "arm,gic-400")) {
        machine.gic = GicVersion::v2;
    } else {
        return;
    }
    machine.distributor = reg_address(tree, node, cells, 0);
    machine.cpu_interface = reg_address(tree, node, cells, 1);
}

/** The binding's order is: secure, non-secure physical, virtual, hypervisor; PPI n is 16 + n. */
void read_timer(const void* tree, int node, Machine& machine) {
    const Property interrupts = property(tree, node, "interrupts");
    if (interrupts.cells >= 9) {
        machine.physical_timer = Intid{16 + interrupts.cell(3 + 1)};
        machine.virtual_timer = Intid{16 + interrupts.cell(6 + 1)};
    }
}

void read_psci(const void* tree, int node, Machine& machine) {
    const Property method = property(tree, node, "method");
    if (method.data != nullptr) {
        machine.psci = std::strcmp(method.text(), "smc") == 0 ? Conduit::smc : Conduit::hvc;
    }
}

void read_chosen(const void* tree, int node, Machine& machine) {
    const Property bootargs = property(tree, node, "bootargs");
    if (bootargs.data != nullptr) {
        machine.bootargs = bootargs.text();
    }
}

void read_node(const void* tree, int node, RootCells cells, Machine& machine) {
    const char* name = node_name(tree, node);
    if (std::strcmp(name, "chosen") == 0) {
        read_chosen(tree, node, machine);
    } else if (std::strcmp(name, "psci") == 0) {
        read_psci(tree, node, machine);
    } else if (compatible(tree, node, "baton,hypervisor")) {
        machine.under_baton = true;
    } else if (compatible(tree, node, "arm,armv8-timer")) {
        read_timer(tree, node, machine);
    } else if (compatible(tree, node, "arm,pl011")) {
        machine.console = reg_address(tree, node, cells, 0);
    } else {
        read_gic(tree, node, cells, machine);
    }
}

} // namespace

Machine read_machine(const void* tree) {
    Machine machine;
    if (!is_tree(tree)) {
        return machine;
    }
    machine.tree = tree;
    machine.console = 0; // none, unless the tree has one
    const RootCells cells = root_cells(tree);
    for (int node = next_device(tree, 0); node > 0; node = next_device(tree, node)) {
        read_node(tree, node, cells, machine);
    }
    return machine;
}

} // namespace guest
