// SPDX-License-Identifier: Apache-2.0
// Walks over the nodes under the root.

#include "find.hpp"

#include "common/mmio.hpp"
#include "common/psci.hpp"
#include "virtio_mmio.hpp"

namespace guest {
namespace {

/** The first node that is compatible with `name` and satisfies `wanted(device)`. */
template <class Wanted>
DeviceNode find_node(const char* name, Wanted&& wanted) {
    const void* const tree = machine().tree;
    if (tree == nullptr) {
        return {};
    }
    const RootCells cells = root_cells(tree);
    for (int node = next_device(tree, 0); node > 0; node = next_device(tree, node)) {
        if (compatible(tree, node, name)) {
            const DeviceNode device{reg_address(tree, node, cells, 0), first_interrupt(tree, node)};
            if (wanted(device)) {
                return device;
            }
        }
    }
    return {};
}

} // namespace

DeviceNode find_device(const char* name) {
    return find_node(name, [](const DeviceNode&) { return true; });
}

DeviceNode find_virtio(VirtioKind kind, unsigned nth) {
    unsigned left = nth;
    return find_node("virtio,mmio", [kind, &left](const DeviceNode& device) {
        return VirtioMmio::kind_at(device.base) == kind && left-- == 0;
    });
}

} // namespace guest
