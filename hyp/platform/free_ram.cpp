// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/free_ram.hpp"

namespace hyp {

namespace {

constexpr u64 granule = 2 * mib;

// The highest place in `ram` below `limit`.
PaRange highest_in(PaRange ram, const Platform& platform, std::span<const PaRange> taken, u64 size,
                   Pa limit) {
    const auto fits_below = [&](Pa end) { return end > ram.base && end - ram.base >= size; };
    Pa end = ram.end() < limit ? ram.end() : limit;
    bool moved = true;
    while (moved && fits_below(end)) {
        const PaRange place{Pa{end.value() - size}.align_down(granule), size};
        moved = false;
        const auto step_below = [&](PaRange other) {
            if (!moved && other.overlaps(place)) {
                end = other.base;
                moved = true;
            }
        };
        for (const PaRange& other : taken) {
            step_below(other);
        }
        for (u32 n = 0; n < platform.reserved_count; ++n) {
            step_below(platform.reserved[n]);
        }
        if (!moved && ram.contains(place)) {
            return place;
        }
    }
    return {};
}

} // namespace

PaRange highest_free_ram(const Platform& platform, std::span<const PaRange> taken, u64 size,
                         Pa limit) {
    PaRange best{};
    for (u32 n = 0; n < platform.ram_count; ++n) {
        const PaRange place = highest_in(platform.ram[n], platform, taken, size, limit);
        if (place.size != 0 && place.base >= best.base) {
            best = place;
        }
    }
    return best;
}

Status check_one_to_one(const Platform& platform, PaRange image, PaRange ram) {
    bool exists = false;
    for (u32 n = 0; n < platform.ram_count; ++n) {
        exists = exists || platform.ram[n].contains(ram);
    }
    if (!exists) {
        return Error{"a dma-trusted VM's memory lies where it sees it, from 0x40000000 on, and the "
                     "machine has not so much there"};
    }
    if (image.overlaps(ram)) {
        return Error{"a dma-trusted VM's memory lies where it sees it, from 0x40000000 on, and "
                     "Baton has no free memory to move to from there"};
    }
    for (u32 n = 0; n < platform.reserved_count; ++n) {
        if (platform.reserved[n].overlaps(ram)) {
            return Error{"a dma-trusted VM's memory lies where it sees it, from 0x40000000 on, and "
                         "the machine's device tree reserves a part of that"};
        }
    }
    if (platform.cpu_count > 1 && platform.conduit == Conduit::none) {
        return Error{"without PSCI the other CPUs sleep in memory that Baton does not know, so no "
                     "VM can be dma-trusted: start the machine with one CPU"};
    }
    return Done{};
}

} // namespace hyp
