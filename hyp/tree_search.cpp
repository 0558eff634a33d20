// SPDX-License-Identifier: Apache-2.0
#include "hyp/tree_search.hpp"

#include "hyp/arch/mapping.hpp"

extern "C" hyp::u64 probe(hyp::u64 address, hyp::u32* value);

namespace hyp {

namespace {

constexpr u32 fdt_magic = 0xd00d'feed;
constexpr u64 fdt_header_size = 40;
constexpr u64 tree_size_limit = 2 * mib; // what the boot protocol allows

struct Candidate {
    Pa at;
    const char* source;
};

[[nodiscard]] u32 big_endian(const u8* bytes) {
    return u32{bytes[0]} << 24 | u32{bytes[1]} << 16 | u32{bytes[2]} << 8 | bytes[3];
}

enum class Look : u8 { nothing, broken, tree };

// Maps the place and looks at the header; unmaps it again unless it is a tree.
[[nodiscard]] Look look_at(Candidate candidate, FoundTree& found) {
    const u8* bytes =
        mapping::map_window(mapping::WindowSlot::source, candidate.at, tree_size_limit);
    u32 first_word = 0;
    Look look = Look::nothing;
    if (bytes != nullptr && probe(reinterpret_cast<u64>(bytes), &first_word) != 0 &&
        big_endian(bytes) == fdt_magic) {
        const u64 size = big_endian(bytes + 4);
        look = size >= fdt_header_size && size <= tree_size_limit ? Look::tree : Look::broken;
        if (look == Look::tree) {
            found = {bytes, size, {candidate.at, size}, candidate.source, found.broken_seen};
            return look;
        }
    }
    mapping::unmap_window(mapping::WindowSlot::source);
    return look;
}

} // namespace

FoundTree find_tree(u64 x0, Pa image) {
    // QEMU leaves a tree at the start of RAM for an ELF, at +64 or +128 MiB for an Image; SoC
    // firmware of the ZynqMP family at 128 MiB. All in the image's own GiB, so all is RAM or
    // answers with an abort.
    const Pa gib_base = image.align_down(gib);
    const Candidate candidates[] = {
        {Pa{x0}, "x0"},
        {gib_base, "start of RAM"},
        {gib_base + 64 * mib, "RAM + 64 MiB"},
        {gib_base + 128 * mib, "RAM + 128 MiB"},
    };
    FoundTree found;
    constexpr u64 address_limit = u64{1} << 48;
    for (const Candidate& candidate : candidates) {
        if (!candidate.at.is_aligned(8) || candidate.at.value() >= address_limit) {
            continue;
        }
        const Look look = look_at(candidate, found);
        if (look == Look::tree) {
            break;
        }
        found.broken_seen = found.broken_seen || look == Look::broken;
    }
    return found;
}

FallbackConsole find_fallback_console() {
    static constexpr FallbackConsole known[] = {
        {.machine = "QEMU virt", .uart = Pa{0x0900'0000}},
        {.machine = "Xilinx Versal", .uart = Pa{0xff00'0000}},
        {.machine = "Raspberry Pi 4", .uart = Pa{0xfe20'1000}},
    };
    // DDI 0183, UARTPCellID0-3: 0d f0 05 b1.
    constexpr u32 cell_id[] = {0x0d, 0xf0, 0x05, 0xb1};
    for (const FallbackConsole& entry : known) {
        mapping::map_device_page(HYP_UART_VA, entry.uart);
        bool answers = true;
        for (u32 n = 0; n < 4 && answers; ++n) {
            u32 value = 0;
            answers = probe(HYP_UART_VA + 0xff0 + 4 * u64{n}, &value) != 0 &&
                      (value & 0xff) == cell_id[n];
        }
        if (answers) {
            return entry;
        }
        mapping::unmap_device_page(HYP_UART_VA);
    }
    return {};
}

} // namespace hyp
