// SPDX-License-Identifier: Apache-2.0
#include "hyp/move.hpp"

#include "hyp/arch/cache.hpp"
#include "hyp/arch/mapping.hpp"
#include "hyp/platform/free_ram.hpp"

#include <cstring>

extern "C" {
extern const char at_el2[]; // boot/start.S
}

namespace hyp {

namespace {

using mapping::WindowSlot;

// Into memory itself, from where the copy starts with its caches off. False: too much for a window.
[[nodiscard, gnu::noinline]] bool copy(Pa to, PaRange from) {
    const u8* source = mapping::map_window(WindowSlot::source, from.base, from.size);
    u8* destination = mapping::map_window(WindowSlot::destination, to, from.size);
    const bool fits = source != nullptr && destination != nullptr;
    if (fits) {
        std::memcpy(destination, source, from.size);
        cache::clean_to_poc(destination, from.size);
    }
    mapping::unmap_window(WindowSlot::destination);
    mapping::unmap_window(WindowSlot::source);
    return fits;
}

// The first dma-trusted VM's memory that `image` or `tree` lies in; size 0: there is none.
[[nodiscard]] PaRange disputed(PackedImage image, PaRange tree) {
    NodePath path;
    const Result<Manifest> manifest = read_packed_manifest(image, path);
    for (u32 n = 0; manifest.ok() && n < manifest.value().vm_count; ++n) {
        const VmDescription& vm = manifest.value().vms[n];
        const PaRange ram{Pa{vm.ram().base.value()}, vm.memory};
        const PaRange own{image.base, image.size};
        if (vm.dma_trusted && (ram.overlaps(own) || ram.overlaps(tree))) {
            return ram;
        }
    }
    return {};
}

// The registers that start.S keeps from its entry on (boot/start.S). at_el2 switches the MMU off by
// its first instructions, at addresses that mean the same before and after.
[[noreturn]] void enter_copy(Pa copy, Pa tree, EntryWord entry) {
    mapping::map_identity(copy);
    register u64 x19 asm("x19") = tree.value();
    register u64 x20 asm("x20") = entry.word();
    register u64 x21 asm("x21") = copy.value();
    const u64 target = copy.value() + (reinterpret_cast<u64>(at_el2) - HYP_IMAGE_VA);
    asm volatile("br %0" ::"r"(target), "r"(x19), "r"(x20), "r"(x21) : "memory");
    __builtin_unreachable();
}

} // namespace

void move_out_of_the_way(const Platform& platform, PackedImage image, PaRange tree,
                         EntryWord entry) {
    const PaRange ram = disputed(image, tree);
    if (ram.size == 0 || entry.has_moved()) {
        return;
    }
    // Below the part of the address space that EL2's own map uses (layout.h).
    const Pa limit{HYP_WINDOW_VA >> 39 << 39};
    const u64 tree_offset = Pa{image.size}.align_up(stage1::page_size).value();
    const PaRange taken[] = {{image.base, image.size}, ram};
    const PaRange place = highest_free_ram(platform, taken, tree_offset + tree.size, limit);
    if (place.size == 0 || !copy(place.base, {image.base, image.size}) ||
        !copy(place.base + tree_offset, tree)) {
        return;
    }
    cache::invalidate_instructions(); // what was copied is executed next
    enter_copy(place.base, place.base + tree_offset, EntryWord::moved(entry.level(), image.base));
}

void forget_old_image(EntryWord entry) {
    if (entry.has_moved()) {
        const u8* old = mapping::map_window(WindowSlot::source, entry.from(), HYP_IMAGE_SPAN);
        cache::clean_to_poc(old, HYP_IMAGE_SPAN);
        mapping::unmap_window(WindowSlot::source);
    }
}

} // namespace hyp
