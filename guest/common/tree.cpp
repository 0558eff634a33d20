// SPDX-License-Identifier: Apache-2.0
// The few questions, put to libfdt.

#include "tree.hpp"

extern "C" {
#include <libfdt.h>
}

namespace guest {

std::uint32_t Property::cell(int index) const {
    return data != nullptr && index < cells ? fdt32_to_cpu(static_cast<const fdt32_t*>(data)[index])
                                            : 0;
}

bool is_tree(const void* tree) {
    return tree != nullptr && fdt_check_header(tree) == 0;
}

Property property(const void* tree, int node, const char* name) {
    int bytes = 0;
    const void* data = fdt_getprop(tree, node, name, &bytes);
    if (data == nullptr) {
        return {};
    }
    return {data, bytes / 4};
}

bool compatible(const void* tree, int node, const char* name) {
    return fdt_node_check_compatible(tree, node, name) == 0;
}

const char* node_name(const void* tree, int node) {
    return fdt_get_name(tree, node, nullptr);
}

RootCells root_cells(const void* tree) {
    RootCells cells;
    if (const Property p = property(tree, 0, "#address-cells"); p.cells == 1) {
        cells.address = static_cast<int>(p.cell(0));
    }
    if (const Property p = property(tree, 0, "#size-cells"); p.cells == 1) {
        cells.size = static_cast<int>(p.cell(0));
    }
    return cells;
}

std::uintptr_t reg_address(const void* tree, int node, RootCells cells, int index) {
    const Property reg = property(tree, node, "reg");
    std::uintptr_t address = 0;
    for (int i = 0; i < cells.address; ++i) {
        address = (address << 32) | reg.cell(index * (cells.address + cells.size) + i);
    }
    return address;
}

Wire first_interrupt(const void* tree, int node) {
    constexpr std::uint32_t spi = 0; // kind; 1 is a PPI
    constexpr std::uint32_t either_edge = 3;
    const Property interrupts = property(tree, node, "interrupts");
    if (interrupts.cells < 3) {
        return {};
    }
    const std::uint32_t base = interrupts.cell(0) == spi ? 32 : 16;
    return {Intid{base + interrupts.cell(1)},
            (interrupts.cell(2) & either_edge) != 0 ? Trigger::edge : Trigger::level};
}

int next_device(const void* tree, int node) {
    return node == 0 ? fdt_first_subnode(tree, 0) : fdt_next_subnode(tree, node);
}

} // namespace guest
