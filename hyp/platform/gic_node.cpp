// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/gic_node.hpp"

namespace hyp {

namespace {

constexpr u64 page = 4 * kib;
constexpr u64 mirrored_size = 128 * kib;
constexpr u64 last_mirror = 0xf000;

// GICC and GICV: two pages (IHI 0048B: GICC_DIR at 0x1000). A 128 KiB region holds each page
// sixteen times, 4 KiB apart: from +0xf000 the two are neighbours. Trees that give one page are
// kept as they are: where DIR is then, they do not say.
PaRange interface_frame(PaRange range) {
    if (range.size == mirrored_size) {
        return {range.base + last_mirror, 2 * page};
    }
    return {range.base, range.size < 2 * page ? range.size : 2 * page};
}

PaRange one_page(PaRange range) {
    return {range.base, range.size < page ? range.size : page};
}

void read_v2(PlatformGic& gic, const NodeStack& stack, const TreeValue& reg) {
    gic.gicc = interface_frame(stack.reg(reg, 1));
    gic.gich = one_page(stack.reg(reg, 2));
    gic.gicv = interface_frame(stack.reg(reg, 3));
}

void read_v3(PlatformGic& gic, const NodeStack& stack, const NodeProps& props) {
    const TreeValue& reg = props.get(Prop::reg);
    const u32 regions = props.cell(Prop::redistributor_regions, 1);
    for (u32 n = 0; n < regions && n < PlatformGic::max_redistributor_regions; ++n) {
        const PaRange region = stack.reg(reg, 1 + n);
        if (region.size != 0) {
            gic.gicr[gic.gicr_count++] = region;
        }
    }
    const TreeValue& stride = props.get(Prop::redistributor_stride);
    gic.gicr_stride = stride.number(0, stride.cells() < 2 ? stride.cells() : 2);
}

} // namespace

bool gic_generation(const char* kind, GicGeneration& generation) {
    if (same_string(kind, "gic-v3")) {
        generation = GicGeneration::v3;
        return true;
    }
    generation = GicGeneration::v2;
    return same_string(kind, "cortex-a15-gic") || same_string(kind, "gic-400") ||
           same_string(kind, "cortex-a7-gic");
}

PlatformGic read_gic_node(const NodeStack& stack, const NodeProps& props,
                          GicGeneration generation) {
    PlatformGic gic;
    gic.generation = generation;
    gic.gicd = stack.reg(props.get(Prop::reg), 0);
    switch (generation) {
    case GicGeneration::v2: read_v2(gic, stack, props.get(Prop::reg)); break;
    case GicGeneration::v3: read_v3(gic, stack, props); break;
    }
    const bool has_interface = gic.gicc.size != 0 || gic.gicr_count != 0;
    gic.present = gic.gicd.size != 0 && has_interface;
    return gic;
}

} // namespace hyp
