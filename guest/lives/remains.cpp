// SPDX-License-Identifier: Apache-2.0
#include "remains.hpp"

#include "common/gic_types.hpp"
#include "common/mmio.hpp"
#include "common/psci.hpp"

#include <cstdio>

extern "C" {
extern char _start[];
extern char image_end[];
}

namespace guest {
namespace {

constexpr std::uintptr_t ram_base = 0x40000000;
constexpr std::uintptr_t tree_room = 0x10000; // at the end of RAM
constexpr std::uint64_t pattern = 0x6d656d6f7279aa55;

constinit std::uint64_t of_the_image = pattern; // in .data: as it was packed, at each start

std::uint64_t ones(std::uint32_t word) {
    return static_cast<std::uint64_t>(__builtin_popcount(word));
}

/** Words that are not zero outside image and tree. */
std::uint64_t dirty_words(std::uintptr_t bytes) {
    const auto first = reinterpret_cast<std::uintptr_t>(_start);
    const auto last = reinterpret_cast<std::uintptr_t>(image_end);
    std::uint64_t count = 0;
    for (std::uintptr_t at = ram_base; at < ram_base + bytes - tree_room; at += 8) {
        at = at == first ? last : at;
        count += *reinterpret_cast<const volatile std::uint64_t*>(at) != 0 ? 1U : 0U;
    }
    return count;
}

/** Bits of the distributor and of this CPU's share that are set before anybody set one. */
std::uint64_t dirty_bits() {
    const std::uintptr_t gicd = machine().distributor;
    constexpr std::uintptr_t sgi_frame = 0x10000;
    const bool v3 = machine().gic == GicVersion::v3;
    const std::uintptr_t own = v3 ? machine().cpu_interface + sgi_frame : gicd;
    constexpr std::uint32_t ppis = 0xffff0000;
    std::uint64_t count = ones(read32(gicd) & 3U);
    for (std::uintptr_t word = 0; word < 9; ++word) {
        const std::uintptr_t base = (word == 0 ? own : gicd) + word * 4;
        count += ones(read32(base + GICD_ISENABLER) & (word == 0 ? ppis : ~0U));
        count += ones(read32(base + GICD_ISPENDR)) + ones(read32(base + GICD_ISACTIVER));
    }
    return count;
}

} // namespace

bool is_clean(std::uintptr_t bytes) {
    const std::uint64_t words = dirty_words(bytes);
    const std::uint64_t bits = dirty_bits();
    const std::uint64_t timers = CntvCtl::read() | CntpCtl::read();
    const bool image = of_the_image == pattern;
    const bool clean = words + bits + timers == 0 && image;
    std::printf("lives: %s: %lu words of memory, %lu bits of the GIC, timers %lu, image %s\n",
                clean ? "clean" : "DIRTY", words, bits, timers, image ? "new" : "old");
    return clean;
}

void soil(std::uintptr_t bytes) {
    const auto first = reinterpret_cast<std::uintptr_t>(_start);
    const auto last = reinterpret_cast<std::uintptr_t>(image_end);
    for (std::uintptr_t at = ram_base; at < ram_base + bytes; at += 8) {
        at = at == first + 64 ? last : at;
        *reinterpret_cast<volatile std::uint64_t*>(at) = pattern;
    }
    of_the_image = 0;
}

} // namespace guest
