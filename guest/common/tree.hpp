// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading the device tree with libfdt: the properties that a guest asks for, and one walk over the
// nodes directly under the root, where QEMU's virt and Baton put their devices.

#include "gic_types.hpp"

namespace guest {

/** Cells of an address and of a size under the root; 2 and 1 are the specification's defaults. */
struct RootCells {
    int address = 2;
    int size = 1;
};

/** One property of one node: big-endian cells, or text. `data` is null when there is none. */
struct Property {
    const void* data = nullptr;
    int cells = 0;

    /** The `index`-th cell; 0 behind the end. */
    [[nodiscard]] std::uint32_t cell(int index) const;
    [[nodiscard]] const char* text() const { return static_cast<const char*>(data); }
};

/** An interrupt as a device's node names it; `intid` is 0, an SGI, when it names none. */
struct Wire {
    Intid intid{0};
    Trigger trigger = Trigger::level;
};

/** True when `tree` is a flattened device tree. */
[[nodiscard]] bool is_tree(const void* tree);

[[nodiscard]] Property property(const void* tree, int node, const char* name);
[[nodiscard]] bool compatible(const void* tree, int node, const char* name);
[[nodiscard]] const char* node_name(const void* tree, int node);
[[nodiscard]] RootCells root_cells(const void* tree);

/** The address of the `index`-th entry of the node's `reg`; 0 when there is none. */
[[nodiscard]] std::uintptr_t reg_address(const void* tree, int node, RootCells cells, int index);

/** The node's first interrupt, by the GIC's binding: kind, number, flags. */
[[nodiscard]] Wire first_interrupt(const void* tree, int node);

/** The next node directly under the root after `node` (0: the first one); negative at the end. */
[[nodiscard]] int next_device(const void* tree, int node);

} // namespace guest
