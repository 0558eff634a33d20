// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/node.hpp"

namespace hyp {

namespace {

// In the order of Prop. Names with the same first letter are neighbours.
constexpr const char* prop_names[] = {
    "#address-cells",
    "#size-cells",
    "#interrupt-cells",
    "#redistributor-regions",
    "compatible",
    "cpu-release-addr",
    "device_type",
    "enable-method",
    "interrupt-parent",
    "interrupts",
    "method",
    "model",
    "phandle",
    "ranges",
    "redistributor-stride",
    "reg",
    "status",
    "stdout-path",
};
constexpr u32 prop_count = static_cast<u32>(Prop::none);
static_assert(sizeof prop_names / sizeof prop_names[0] == prop_count);

// One entry of `ranges`: child address, parent address, size.
struct RangesLayout {
    u32 child;
    u32 parent;
    u32 size;
    [[nodiscard]] u32 stride() const { return child + parent + size; }
    // More than two cells are PCI's; an entry without a size maps nothing.
    [[nodiscard]] bool usable() const { return child - 1 < 2 && parent - 1 < 2 && size - 1 < 2; }
};

// Does [address, address + size) lie in [base, base + span)?
bool inside(u64 address, u64 size, u64 base, u64 span) {
    return address >= base && address - base < span && size <= span - (address - base);
}

} // namespace

Prop PropNames::look_up(const char* name) {
    u32 n = 0;
    while (n < prop_count && (prop_names[n][0] != name[0] || !same_string(prop_names[n], name))) {
        ++n;
    }
    return static_cast<Prop>(n);
}

bool NodeStack::translate(u64& address, u64 size) const {
    // frames_[level] is a bus; its ranges lead from its children's addresses to its own parent's.
    for (u32 level = depth_ - 2; level > 0; --level) {
        const Frame& bus = frames_[level];
        if (!bus.has_ranges) {
            return false;
        }
        if (bus.ranges.length == 0) {
            continue; // the same addresses on both sides
        }
        const RangesLayout layout{bus.address_cells, frames_[level - 1].address_cells,
                                  bus.size_cells};
        bool found = false;
        for (u32 n = 0; layout.usable() && !found && n + layout.stride() <= bus.ranges.cells();
             n += layout.stride()) {
            const u64 child = bus.ranges.number(n, layout.child);
            const u64 parent = bus.ranges.number(n + layout.child, layout.parent);
            const u64 span = bus.ranges.number(n + layout.child + layout.parent, layout.size);
            const bool wraps = parent + (address - child) < parent;
            if (inside(address, size, child, span) && !wraps) {
                address = parent + (address - child);
                found = true;
            }
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

PaRange NodeStack::reg(const TreeValue& reg, u32 n) const {
    if (depth_ < 2) {
        return {};
    }
    const u32 address_cells = parent().address_cells;
    const u32 size_cells = parent().size_cells;
    if (address_cells - 1 > 1 || size_cells - 1 > 1) {
        return {};
    }
    const u32 stride = address_cells + size_cells;
    if (n >= reg.cells() / stride) {
        return {};
    }
    u64 address = reg.number(n * stride, address_cells);
    const u64 size = reg.number(n * stride + address_cells, size_cells);
    if (size == 0 || !translate(address, size) || address + size < address) {
        return {};
    }
    return {Pa{address}, size};
}

} // namespace hyp
