// SPDX-License-Identifier: Apache-2.0
#include "hyp/platform/free_ram.hpp"

namespace hyp {

namespace {

constexpr u64 granule = 2 * mib;

// One of `ranges` that meets `place`, or null.
const PaRange* obstacle(std::span<const PaRange> ranges, PaRange place) {
    for (const PaRange& range : ranges) {
        if (range.overlaps(place)) {
            return &range;
        }
    }
    return nullptr;
}

std::span<const PaRange> reserved(const Platform& platform) {
    return {platform.reserved, platform.reserved_count};
}

} // namespace

PaRange highest_free_ram(const Platform& platform, std::span<const PaRange> taken, u64 size,
                         Pa limit) {
    PaRange best{};
    for (u32 n = 0; n < platform.ram_count; ++n) {
        const u64 bottom = platform.ram[n].base.value();
        u64 end = platform.ram[n].end().value();
        end = end < limit.value() ? end : limit.value();
        // From the top of the range down, below whatever lies in the way.
        while (end >= size && end - size >= bottom) {
            const PaRange place{Pa{end - size}.align_down(granule), size};
            const PaRange* other = obstacle(taken, place);
            other = other == nullptr ? obstacle(reserved(platform), place) : other;
            if (other == nullptr) {
                const bool higher = place.base.value() >= best.base.value();
                best = place.base.value() >= bottom && higher ? place : best;
                break;
            }
            end = other->base.value();
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
        return Error{"the machine has not so much memory from 0x40000000 on, where a dma-trusted "
                     "VM's is"};
    }
    if (image.overlaps(ram)) {
        return Error{"Baton lies in the dma-trusted VM's memory and finds no other place"};
    }
    if (obstacle(reserved(platform), ram) != nullptr) {
        return Error{"the device tree reserves a part of the dma-trusted VM's memory"};
    }
    if (platform.cpu_count > 1 && platform.conduit == Conduit::none) {
        return Error{"without PSCI other CPUs may sleep in the dma-trusted VM's memory: start the "
                     "machine with one CPU"};
    }
    return Done{};
}

} // namespace hyp
