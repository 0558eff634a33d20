// SPDX-License-Identifier: Apache-2.0
// One pass over the device tree, with libfdt.

#include "machine.hpp"

#include <cstring>

extern "C" {
#include <libfdt.h>
}

namespace guest {
namespace {

/** Cells of an address and of a size under the root; 2 and 1 are the specification's defaults. */
struct RootCells {
    int address = 2;
    int size = 1;
};

/** One property of one node. `data` is null when the node has no such property. */
struct Property {
    const fdt32_t* data = nullptr;
    int cells = 0;
};

Property property(const void* tree, int node, const char* name) {
    int bytes = 0;
    const void* data = fdt_getprop(tree, node, name, &bytes);
    if (data == nullptr) {
        return {};
    }
    return {static_cast<const fdt32_t*>(data), bytes / 4};
}

std::uint32_t cell(const Property& p, int index) {
    return index < p.cells ? fdt32_to_cpu(p.data[index]) : 0;
}

/** The address of the `index`-th entry of the node's `reg`; 0 when there is none. */
std::uintptr_t reg_address(const void* tree, int node, RootCells cells, int index) {
    const Property reg = property(tree, node, "reg");
    std::uintptr_t address = 0;
    for (int i = 0; i < cells.address; ++i) {
        address = (address << 32) | cell(reg, index * (cells.address + cells.size) + i);
    }
    return address;
}

bool compatible(const void* tree, int node, const char* name) {
    return fdt_node_check_compatible(tree, node, name) == 0;
}

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
        machine.physical_timer = Intid{16 + cell(interrupts, 3 + 1)};
        machine.virtual_timer = Intid{16 + cell(interrupts, 6 + 1)};
    }
}

void read_psci(const void* tree, int node, Machine& machine) {
    const Property method = property(tree, node, "method");
    if (method.data != nullptr) {
        const auto* text = reinterpret_cast<const char*>(method.data);
        machine.psci = std::strcmp(text, "smc") == 0 ? Conduit::smc : Conduit::hvc;
    }
}

void read_chosen(const void* tree, int node, Machine& machine) {
    const Property bootargs = property(tree, node, "bootargs");
    if (bootargs.data != nullptr) {
        machine.bootargs = reinterpret_cast<const char*>(bootargs.data);
    }
}

void read_node(const void* tree, int node, RootCells cells, Machine& machine) {
    const char* name = fdt_get_name(tree, node, nullptr);
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
    if (tree == nullptr || fdt_check_header(tree) != 0) {
        return machine;
    }
    RootCells cells;
    if (const Property p = property(tree, 0, "#address-cells"); p.cells == 1) {
        cells.address = static_cast<int>(cell(p, 0));
    }
    if (const Property p = property(tree, 0, "#size-cells"); p.cells == 1) {
        cells.size = static_cast<int>(cell(p, 0));
    }
    int depth = 0;
    for (int node = fdt_next_node(tree, 0, &depth); node >= 0 && depth > 0;
         node = fdt_next_node(tree, node, &depth)) {
        if (depth == 1) {
            read_node(tree, node, cells, machine);
        }
    }
    return machine;
}

} // namespace guest
